"""The screens of messages: the outbox as a list, and a message with its reasons, attempts and mail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from email import policy
from email.parser import BytesParser
from typing import Any

from flask import Response, abort, g, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from sqlalchemy.orm import Session

from app.access.table import Operation
from app.core.actor import Actor
from app.core.words import say
from app.extensions import db
from app.mailer import queries, service
from app.mailer.bounces.queries import bounces_of
from app.mailer.bounces.rules import SEVERITY_LABELS, Severity
from app.mailer.delivery.mails import mail_of
from app.mailer.documents import pages_of
from app.mailer.extra_files import extra_file, extra_files
from app.mailer.file_calls import file_answer
from app.mailer.holding import LOOP_SUSPECTED, RENDERING_FAILED, because
from app.mailer.message_states import FINAL, STATE_LABELS, STATE_NAMES, STATES, MessageState, may_follow
from app.mailer.models import Message
from app.mailer.resource import MESSAGE
from app.mailer.screens import outbox_panel
from app.mailer.screens.file_fields import listed_files
from app.mailer.screens.panels import customer_link, state_tag
from app.mailer.screens.who_got import format_words
from app.mailer.why.chain import chain_of
from app.web.admin_view import AdminView, Answer
from app.web.current import current_actor
from app.web.display import link
from app.web.list_state import ListState
from app.web.listing import Page
from app.web.panels import Action, Tab, register_action, register_tab
from app.web.request_filters import id_or_404

RETRIED = frozenset({MessageState.FAILED, MessageState.WAITING, MessageState.UNCERTAIN})
_HEADERS = {
    "From": say("From"),
    "To": say("Recipient"),
    "Subject": say("Subject"),
    "Date": say("Date"),
    "Message-ID": say("Message-ID"),
}
CANCELLED = frozenset(state for state in STATES if may_follow(state, MessageState.CANCELLED))


class MessageView(AdminView):
    """Messages: by state, and each with why it was made and what became of it."""

    resource = MESSAGE
    route_base = "/messages"
    list_page_template = "mailer/outbox.html"
    method_permission_name = {"retry": "retry", "cancel": "cancel", "mail": "read", "extra_attachment": "read"}
    list_columns = ["address", "document_number", "customer_id", "format", "state", "created_at", "sent_at"]
    list_choices = ["subject", "held_because", "message_id", "next_attempt_at"]
    sections = (
        (say("Message"), ("address", "state", "held_because", "document_number", "customer_id", "format", "subject")),
        (say("Delivery"), ("message_id", "created_at", "sent_at", "next_attempt_at")),
    )
    search_hint = say("Address, document number, Message-ID, or the customer's name.")
    empty_text = say("Each copy of a document that is sent to somebody is a message here.")

    def cell(self, record: Message, name: str) -> Any:
        """Show the state as a mark, and link the customer and the document as far as there are pages of them."""
        if name == "state":
            return state_tag(record)
        if name == "format":
            return format_words(record)
        if name == "held_because":
            return because(record) or None
        if name == "customer_id":
            return customer_link(record.customer, current_actor())
        if name == "document_number":
            page = _page_of(record)
            return link(record.document_number, page) if page else record.document_number
        return super().cell(record, name)

    def above_list(self, session: Session, actor: Actor, state: ListState) -> dict[str, Any]:
        """Show how much there is of what, and what stands in the way."""
        return {"outbox": outbox_panel.panel(session, actor, state)}

    def _table(self, state: ListState, page: Page, names: Sequence[str]) -> dict[str, Any]:
        if "document_number" in names:
            _find_pages(page.rows)
        return super()._table(state, page, names)

    def record_title(self, record: Message) -> str:
        """Return what the message is a copy of, and for whom."""
        return say("{document} to {address}", document=record.document_number, address=record.address)

    def badges(self, record: Message) -> list[Any]:
        """Mark the state."""
        return [state_tag(record)]

    @expose("/<pk>/retry", methods=["GET", "POST"])
    @has_access
    def retry(self, pk: str) -> Answer:
        """Ask, and have a message tried at once."""
        return self._verb(pk, service.retry_message, label=say("Retry"), done=_tried_again)

    @expose("/<pk>/cancel", methods=["GET", "POST"])
    @has_access
    def cancel(self, pk: str) -> Answer:
        """Ask, and keep a message from leaving."""
        return self._verb(pk, service.cancel_message, label=say("Cancel message"), done=_cancelled)

    @expose("/<pk>/mail", methods=["GET"])
    @has_access
    def mail(self, pk: str) -> Response:
        """Give the mail as it was sent, for a mail client to open."""
        message = queries.message(db.session(), current_actor(), message_id=id_or_404(pk))
        data = mail_of(db.session(), message)
        if data is None:
            abort(404)
        answer = Response(data, mimetype="message/rfc822")
        answer.headers["Content-Disposition"] = f'attachment; filename="message-{message.id}.eml"'
        return answer

    @expose("/<pk>/extra-attachments/<attachment_pk>", methods=["GET"])
    @has_access
    def extra_attachment(self, pk: str, attachment_pk: str) -> Response:
        """Hand out a file that the message's sending added."""
        number, file_id = id_or_404(pk), id_or_404(attachment_pk)
        return file_answer(extra_file(db.session(), current_actor(), message_id=number, file_id=file_id))

    def _verb(self, pk: str, verb: Any, *, label: str, done: Callable[[str], str]) -> Answer:
        actor, number = current_actor(), id_or_404(pk)
        message = queries.message(db.session(), actor, message_id=number)
        return self.confirmed(
            title=say("{task}: {name}", task=label, name=self.record_title(message)),
            text=say("This message is {state}.", state=STATE_NAMES[MessageState(message.state)]),
            submit_label=label,
            record=message,
            run=lambda session, version: verb(session, actor, message_id=number, version=version),
            done=done(message.address),
            after=self.show_url(number),
        )


