"""The pages on which staff write on a ticket: answer, internal note, close, reopen; each shows who gets a copy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import abort, redirect, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from wtforms import SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice

from app.core.actor import Actor
from app.core.errors import DomainError, Stale
from app.core.unit_of_work import unit_of_work
from app.core.words import Words, in_a_row, say
from app.extensions import db
from app.lookups.models import TicketStatus
from app.mailer.planning.choices import Choices
from app.mailer.screens.file_fields import ATTACHMENTS, files_field, posted_files
from app.mailer.screens.plan_page import sending_summary
from app.mailer.sending_defaults import sending_defaults
from app.tickets import planning, queries, service
from app.tickets.conversation import conversation
from app.tickets.fields import TICKET_LABELS
from app.tickets.models import Ticket
from app.tickets.rules import MAX_BODY, UpdateKind
from app.tickets.service import Copies, Wording
from app.tickets.ticks import Ticks, posted_ticks, ticked_plan
from app.web.current import current_actor
from app.web.form_pages import Answer
from app.web.forms import Needed, RecordForm
from app.web.request_filters import id_or_404
from app.web.words import tell

_TEXT = {"maxlength": MAX_BODY, "rows": 8}


class AnswerForm(RecordForm):
    """The text of an answer or a note."""

    body = TextAreaField(TICKET_LABELS["body"], validators=[Needed()], render_kw=_TEXT)
    attachments = files_field(say("Attachments"))


class MovingForm(RecordForm):
    """The status of a closing or a reopening, and a text that may go along."""

    ticket_status = SelectField(TICKET_LABELS["ticket_status"], validate_choice=False, render_kw={"data-select": ""})
    body = TextAreaField(
        TICKET_LABELS["body"], description=say("May be left empty: the copies say what happened."), render_kw=_TEXT
    )
    attachments = files_field(say("Attachments"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """One of the pages: what it writes, and its words."""

    kind: UpdateKind
    title: Callable[[Ticket], Words]
    submit: Words
    done: Words
    internal: bool = False


ANSWER = Writing(
    kind=UpdateKind.TEXT,
    title=lambda ticket: say("Answer ticket {number}", number=ticket.number),
    submit=say("Send answer"),
    done=say("The answer was added."),
)
NOTE = Writing(
    kind=UpdateKind.TEXT,
    title=lambda ticket: say("Internal note on ticket {number}", number=ticket.number),
    submit=say("Add internal note"),
    done=say("The internal note was added."),
    internal=True,
)
CLOSE = Writing(
    kind=UpdateKind.CLOSED,
    title=lambda ticket: say("Close ticket {number}", number=ticket.number),
    submit=say("Close ticket"),
    done=say("The ticket is closed."),
)
REOPEN = Writing(
    kind=UpdateKind.REOPENED,
    title=lambda ticket: say("Reopen ticket {number}", number=ticket.number),
    submit=say("Reopen ticket"),
    done=say("The ticket is open again."),
)


class WritingPages:
    """The part of the tickets' screens that adds updates."""

    # FAB's view, and the page of a record, which this stands beside in a class.
    render_template: Callable[..., str]
    show_url: Callable[[Any], str]

    @expose("/<pk>/answer", methods=["GET", "POST"])
    @has_access
    def answer(self, pk: str) -> Answer:
        """Add a public update; its form shows who gets a copy."""
        return self._write(pk, ANSWER)

    @expose("/<pk>/note", methods=["GET", "POST"])
    @has_access
    def note(self, pk: str) -> Answer:
        """Add an internal note, of which nobody gets a copy."""
        return self._write(pk, NOTE)

    @expose("/<pk>/close", methods=["GET", "POST"])
    @has_access
    def close(self, pk: str) -> Answer:
        """Close the ticket; the form shows who is told."""
        return self._write(pk, CLOSE)

    @expose("/<pk>/reopen", methods=["GET", "POST"])
    @has_access
    def reopen(self, pk: str) -> Answer:
        """Reopen the ticket; the form shows who is told."""
        return self._write(pk, REOPEN)

    def _write(self, pk: str, page: Writing) -> Answer:
        actor, number = current_actor(), id_or_404(pk)
        ticket = queries.ticket(db.session(), actor, ticket_id=number)
        form = _form(page)
        error: DomainError | None = None
        ticks = posted_ticks()
        if request.method == "GET":
            form.version.data = ticket.version
        elif request.form.get("action") != "preview":
            try:
                return self._written(actor, number, page, form, ticks)
            except DomainError as refusal:
                error = refusal
                ticket = queries.ticket(db.session(), actor, ticket_id=number)
        if isinstance(error, Stale):
            form.version.data = ticket.version
            error = Stale(
                in_a_row([error.message, say("The conversation as it is stands below; what you wrote is kept.")])
            )
        return self._page(actor, ticket, page, form, ticks, error=error)

    def _written(self, actor: Actor, number: int, page: Writing, form: RecordForm, ticks: Ticks) -> Answer:
        given, version = form.given(), form.opened_version()
        if version is None and form.version.data:
            abort(400)
        if not page.internal:
            ticks.ensure_seen()
        copies = Copies(
            defaults=sending_defaults(),
            choices=Choices() if page.internal else ticks.choices(),
            fingerprint=None if page.internal else ticks.fingerprint,
        )
        wording = Wording(kind=page.kind, body=given["body"], internal=page.internal, status=given.get("ticket_status"))
        with unit_of_work(db.session) as session:
            _, done = service.add_update(
                session,
                actor,
                ticket_id=number,
                wording=wording,
                copies=copies,
                files=posted_files(),
                version=version,
            )
        summary = sending_summary(done)
        if page.internal or summary:
            tell(in_a_row([page.done, summary]) if summary else page.done)
        else:
            tell(in_a_row([page.done, say("Nobody gets a copy of it.")]), "warning")
        return redirect(self.show_url(number))

    def _page(
        self,
        actor: Actor,
        ticket: Ticket,
        page: Writing,
        form: RecordForm,
        ticks: Ticks,
        *,
        error: DomainError | None,
    ) -> Answer:
        session = db.session()
        plan: Mapping[str, Any] = {}
        if not page.internal:
            planned = planning.plan_next(
                session, actor, ticket=ticket, choices=Choices(untick=ticks.untick), defaults=sending_defaults()
            )
            plan = ticked_plan(planned, ticks, sent=error is not None)
        if error is not None:
            form.show_errors(error)
        else:
            form.tell_of_files(form.attachments)
        answer = self.render_template(
            "tickets/write.html",
            title=page.title(ticket),
            subtitle=ticket.subject,
            form=form,
            names=[name for name in ("ticket_status", "body", ATTACHMENTS) if name in form],
            submit_label=page.submit,
            cancel_url=self.show_url(ticket.id),
            internal=page.internal,
            error=error.message if error else None,
            refresh_url=request.path,
            conversation=conversation(session, ticket),
            **plan,
        )
        return answer if error is None else (answer, error.status)


def _form(page: Writing) -> RecordForm:
    """Return the form of a page; closing and reopening offer the statuses that fit."""
    if page.kind is UpdateKind.TEXT:
        return AnswerForm()
    form = MovingForm()
    closes = page.kind is UpdateKind.CLOSED
    fitting = [one.id for one in queries.statuses(db.session()) if one.active and one.closed == closes]
    names = {row.id: row.name for row in db.session().query(TicketStatus).filter(TicketStatus.id.in_(fitting))}
    form.ticket_status.choices = [SelectChoice(str(number), names[number]) for number in fitting]
    return form
