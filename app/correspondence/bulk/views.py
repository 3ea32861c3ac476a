"""The screens of bulk letters: write, choose, look at the plan and a customer's letter, start, and watch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flask import Response, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.words import say, say_count
from app.correspondence.bulk import previewing, progress, queries, service
from app.correspondence.bulk.api import asked_preview, with_settings
from app.correspondence.bulk.forms import BulkLetterForm, choose_form, sections
from app.correspondence.bulk.kind import KIND
from app.correspondence.bulk.labels import filter_lines
from app.correspondence.bulk.models import BulkLetter
from app.correspondence.bulk.progress import Sums
from app.correspondence.bulk.resource import BULK_LETTER, filters_in_sight
from app.correspondence.rules import PLACEHOLDERS
from app.extensions import db
from app.lookups.rules import CorrespondenceClass
from app.mailer.screens.inbox import MAIL_POLICY
from app.mailer.sending_defaults import sending_defaults
from app.runs.views import RunView
from app.web.admin_view import Answer
from app.web.display import tag
from app.web.request_filters import id_or_404
from app.web.security_headers import own_policy


class BulkLetterView(RunView):
    """Bulk letters: the list, and each with its plan, its progress, its customers, and a customer's letter."""

    resource = BULK_LETTER
    route_base = "/bulk-letters"
    kind = KIND
    verbs: ClassVar[Any] = service
    chooser: ClassVar[Any] = staticmethod(service.choose_customers)
    method_permission_name = RunView.method_permission_name | {
        "preview": "read",
        "preview_pdf": "read",
        "preview_mail": "read",
    }
    list_columns = ["id", "subject", "correspondence_type", "status", "letter_count", "created_by", "created_at"]
    list_choices = ["correspondence_class", "send", "planned_at", "started_at", "finished_at", "started_by"]
    sections = (
        (say("Letter"), ("correspondence_type", "correspondence_class", "subject", "body", "send")),
        (say("Chosen by"), ("filters", "account_numbers", "letter_count", "link_invoices")),
        (say("Run"), ("created_by", "created_at", "planned_at", "started_by", "started_at")),
    )
    empty_text = say("Write one letter to many customers: look at the plan, and have a letter made for each.")
    leave_out_text = say("They get no letter. Each can be ticked again under Customers.")
    start_text = say("Make these letters? Whoever has changed since they were planned is named, and gets none.")

    def cell(self, record: BulkLetter, name: str) -> Any:
        """Show what customers were chosen by in words, and the class by its name."""
        if name == "filters":
            return filter_lines(db.session(), filters_in_sight(record.filters))
        if name == "correspondence_class":
            return CorrespondenceClass(record.correspondence_class).words
        return super().cell(record, name)

    def record_title(self, record: BulkLetter) -> str:
        """Return the number."""
        return say("Bulk letters {number}", number=record.id)

    def subtitle(self, _actor: Actor, record: BulkLetter) -> str:
        """Return the subject."""
        return record.subject

    def badges(self, record: BulkLetter) -> list[Any]:
        """Mark the class, and whether they are sent."""
        words = CorrespondenceClass(record.correspondence_class).words
        return [tag(words), tag(say("Create and send") if record.send else say("Create only"))]

    def leave_out_title(self, number: int) -> str:
        """Return how the page that leaves customers out is headed."""
        return say("Leave customers out of bulk letters {number}", number=number)

    def start_title(self, number: int) -> str:
        """Return how the page that asks before the start is headed."""
        return say("Start bulk letters {number}", number=number)

    def started(self, number: int) -> str:
        """Return what is said once they are started."""
        return say("Bulk letters {number} are under way.", number=number)

    def start_verb(self) -> Any:
        """Return the verb that starts, given the settings."""
        return with_settings(service.start_run)

    def resume_verb(self) -> Any:
        """Return the verb that resumes, given the settings."""
        return with_settings(service.resume_run)

    def new_run(self, session: Session, actor: Actor, form: BulkLetterForm) -> BulkLetter:
        """Plan what was written and chosen in a form."""
        return service.create_run(session, actor, values=form.values(), defaults=sending_defaults())

    def choose_form(self, actor: Actor) -> BulkLetterForm:
        """Return the form; `text_of` in the address has it begin with the text of others, to write them anew."""
        preset: dict[str, object] = {"send": True}
        text = request.args.get("text_of", "")
        if text:
            run = queries.run(db.session(), actor, run_id=id_or_404(text))
            preset = {"subject": run.subject, "body": run.body, "send": run.send}
            preset["correspondence_type"] = str(run.correspondence_type_id)
            preset["account_numbers"] = "\n".join(run.account_numbers)
        return choose_form(actor, preset)

    def choose_sections(self, actor: Actor) -> Sequence[dict[str, Any]]:
        """Return the sections of that form."""
        return sections(actor)

    def choose_extra(self) -> dict[str, Any]:
        """Give the form the list of placeholders."""
        return {"extra_template": "correspondence/placeholders.html", "placeholders": PLACEHOLDERS}

    def sums(self, run: BulkLetter) -> Sums:
        """Return the plan summed up."""
        return progress.sums(db.session(), run)

    def what_starts(self, run: BulkLetter, sums: Any) -> list[str]:
        """Return what is made, what leaves, and what reaches nobody by mail."""
        lines: list[str] = [say_count("{count} letter is made", "{count} letters are made", sums.letters)]
        if run.send:
            lines.append(say_count("{count} mail leaves", "{count} mails leave", sums.copies))
        if sums.reaching_nobody:
            lines.append(
                say_count(
                    "{count} letter reaches nobody by mail: print it",
                    "{count} letters reach nobody by mail: print them",
                    sums.reaching_nobody,
                )
            )
        return lines

    def rows_url(self, number: int, **place: Any) -> str:
        """Return the address of the tab with the customers."""
        return url_for("BulkLetterView.show", pk=number, tab="customers", **place)

    @expose("/<pk>/preview", methods=["GET"])
    @has_access
    def preview(self, pk: str) -> Answer:
        """Show a customer's letter as it would be made, and the mail that carries it."""
        run, row = asked_preview(pk)
        given: dict[str, Any] = {"pk": run.id, "customer_id": row.customer_id}
        return self.render_template(
            "correspondence/bulk_preview.html",
            title=say("Letter to {customer}", customer=row.customer.label),
            pdf_url=url_for("BulkLetterView.preview_pdf", **given),
            mail_url=url_for("BulkLetterView.preview_mail", **given),
            back_url=self.show_url(run.id),
            sends=run.send,
        )

    @expose("/<pk>/preview-pdf", methods=["GET"])
    @has_access
    def preview_pdf(self, pk: str) -> Response:
        """Show a customer's letter as it would be printed."""
        run, row = asked_preview(pk)
        return Response(previewing.pdf_of(db.session(), run, row.customer)[1], mimetype="application/pdf")

    @expose("/<pk>/preview-mail", methods=["GET"])
    @has_access
    @own_policy(MAIL_POLICY)
    def preview_mail(self, pk: str) -> Answer:
        """Show the mail that would carry a customer's letter."""
        run, row = asked_preview(pk)
        made = previewing.mail_of(db.session(), run, row.customer)
        looks = [(say("The mail"), made.html)]
        return self.render_template("mailer/template_preview.html", mail=made, looks=looks)
