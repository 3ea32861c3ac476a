"""The screens of messages: the outbox as a list, and a message with its reasons, attempts and mail."""

from __future__ import annotations

from collections.abc import Callable
from email import policy
from email.parser import BytesParser
from typing import Any

from flask import Response, abort, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from sqlalchemy import Select

from app.access.table import Operation
from app.core.actor import Actor
from app.extensions import db
from app.mailer import queries, service
from app.mailer.documents import source_of
from app.mailer.holding import RENDERING_FAILED
from app.mailer.message_states import STATES, MessageState, may_follow
from app.mailer.models import Content, Message
from app.mailer.panels import state_tag
from app.mailer.resource import MESSAGE
from app.mailer.rules import explain
from app.web.admin_view import AdminView, Answer
from app.web.current import current_actor
from app.web.display import link
from app.web.panels import Action, Tab, register_action, register_tab
from app.web.request_filters import id_or_404

RETRIED = frozenset({MessageState.FAILED, MessageState.WAITING, MessageState.UNCERTAIN})
CANCELLED = frozenset(state for state in STATES if may_follow(state, MessageState.CANCELLED))


class MessageView(AdminView):
    """Messages: by state, and each with why it was made and what became of it."""

    resource = MESSAGE
    route_base = "/messages"
    method_permission_name = {"retry": "retry", "cancel": "cancel", "mail": "read"}
    list_columns = ["address", "document_number", "customer_id", "format", "state", "created_at", "sent_at"]
    sections = (
        ("Message", ("address", "state", "held_because", "document_number", "customer_id", "format", "subject")),
        ("Delivery", ("message_id", "created_at", "sent_at", "next_attempt_at")),
    )
    label_columns = {
        "customer_id": "Customer",
        "document_number": "Document",
        "message_id": "Message-ID",
        "created_at": "Created",
        "sent_at": "Sent",
        "next_attempt_at": "Next attempt",
        "held_because": "Held because",
    }
    search_hint = "Address, document number, Message-ID, or the customer's name."
    empty_text = "Each copy of a document that is sent to somebody is a message here."

    def cell(self, record: Message, name: str) -> Any:
        """Show the state as a mark, and link the customer and the document."""
        if name == "state":
            return state_tag(record)
        if name == "format":
            return record.format.capitalize() if record.format else None
        if name == "customer_id":
            return link(record.customer.label, url_for("CustomerView.show", pk=record.customer_id))
        if name == "document_number":
            return link(record.document_number, source_of(record.document_kind).page(record.document_id))
        return super().cell(record, name)

    def record_title(self, record: Message) -> str:
        """Return what the message is a copy of, and for whom."""
        return f"{record.document_number} to {record.address}"

    def badges(self, record: Message) -> list[Any]:
        """Mark the state."""
        return [state_tag(record)]

    def narrowed(self, statement: Select[Any]) -> Select[Any]:
        """Keep the messages of one state."""
        state = request.args.get("state", "")
        if not state:
            return statement
        if state not in STATES:
            abort(400)
        return statement.where(Message.state == state)

    def list_filters(self) -> list[dict[str, Any]]:
        """Offer the states."""
        chosen = request.args.get("state", "")
        options = [{"value": "", "label": "Any state", "selected": not chosen}]
        options += [{"value": one.value, "label": one.value.capitalize(), "selected": one == chosen} for one in STATES]
        return [{"name": "state", "label": "State", "options": options}]

    @expose("/<pk>/retry", methods=["GET", "POST"])
    @has_access
    def retry(self, pk: str) -> Answer:
        """Ask, and have a message tried at once."""
        return self._verb(pk, service.retry_message, label="Retry", done="is tried again")

    @expose("/<pk>/cancel", methods=["GET", "POST"])
    @has_access
    def cancel(self, pk: str) -> Answer:
        """Ask, and keep a message from leaving."""
        return self._verb(pk, service.cancel_message, label="Cancel message", done="is cancelled")

    @expose("/<pk>/mail", methods=["GET"])
    @has_access
    def mail(self, pk: str) -> Response:
        """Give the mail as it was sent, for a mail client to open."""
        message = queries.message(db.session(), current_actor(), message_id=id_or_404(pk))
        if message.content_digest is None:
            abort(404)
        content = db.session().get_one(Content, message.content_digest)
        answer = Response(content.data, mimetype="message/rfc822")
        answer.headers["Content-Disposition"] = f'attachment; filename="message-{message.id}.eml"'
        return answer

    def _verb(self, pk: str, verb: Any, *, label: str, done: str) -> Answer:
        actor, number = current_actor(), id_or_404(pk)
        message = queries.message(db.session(), actor, message_id=number)
        return self.confirmed(
            title=f"{label}: {self.record_title(message)}",
            text=f"This message is {message.state}.",
            submit_label=label,
            record=message,
            run=lambda session, version: verb(session, actor, message_id=number, version=version),
            done=f"The message to {message.address} {done}.",
            after=self.show_url(number),
        )


def register_message_page() -> None:
    """Put the tabs of a message's page in place: why, what happened, and the mail itself; and its actions."""
    register_action("message", _action("Retry", "retry", Operation.RETRY, _may_retry))
    register_action(
        "message",
        _action("Cancel message", "cancel", Operation.CANCEL, lambda message: message.state in CANCELLED),
    )
    register_tab("message", Tab("why", "Why", "message", "mailer/why.html", count=lambda *_: None, context=_why))
    register_tab(
        "message",
        Tab(
            "attempts",
            "Attempts",
            "message",
            "mailer/attempts.html",
            count=lambda _session, _actor, message: len(message.attempts),
            context=lambda _session, _actor, message: {"attempts": message.attempts, "message": message},
        ),
    )
    register_tab("message", Tab("mail", "Mail", "message", "mailer/mail.html", count=lambda *_: None, context=_mail))


def _may_retry(message: Message) -> bool:
    """Tell whether a retry makes sense: what waits for a format leaves by itself, and no sooner."""
    return message.state in RETRIED or (message.state == MessageState.HELD and message.held_code == RENDERING_FAILED)


def _action(label: str, task: str, operation: Operation, applies: Callable[[Message], bool]) -> Action:
    return Action(
        label,
        "message",
        operation,
        lambda message: url_for(f"MessageView.{task}", pk=message.id),
        applies=applies,
    )


def _why(_session: Any, _actor: Actor, message: Message) -> dict[str, Any]:
    return {
        "message": message,
        "reasons": [{**reason, "sentence": explain(reason["reason"])} for reason in message.reasons],
    }


def _mail(session: Any, _actor: Actor, message: Message) -> dict[str, Any]:
    if message.content_digest is None:
        return {"message": message, "mail": None}
    mail = BytesParser(policy=policy.default).parsebytes(session.get_one(Content, message.content_digest).data)
    text = mail.get_body(("plain",))
    return {
        "message": message,
        "mail": {name: mail[name] for name in ("From", "To", "Subject", "Date", "Message-ID")},
        "text": text.get_content() if text else "",
        "attachments": [part.get_filename() for part in mail.iter_attachments()],
        "url": url_for("MessageView.mail", pk=message.id),
    }