def register_message_page() -> None:
    """Put the tabs of a message's page in place: why, what happened, and the mail itself; and its actions."""
    register_action("message", _action(say("Retry"), "retry", Operation.RETRY, _may_retry))
    register_action(
        "message",
        _action(say("Cancel message"), "cancel", Operation.CANCEL, lambda message: message.state in CANCELLED),
    )
    purge = Action(
        say("Purge"),
        "message",
        Operation.PURGE,
        lambda message: url_for("TrashView.purge", kind="message", pk=message.id),
        danger=True,
        applies=lambda message: message.state in FINAL and message.purged_at is None,
    )
    register_action("message", purge)
    register_tab("message", Tab("why", say("Why"), "message", "mailer/why.html", count=lambda *_: None, context=_why))
    register_tab(
        "message",
        Tab(
            "attempts",
            say("Attempts"),
            "message",
            "mailer/attempts.html",
            count=lambda _session, _actor, message: len(message.attempts),
            context=lambda session, _actor, message: _attempts(session, message),
        ),
    )
    register_tab(
        "message", Tab("mail", say("Mail"), "message", "mailer/mail.html", count=lambda *_: None, context=_mail)
    )


def _find_pages(messages: Sequence[Message]) -> None:
    """Look the pages of some messages' documents up at once, for the cells of this request."""
    documents = ((one.document_kind, one.document_id) for one in messages)
    g.document_pages = pages_of(db.session(), current_actor(), documents)


def _page_of(message: Message) -> str | None:
    key = (message.document_kind, message.document_id)
    if key not in g.get("document_pages", {}):
        _find_pages([message])
    page: str | None = g.document_pages[key]
    return page


def _tried_again(address: str) -> str:
    return say("The message to {address} is tried again.", address=address)


def _cancelled(address: str) -> str:
    return say("The message to {address} is cancelled.", address=address)


def _may_retry(message: Message) -> bool:
    """Tell whether a retry makes sense: what waits for a format leaves by itself, and what is purged never."""
    if message.purged_at is not None:
        return False
    if message.state == MessageState.HELD:
        return message.held_code in (RENDERING_FAILED, LOOP_SUSPECTED)
    return message.state in RETRIED


def _action(label: str, task: str, operation: Operation, applies: Callable[[Message], bool]) -> Action:
    return Action(
        label,
        "message",
        operation,
        lambda message: url_for(f"MessageView.{task}", pk=message.id),
        applies=applies,
    )


def _why(session: Any, actor: Actor, message: Message) -> dict[str, Any]:
    """Return why the message is there, in a sentence and link by link."""
    return {"message": message, "why": chain_of(session, actor, message)}


def _attempts(session: Any, message: Message) -> dict[str, Any]:
    tried = [
        {"at": one.started_at, "outcome": STATE_LABELS[MessageState(one.outcome)], "answer": one.answer}
        for one in message.attempts
    ]
    tried += [
        {"at": one.received_at, "outcome": SEVERITY_LABELS[Severity(one.severity)], "answer": one.diagnostic}
        for one in bounces_of(session, message_id=message.id)
    ]
    return {"attempts": tried, "message": message, "held_because": because(message)}


def _mail(session: Any, _actor: Actor, message: Message) -> dict[str, Any]:
    data = mail_of(session, message)
    files = listed_files(
        extra_files(session, [message.id]).get(message.id, ()),
        lambda one: url_for("MessageView.extra_attachment", pk=message.id, attachment_pk=one.id),
    )
    if data is None:
        return {"message": message, "mail": None, "files": files}
    mail = BytesParser(policy=policy.default).parsebytes(data)
    text = mail.get_body(("plain",))
    return {
        "message": message,
        "mail": {words: mail[name] for name, words in _HEADERS.items()},
        "text": text.get_content() if text else "",
        "attachments": [part.get_filename() for part in mail.iter_attachments()],
        "url": url_for("MessageView.mail", pk=message.id),
        "files": files,
    }
