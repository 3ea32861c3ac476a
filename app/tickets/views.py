"""The screens of tickets: the list, the conversation, the forms, and the pages of a single update's copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access

from app.core.actor import Actor
from app.core.errors import DomainError, NotFound
from app.core.fields import Email
from app.core.whole_numbers import clean_id
from app.core.words import say
from app.customers import queries as customers
from app.customers.models import Customer
from app.extensions import db
from app.mailer.file_calls import file_answer
from app.mailer.planning.choices import Choices
from app.mailer.planning.rules import Plan
from app.mailer.screens.file_fields import ATTACHMENTS, files_field, posted_files
from app.mailer.screens.send_pages import SendPages
from app.mailer.sending_defaults import sending_defaults
from app.tickets import planning, queries
from app.tickets.models import Ticket
from app.tickets.resource import TICKET
from app.tickets.sending import SENDING
from app.tickets.ticks import posted_ticks, ticked_plan
from app.tickets.writing_pages import WritingPages
from app.web.admin_view import AdminView, Answer
from app.web.current import current_actor
from app.web.display import link, tag
from app.web.forms import RecordForm, drop_fields
from app.web.request_filters import RequestFiltersMixin, id_or_404


class TicketView(WritingPages, AdminView):
    """Tickets: the list, the page with the conversation, the forms, and what is written on a ticket."""

    resource = TICKET
    route_base = "/tickets"
    method_permission_name = {
        "opening_plan": "create",
        "attachment": "read",
        **dict.fromkeys(("answer", "note", "close", "reopen"), "update"),
    }
    list_columns = ["number", "subject", "customer_id", "ticket_type", "ticket_status", "last_modified_at"]
    list_choices = ["requester_email", "created_at"]
    sections = (
        (say("Ticket"), ("customer_id", "ticket_type", "subject", "requester_email", "ticket_status")),
        (say("First text"), ("body", ATTACHMENTS)),
    )
    show_extra = ((say("System Information"), ("created_at", "last_modified_at")),)
    description_columns = {
        "requester_email": say("Who asks. Left empty, the customer's main address gets the copies."),
        "ticket_status": say("Left empty: the first open status of the list."),
        "body": say("Plain text. Those listed below get a copy."),
    }
    search_hint = say("Number, subject, requester, or the customer's name.")
    empty_text = say("Add a ticket here, or from a customer's page.")

    def __init__(self) -> None:
        super().__init__()
        self._form_class = type("TicketForm", (self._form_class,), {ATTACHMENTS: files_field(say("Attachments"))})

    def _form(self, actor: Actor, record: Any, preset: Mapping[str, object]) -> RecordForm:
        """Take files along with the first text alone."""
        form = super()._form(actor, record, preset)
        if record is not None:
            drop_fields(form, [ATTACHMENTS])
        return form

    def cell(self, record: Ticket, name: str) -> Any:
        """Show the status as a mark, and the customer as a link; files stand in the conversation, below their text."""
        if name == ATTACHMENTS:
            return None
        if name == "ticket_status":
            return status_tag(record)
        if name == "customer_id":
            return link(record.customer.label, url_for("CustomerView.show", pk=record.customer_id))
        return super().cell(record, name)

    def record_title(self, record: Ticket) -> str:
        """Return number and subject."""
        return say("Ticket {number}", number=record.label)

    def subtitle(self, _actor: Actor, record: Ticket) -> str:
        """Return the customer."""
        return record.customer.label

    def badges(self, record: Ticket) -> list[Any]:
        """Mark the status."""
        return [status_tag(record)]

    def facts(self, record: Any) -> Sequence[dict[str, Any]]:
        """Return what the page shows beside the conversation, which begins with the first text."""
        texts = {label for label, names in self.sections if "body" in names}
        return [section for section in super().facts(record) if section["label"] not in texts]

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

    def extra_given(self, _form: RecordForm) -> dict[str, object]:
        """Read what the plan on the form of a new ticket brought, and the files."""
        if request.endpoint != f"{self.endpoint}.add":
            return {}
        return {**posted_ticks().given(), ATTACHMENTS: posted_files()}

    def extra_context(self, record: Any, given: Mapping[str, object] | None) -> dict[str, Any]:
        """Give the form of a new ticket the plan of its first text."""
        if record is not None:
            return {}
        return {
            "extra_template": "tickets/add_plan.html",
            "refresh_url": url_for(f"{self.endpoint}.opening_plan", customer_id=request.args.get("customer_id")),
            **self._opening(given or self.preset(), sent=given is not None),
            "submit_label": say("Open ticket"),
        }

    @expose("/opening-plan", methods=["POST"])
    @has_access
    def opening_plan(self) -> Answer:
        """Give the plan of a new ticket's first text, as its form stands."""
        given = {**request.form.to_dict(), **self.preset()}
        return self.render_template("tickets/_plan.html", **self._opening(given, sent=False))

    @expose("/<pk>/attachments/<attachment_pk>", methods=["GET"])
    @has_access
    def attachment(self, pk: str, attachment_pk: str) -> Answer:
        """Hand out a file of one of the ticket's updates."""
        ticket_id, file_id = id_or_404(pk), id_or_404(attachment_pk)
        return file_answer(queries.attachment(db.session(), current_actor(), ticket_id=ticket_id, file_id=file_id))

    def _opening(self, given: Mapping[str, object], *, sent: bool) -> dict[str, Any]:
        ticks = posted_ticks()
        plan = _plan_of(current_actor(), given, Choices(untick=ticks.untick))
        return ticked_plan(plan, ticks, sent=sent) if plan else {"plan": None}


class TicketUpdateView(RequestFiltersMixin, SendPages, BaseView):
    """The copies of one update: its plan, sending it to more addresses, sending it again, and why."""

    route_base = "/ticket-updates"
    class_permission_name = "ticket"
    method_permission_name = {"send": "read", "send_again": "send", "why": "read"}
    sending = SENDING

    def show_url(self, update_id: int) -> str:
        """Return the page of the update's ticket."""
        update = queries.update(db.session(), current_actor(), update_id=update_id)
        return url_for("TicketView.show", pk=update.ticket_id)


def status_tag(ticket: Ticket) -> Any:
    """Return the mark of a ticket's status."""
    return tag(ticket.ticket_status.name, "neutral" if ticket.ticket_status.closed else "info")


def _plan_of(actor: Actor, given: Mapping[str, object], choices: Choices) -> Plan | None:
    """Return the plan of a ticket that is being filled in; None until there is a customer to plan for."""
    session = db.session()
    try:
        customer: Customer = customers.customer(session, actor, customer_id=clean_id(given.get("customer_id")))
    except (ValueError, NotFound):
        return None
    return planning.plan_opening(
        session,
        actor,
        customer=customer,
        type_id=_read(given.get("ticket_type"), clean_id),
        requester_email=_read(given.get("requester_email"), Email().clean),
        choices=choices,
        defaults=sending_defaults(),
    )


def _read(raw: object, clean: Any) -> Any:
    """Return a value as the verb will, or None while it can't be read: its own field says so once it is sent."""
    try:
        return clean(raw) if raw else None
    except (ValueError, DomainError):
        return None
