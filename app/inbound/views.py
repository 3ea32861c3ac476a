"""The screens of the mails that came in: the list, one with its text, adding it to a ticket, and being done with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, redirect, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access
from wtforms import BooleanField, TextAreaField

from app.access.ask import ensure
from app.access.table import Operation
from app.core.actor import Actor
from app.core.errors import DomainError, Invalid, NotFound
from app.core.unit_of_work import unit_of_work
from app.core.whole_numbers import clean_id
from app.core.words import in_a_row, said, say
from app.extensions import db
from app.inbound import queries, service
from app.inbound.models import InboundMail
from app.inbound.resource import INBOUND_MAIL
from app.inbound.rules import MAX_NOTE, MailState
from app.inbound.shown import raw_answer, reason_words, state_tag, ticket_link
from app.mailer.planning.choices import Choices
from app.mailer.screens.plan_page import sending_summary
from app.mailer.sending_defaults import sending_defaults
from app.tickets import planning
from app.tickets import queries as tickets
from app.tickets.models import Ticket
from app.tickets.service import Copies
from app.tickets.ticks import Ticks, posted_ticks, ticked_plan
from app.web.admin_view import AdminView, Answer
from app.web.current import current_actor
from app.web.forms import Needed, PickerField, RecordForm
from app.web.pickers import chosen_options
from app.web.request_filters import RequestFiltersMixin, id_or_404
from app.web.words import tell


class DoneForm(RecordForm):
    """Asks what was done about a mail."""

    note = TextAreaField(
        say("Note"),
        description=say("What was done about it, such as: advertising; answered by phone."),
        validators=[Needed()],
        render_kw={"maxlength": MAX_NOTE, "rows": 3},
    )


class AddForm(RecordForm):
    """Asks which ticket a mail belongs to, and whether customers get copies of it."""

    ticket_id = PickerField(say("Ticket"), source="ticket", validators=[Needed()])
    internal = BooleanField(
        say("Internal note"),
        description=say("Staff alone see it. Without the tick it is a public update, and those listed get a copy."),
    )


class InboundMailView(AdminView):
    """The mails that came in and are no report of another server."""

    resource = INBOUND_MAIL
    route_base = "/inbound-mails"
    # A mail is what it is; nobody adds or changes one.
    exclude_route_methods = AdminView.exclude_route_methods | {"add", "edit"}
    method_permission_name = {"source": "read", "add_to_ticket": "update", "finish": "update"}
    list_columns = ["from_address", "subject", "state", "reason", "created_at"]
    list_choices = ["from_name", "to_address", "ticket_id", "sent_at", "size"]
    sections = ()
    show_extra = (
        (say("Mail"), ("from_address", "from_name", "to_address", "subject", "sent_at", "created_at", "message_id")),
        (say("What became of it"), ("state", "reason", "detail", "ticket_id", "not_taken", "note")),
    )
    search_hint = say("Sender or subject.")
    empty_text = say("Mails that come in and belong to no ticket by themselves wait here for somebody to look at them.")

    def cell(self, record: InboundMail, name: str) -> Any:
        """Mark the state, say why in words, and link the ticket as far as it is in sight."""
        if name == "state":
            return state_tag(record)
        if name == "reason":
            return reason_words(record)
        if name == "ticket_id":
            return ticket_link(record, current_actor())
        if name == "not_taken":
            return ", ".join(one["name"] for one in record.not_taken)
        if name == "subject":
            return record.subject or say("No subject")
        if name == "from_address":
            return record.from_address or say("Unknown")
        return super().cell(record, name)

    def record_title(self, record: InboundMail) -> str:
        """Return the subject."""
        return record.subject or say("No subject")

    def subtitle(self, _actor: Actor, record: InboundMail) -> str:
        """Return who it says that it is from."""
        return " ".join(part for part in (record.from_name, record.from_address) if part)

    def badges(self, record: InboundMail) -> list[Any]:
        """Mark the state."""
        return [state_tag(record)]

    def editable(self, record: InboundMail) -> bool:
        """Tell whether it may be deleted: what belongs to a ticket goes with it alone."""
        return record.state != MailState.ADDED

    @expose("/<pk>/source", methods=["GET"])
    @has_access
    def source(self, pk: str) -> Response:
        """Give a mail as it came, for a mail program to open."""
        mail = queries.inbound_mail(db.session(), current_actor(), mail_id=id_or_404(pk))
        return raw_answer(db.session(), mail)

    @expose("/<pk>/done", methods=["GET", "POST"])
    @has_access
    def finish(self, pk: str) -> Answer:
        """Ask what was done about it, and be done on POST alone."""
        actor, number = current_actor(), id_or_404(pk)
        ensure(actor, Operation.UPDATE, self.resource.name)
        mail = queries.inbound_mail(db.session(), actor, mail_id=number)
        form = DoneForm(data={"version": mail.version})
        error: DomainError | None = None
        if request.method == "POST":
            try:
                with unit_of_work(db.session) as session:
                    note, version = form.note.data, form.opened_version()
                    service.finish(session, actor, mail_id=number, note=note, version=version)
            except DomainError as refusal:
                error = refusal
                form.show_errors(refusal)
            else:
                tell(say("The mail is done."))
                return redirect(url_for(f"{self.endpoint}.list", state=MailState.WAITING.value))
        page = self.render_template(
            "web/confirm.html",
            title=say("Done: {name}", name=self.record_title(mail)),
            text=say("It leaves the list of mails that wait, and stays here with your note."),
            touches=[],
            submit_label=say("Done"),
            cancel_url=self.show_url(number),
            form=form,
            error=error.message if error else None,
        )
        return page if error is None else (page, error.status)

    @expose("/<pk>/add-to-ticket", methods=["GET", "POST"])
    @has_access
    def add_to_ticket(self, pk: str) -> Answer:
        """Ask which ticket, show who gets a copy, and add it."""
        actor, number = current_actor(), id_or_404(pk)
        ensure(actor, Operation.UPDATE, self.resource.name)
        mail = queries.inbound_mail(db.session(), actor, mail_id=number)
        preset = {"version": mail.version, "ticket_id": mail.ticket_id, "internal": True}
        form, ticks, error = AddForm(data=preset), posted_ticks(), None
        if request.method == "POST" and request.form.get("action") != "preview":
            try:
                return self._added(actor, number, form, ticks)
            except DomainError as refusal:
                error = refusal
                mail = queries.inbound_mail(db.session(), actor, mail_id=number)
        return self._page(actor, mail, form, ticks, error)

    def _added(self, actor: Actor, number: int, form: AddForm, ticks: Ticks) -> Answer:
        internal = bool(form.internal.data)
        try:
            ticket_id = clean_id(form.ticket_id.data)
        except ValueError as error:
            raise Invalid(said(error) or say("Choose the ticket."), field="ticket_id") from error
        if not internal:
            ticks.ensure_seen()
        copies = Copies(
            defaults=sending_defaults(),
            choices=Choices() if internal else ticks.choices(),
            fingerprint=None if internal else ticks.fingerprint,
        )
        with unit_of_work(db.session) as session:
            _, done = service.add_to_ticket(
                session,
                actor,
                mail_id=number,
                ticket_id=ticket_id,
                internal=internal,
                copies=copies,
                version=form.opened_version(),
            )
        summary = sending_summary(done)
        added = say("The mail was added to the ticket.")
        tell(in_a_row([added, summary]) if summary else added)
        return redirect(url_for("TicketView.show", pk=ticket_id))

    def _page(self, actor: Actor, mail: InboundMail, form: AddForm, ticks: Ticks, error: DomainError | None) -> Answer:
        form.ticket_id.texts = chosen_options(db.session(), actor, "ticket", form.ticket_id.values())
        if error is not None:
            form.show_errors(error)
        page = self.render_template(
            "inbound/add_to_ticket.html",
            title=say("Add to ticket: {name}", name=self.record_title(mail)),
            subtitle=self.subtitle(actor, mail),
            mail=mail,
            form=form,
            cancel_url=self.show_url(mail.id),
            refresh_url=request.path,
            error=error.message if error else None,
            **_plan(actor, mail, form, ticks, sent=error is not None),
        )
        return page if error is None else (page, error.status)


class TicketMailView(RequestFiltersMixin, BaseView):
    """The mail that an update of a ticket came by, for whoever may read the ticket."""

    route_base = "/ticket-updates"
    default_view = "mail"
    class_permission_name = "ticket"
    method_permission_name = {"mail": "read"}

    @expose("/<pk>/mail", methods=["GET"])
    @has_access
    def mail(self, pk: str) -> Response:
        """Give the mail as it came, by the update's id."""
        session = db.session()
        update = tickets.update(session, current_actor(), update_id=id_or_404(pk))
        mail = next(iter(queries.mails_of_updates(session, [update.id])), None)
        if mail is None:
            raise NotFound(say("This update came by no mail."))
        return raw_answer(session, mail)


def _plan(actor: Actor, mail: InboundMail, form: AddForm, ticks: Ticks, *, sent: bool) -> Mapping[str, Any]:
    """Return the plan of the update that a mail would become; none for a note, or without a ticket."""
    if form.internal.data:
        return {"plan": None, "no_plan": say("Nobody: staff alone see an internal note.")}
    try:
        ticket: Ticket = tickets.ticket(db.session(), actor, ticket_id=clean_id(form.ticket_id.data))
    except (ValueError, NotFound):
        return {"plan": None, "no_plan": say("Choose the ticket first.")}
    planned = planning.plan_next(
        db.session(),
        actor,
        ticket=ticket,
        choices=Choices(untick=ticks.untick),
        defaults=sending_defaults(),
        author=service.author_of_mail(mail),
    )
    return ticked_plan(planned, ticks, sent=sent)
