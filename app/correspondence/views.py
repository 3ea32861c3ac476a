"""The screens of letters: the list, the page with the PDF and the mail, the form, files, delivery, and sending."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from markupsafe import Markup

from app.access.ask import ensure, may
from app.access.table import Operation
from app.core.actor import Actor
from app.core.words import say
from app.correspondence import queries
from app.correspondence.api import pdf_answer
from app.correspondence.linked import linked_rows
from app.correspondence.mail_preview import mail_as_it_would_be
from app.correspondence.models import Correspondence
from app.correspondence.pickers import LETTER_TYPE
from app.correspondence.resource import LETTER
from app.correspondence.rules import PLACEHOLDERS, LetterStatus, may_edit
from app.correspondence.sending import SENDING
from app.correspondence.task_pages import LetterTasks
from app.customers import queries as customers
from app.extensions import db
from app.lookups.rules import CorrespondenceClass
from app.mailer.screens.inbox import MAIL_POLICY
from app.mailer.screens.send_pages import SendPages
from app.web.admin_view import AdminView, Answer
from app.web.current import current_actor
from app.web.display import link, tag
from app.web.forms import PickerField, RecordForm
from app.web.request_filters import id_or_404
from app.web.security_headers import own_policy

TEXT_ROWS = 16
_TONES = {"draft": "neutral", "ready": "info", "emailed": "success", "delivered": "success"}


class CorrespondenceView(LetterTasks, SendPages, AdminView):
    """Letters: the list, the page, the form, the PDF, the mail as it would be, files, delivery, and sending."""

    resource = LETTER
    route_base = "/correspondence"
    sending = SENDING
    method_permission_name = {
        "send": "read",
        "send_again": "send",
        "why": "read",
        "pdf": "read",
        "mail": "read",
        "delivered": "send",
        "attach": "update",
        "detach": "update",
        "attachment": "read",
        "texts": "create",
    }
    list_columns = ["number", "customer_id", "correspondence_type", "subject", "status", "created_at"]
    list_choices = ["correspondence_class", "letter_date", "delivered_at", "last_modified_at"]
    sections = ((say("Letter"), ("customer_id", "correspondence_type", "invoices", "subject", "body")),)
    show_extra = (
        (say("Delivery"), ("status", "letter_date", "delivered_at", "delivered_note")),
        (say("System Information"), ("created_at", "last_modified_at")),
    )
    description_columns = {
        "correspondence_type": say(
            "Decides who may see the letter, and who gets copies; it is fixed once saved. "
            "Texts that are empty become its own."
        ),
        "invoices": say("Invoices of the same customer."),
        "subject": say("One line; it heads the letter and its mail, and may hold placeholders."),
        "body": say("In Markdown: # heading, **bold**, *italic*, - list, [text](https://address)."),
    }
    search_hint = say("Number, status, subject, or the customer's name.")
    empty_text = say("Add a letter here, or from a customer's page.")

    def cell(self, record: Correspondence, name: str) -> Any:
        """Show the status as a mark, the customer as a link, and the texts as they are printed."""
        if name == "status":
            return status_tag(record)
        if name == "customer_id":
            return link(record.customer.label, url_for("CustomerView.show", pk=record.customer_id))
        if name == "invoices":
            return self._invoices(record)
        if name == "correspondence_class":
            return CorrespondenceClass(record.correspondence_class).words
        if name == "subject":
            return record.filled_subject or record.subject
        return super().cell(record, name)

    def _invoices(self, record: Correspondence) -> Any:
        ids = [one.invoice_id for one in record.invoices]
        rows = linked_rows(db.session(), current_actor(), resource="invoice", ids=ids)
        links = [link(rows[number].label, url_for("InvoiceView.show", pk=number)) for number in ids if number in rows]
        return Markup(", ").join(links) or None

    def record_title(self, record: Correspondence) -> str:
        """Return the number."""
        return say("Letter {number}", number=record.number)

    def subtitle(self, _actor: Actor, record: Correspondence) -> str:
        """Return the customer."""
        return record.customer.label

    def badges(self, record: Correspondence) -> list[Any]:
        """Mark the status and the class."""
        return [status_tag(record), tag(CorrespondenceClass(record.correspondence_class).words)]

    def facts(self, record: Any) -> Any:
        """Return the sections of the page; the text is on the paper beside them."""
        hidden = self.resource.hidden() | {"body"}
        names = {self.label_columns[name] for name in hidden}
        return [
            {**section, "fields": [one for one in section["fields"] if one["label"] not in names]}
            for section in super().facts(record)
        ]

    def editable(self, record: Correspondence) -> bool:
        """Tell that a letter that has left the house can't be changed, nor one of a class of others."""
        return may_edit(record.status) and may(current_actor(), Operation.UPDATE, record.resource)

    def preset(self) -> dict[str, object]:
        """Take the customer out of the address."""
        text = request.args.get("customer_id", "")
        if not text:
            return {}
        customer = customers.customer(db.session(), current_actor(), customer_id=id_or_404(text))
        return {"customer_id": str(customer.id)}

    def preset_text(self, name: str, value: Any) -> Any:
        """Show a preset customer by name."""
        if name == "customer_id" and str(value).isdigit():
            return customers.customer(db.session(), current_actor(), customer_id=int(value)).label
        return value

    def _form(self, actor: Actor, record: Any, preset: Mapping[str, object]) -> RecordForm:
        """Offer the types that the reader may write letters of, and no invoices to those who may see none."""
        if record is not None:
            ensure(actor, Operation.UPDATE, record.resource)
        form = super()._form(actor, record, preset)
        for name in self.resource.hidden() & set(form._fields):
            del form[name]
        if "body" in form:
            form["body"].render_kw = {**(form["body"].render_kw or {}), "rows": TEXT_ROWS}
        if isinstance(form._fields.get("correspondence_type"), PickerField):
            form.correspondence_type.url = f"/pickers/{LETTER_TYPE}"
            # The page's script asks there what a letter of the chosen type begins with.
            form.correspondence_type.render_kw = {"data-texts-url": url_for(f"{self.endpoint}.texts")}
        return form

    def extra_context(self, _record: Any, _given: Mapping[str, object] | None) -> dict[str, Any]:
        """Give the form the list of placeholders."""
        return {"extra_template": "correspondence/placeholders.html", "placeholders": PLACEHOLDERS}

    @expose("/texts", methods=["GET"])
    @has_access
    def texts(self) -> Response:
        """Give what a letter of a type begins with, for the fields of its form that are empty."""
        return jsonify(queries.texts_of_type(db.session(), current_actor(), request.args.get("type")))

    @expose("/<pk>/pdf", methods=["GET"])
    @has_access
    def pdf(self, pk: str) -> Response:
        """Show the PDF, or hand it out as a file."""
        return pdf_answer(id_or_404(pk), as_file="download" in request.args)

    @expose("/<pk>/mail", methods=["GET"])
    @has_access
    @own_policy(MAIL_POLICY)
    def mail(self, pk: str) -> Answer:
        """Show the mail that carries the letter, as its customer gets it."""
        letter = queries.letter(db.session(), current_actor(), letter_id=id_or_404(pk))
        made = mail_as_it_would_be(db.session(), letter)
        looks = [(say("The mail"), made.html)]
        return self.render_template("mailer/template_preview.html", mail=made, looks=looks)


def status_tag(letter: Correspondence) -> Any:
    """Return the mark of a letter's status."""
    return tag(LetterStatus(letter.status).words, _TONES.get(letter.status, "neutral"))
