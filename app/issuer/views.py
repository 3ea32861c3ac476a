"""The screens of the issuer."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from markupsafe import Markup
from wtforms import FileField

from app.access.ask import ensure
from app.access.table import Operation
from app.core.errors import DomainError
from app.core.unit_of_work import unit_of_work
from app.core.words import say
from app.extensions import db
from app.issuer import logo, queries
from app.issuer.api import logo_answer
from app.issuer.models import Issuer
from app.issuer.resource import ISSUER
from app.web.admin_view import AdminView, Answer
from app.web.current import current_actor
from app.web.forms import RecordForm
from app.web.panels import Action, register_action
from app.web.request_filters import id_or_404
from app.web.words import tell


class LogoForm(RecordForm):
    """Asks for a picture."""

    logo = FileField(
        say("Logo"), description=say("A PNG or JPEG of {limit} MB at most.", limit=logo.MAX_FILE // 1024**2)
    )


class IssuerView(AdminView):
    """The company that sends: one record, which an administrator edits."""

    resource = ISSUER
    route_base = "/issuer"
    method_permission_name = {"logo": "read", "set_logo": "update", "remove_logo": "update"}
    list_columns = ["name", "vat_number", "email", "bank_name"]
    sections = (
        (say("Company"), ("name", "vat_number", "email", "website")),
        (say("Address"), (*(f"address_line_{line}" for line in range(1, 6)), "postcode", "country")),
        (say("Bank"), ("bank_name", "bank_sort_code", "bank_account_number", "bank_iban", "bank_bic")),
        (say("Footer"), ("footer",)),
    )
    show_extra = ((say("Logo"), ("logo",)),)
    description_columns = {
        "name": say("Stands on every invoice, and as the sender of every mail."),
        "email": say("The sender's address, unless the settings name another."),
        "footer": say("At the foot of every invoice: company number, registered office."),
    }

    def cell(self, record: Issuer, name: str) -> Any:
        """Show the logo itself."""
        if name != "logo" or record.logo is None:
            return super().cell(record, name)
        picture = Markup('<img class="logo" src="{}" alt="{}">')
        return picture.format(url_for("IssuerView.logo", pk=record.id, version=record.version), record.name)

    @expose("/<pk>/logo", methods=["GET"])
    @has_access
    def logo(self, pk: str) -> Response:
        """Give the logo."""
        return logo_answer(id_or_404(pk))

    @expose("/<pk>/set-logo", methods=["GET", "POST"])
    @has_access
    def set_logo(self, pk: str) -> Answer:
        """Ask for a picture, and make it the logo."""
        number, actor = id_or_404(pk), current_actor()
        ensure(actor, Operation.UPDATE, "issuer")
        record = queries.issuer_by_id(db.session(), actor, issuer_id=number)
        form = LogoForm(data={"version": record.version})
        error = None
        if request.method == "POST":
            posted = request.files.get("logo")
            picture = posted.read(logo.MAX_FILE + 1) if posted else b""
            try:
                with unit_of_work(db.session) as session:
                    logo.set_logo(session, actor, issuer_id=number, picture=picture, version=form.opened_version())
            except DomainError as refusal:
                error = refusal
                form.show_errors(refusal)
            else:
                tell(say("Saved."))
                return redirect(self.show_url(number))
        page = self.render_template(
            "web/confirm.html",
            title=say("Set the logo"),
            text=say("It heads every invoice and letter that is made from now on."),
            touches=[],
            submit_label=say("Set the logo"),
            cancel_url=self.show_url(number),
            form=form,
            takes_files=True,
            error=error.message if error else None,
        )
        return page if error is None else (page, error.status)

    @expose("/<pk>/remove-logo", methods=["GET", "POST"])
    @has_access
    def remove_logo(self, pk: str) -> Answer:
        """Ask, and take the logo away."""
        number, actor = id_or_404(pk), current_actor()
        return self.confirmed(
            title=say("Remove the logo"),
            text=say("Remove the logo? The company's name stands in its place on what is made from now on."),
            submit_label=say("Remove the logo"),
            record=queries.issuer_by_id(db.session(), actor, issuer_id=number),
            run=lambda session, version: logo.remove_logo(session, actor, issuer_id=number, version=version),
            done=say("The logo was removed."),
            after=self.show_url(number),
            danger=True,
        )


def register() -> None:
    """Put the entries of the logo into the menu of the issuer's page."""
    for label, task, icon, applies in (
        (say("Set the logo"), "set_logo", "edit", lambda _issuer: True),
        (say("Remove the logo"), "remove_logo", "trash", lambda issuer: issuer.logo is not None),
    ):
        action = Action(label, "issuer", Operation.UPDATE, _page_of(task), icon=icon, applies=applies)
        register_action("issuer", action)


def _page_of(task: str) -> Any:  # a function of the issuer
    return lambda issuer: url_for(f"IssuerView.{task}", pk=issuer.id)
