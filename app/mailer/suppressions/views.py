"""The screens of suppressed addresses: the list, one with where it stands, suppressing by hand, and lifting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from markupsafe import Markup
from sqlalchemy import Select, select
from wtforms import StringField

from app.access.ask import ensure, may
from app.access.table import Operation
from app.contacts import queries as contacts
from app.contacts.models import Contact
from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.unit_of_work import unit_of_work
from app.core.words import say
from app.customers import queries as customers
from app.customers.models import Customer, CustomerAddress
from app.extensions import db
from app.mailer import queries as messages
from app.mailer.models import Message
from app.mailer.suppressions import queries, service
from app.mailer.suppressions.models import Suppression
from app.mailer.suppressions.resource import SUPPRESSION
from app.mailer.suppressions.rules import BOUNCES, KIND_LABELS, MAX_REASON
from app.web.admin_view import AdminView, Answer
from app.web.current import current_actor
from app.web.display import link, tag
from app.web.forms import Needed, RecordForm
from app.web.panels import Action, register_action
from app.web.request_filters import id_or_404
from app.web.undo import tell_undoable, undo_of_deletion

# A page names so many customers and contacts that have an address, and the last line says that there are more.
MAX_NAMED = 10


class LiftForm(RecordForm):
    """Asks why an address is to get mail again."""

    reason = StringField(
        say("Reason"),
        description=say("Why it is to get mail again, such as: the customer says that the mailbox works."),
        validators=[Needed()],
        render_kw={"maxlength": MAX_REASON, "autocomplete": "off"},
    )


class SuppressionView(AdminView):
    """Suppressed addresses: those that bounced, and those that somebody asked for."""

    resource = SUPPRESSION
    route_base = "/suppressions"
    method_permission_name = {"lift": "lift"}
    list_columns = ["address", "kind", "reason", "created_at"]
    list_choices = ["message_id", "diagnostic", "last_modified_at"]
    sections = ((say("Suppressed address"), ("address", "reason")),)
    show_extra = (
        (say("Why"), ("kind", "diagnostic", "message_id", "created_at")),
        (say("Where it stands"), ("customers", "contacts")),
    )
    label_columns = {"customers": say("Customers"), "contacts": say("Contacts")}
    description_columns = {
        "address": say("It gets no copy of anything any more, wherever it stands, until somebody lifts this."),
        "reason": say("Staff read it where the address gets nothing, such as: asked by phone to get no more mail."),
    }
    search_hint = say("An address, or a part of one.")
    empty_text = say("An address that bounces, or that an administrator suppresses, gets nothing until it is lifted.")

    def cell(self, record: Suppression, name: str) -> Any:
        """Mark the kind, and link the message and whoever has the address, as far as they are in sight."""
        if name == "kind":
            return kind_tag(record)
        if name == "message_id":
            return _message_link(record)
        if name == "customers":
            return _links(_customers_at(record, current_actor()), "CustomerView.show")
        if name == "contacts":
            return _links(_contacts_at(record, current_actor()), "ContactView.show")
        return super().cell(record, name)

    def badges(self, record: Suppression) -> list[Any]:
        """Mark the kind."""
        return [kind_tag(record)]

    @expose("/<pk>/lift", methods=["GET", "POST"])
    @has_access
    def lift(self, pk: str) -> Answer:
        """Ask why, and lift on POST alone."""
        actor, number = current_actor(), id_or_404(pk)
        ensure(actor, Operation.LIFT, self.resource.name)
        record = queries.suppression(db.session(), actor, suppression_id=number)
        form = LiftForm(data={"version": record.version})
        error: DomainError | None = None
        if request.method == "POST":
            try:
                with unit_of_work(db.session) as session:
                    record = service.lift_suppression(
                        session, actor, suppression_id=number, reason=form.reason.data, version=form.opened_version()
                    )
                    undo = undo_of_deletion(actor, self.resource, record)
                    done = say("{address} gets mail again, from the next copy on.", address=record.address)
            except DomainError as refusal:
                error = refusal
                form.show_errors(refusal)
            else:
                tell_undoable(done, undo)
                return redirect(self.list_url())
        page = self.render_template(
            "web/confirm.html",
            title=say("Lift {address}", address=record.address),
            text=say("It gets what is sent from now on. What was cancelled meanwhile can be sent from its document."),
            touches=[],
            submit_label=say("Lift"),
            cancel_url=self.show_url(number),
            form=form,
            error=error.message if error else None,
        )
        return page if error is None else (page, error.status)


def register_lifting() -> None:
    """Put Lift into the Actions menu of a suppressed address."""
    lift = Action(
        say("Lift"), "suppression", Operation.LIFT, lambda row: url_for("SuppressionView.lift", pk=row.id), icon="check"
    )
    register_action("suppression", lift)


def kind_tag(record: Suppression) -> Markup:
    """Return the mark of why an address is suppressed."""
    return tag(KIND_LABELS[record.kind], "danger" if record.kind in BOUNCES else "warning")


def _message_link(record: Suppression) -> Any:
    """Return the message that came back, as a link where it is in sight; another's is not named."""
    actor = current_actor()
    if record.message_id is None or not may(actor, Operation.READ, "message"):
        return None
    seen = db.session().scalar(messages.messages(actor).where(Message.id == record.message_id))
    return link(seen.document_number, url_for("MessageView.show", pk=seen.id)) if seen else None


def _customers_at(record: Suppression, actor: Actor) -> Select[Any]:
    ids = select(CustomerAddress.customer_id).where(CustomerAddress.address_normalised == record.address_normalised)
    return customers.customers(actor).where(Customer.id.in_(ids)).order_by(Customer.id)


def _contacts_at(record: Suppression, actor: Actor) -> Select[Any]:
    same = Contact.email_normalised == record.address_normalised
    return contacts.contacts(actor).where(same).order_by(Contact.id)


def _links(statement: Select[Any], endpoint: str) -> Markup | None:
    found: Sequence[Any] = db.session().scalars(statement.limit(MAX_NAMED + 1)).all()
    if not found:
        return None
    named = [link(one.label, url_for(endpoint, pk=one.id)) for one in found[:MAX_NAMED]]
    if len(found) > MAX_NAMED:
        named.append(Markup("\N{HORIZONTAL ELLIPSIS}"))
    return Markup("<br>").join(named)
