"""What the screens and REST of messages have in common."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import raiseload, selectinload

from app.core.addresses import normalise
from app.core.fields import Fields
from app.core.words import say
from app.mailer import purging, queries
from app.mailer.list_filters import MESSAGE_FILTERS
from app.mailer.models import Message
from app.web.resource import Resource

NO_FIELDS: Fields = {}
MESSAGE_LABELS = {
    "address": say("Address"),
    "document": say("Document"),
    "document_number": say("Document"),
    "customer_id": say("Customer"),
    "format": say("Format"),
    "state": say("State"),
    "held_because": say("Held because"),
    "reasons": say("Reasons"),
    "message_id": say("Message-ID"),
    "subject": say("Subject"),
    "attempts": say("Attempts"),
    "next_attempt_at": say("Next attempt"),
    "sent_at": say("Sent"),
}


def _attempts(message: Message) -> list[dict[str, Any]]:
    return [
        {
            "started_at": attempt.started_at,
            "finished_at": attempt.finished_at,
            "outcome": attempt.outcome,
            "answer": attempt.answer,
        }
        for attempt in message.attempts
    ]


MESSAGE = Resource(
    name="message",
    label=say("Message"),
    plural=say("Messages"),
    none_yet=say("No messages yet"),
    labels=MESSAGE_LABELS,
    model=Message,
    fields=NO_FIELDS,
    rows=queries.messages,
    get=lambda session, actor, number: queries.message(session, actor, message_id=number),
    orders={
        "id": Message.id,
        "address": Message.address,
        "document_number": Message.document_number,
        "created_at": Message.created_at,
        "sent_at": Message.sent_at,
    },
    default_order="-id",
    list_filters=MESSAGE_FILTERS,
    filters={
        "id": Message.id,
        "address": Message.address,
        "customer_id": Message.customer_id,
        "contact": Message.contacts,
        "revision": Message.revision,
        "document_kind": Message.document_kind,
        "document_id": Message.document_id,
        "document_number": Message.document_number,
        "format": Message.format,
        "state": Message.state,
        "message_id": Message.message_id,
        "created_at": Message.created_at,
    },
    spellings={
        "address": (Message.address_normalised, normalise),
        "message_id": (Message.message_id, queries.written_message_id),
    },
    matching=queries.matching,
    load=(selectinload(Message.attempts), raiseload("*")),
    read_only={
        "address": lambda message: message.address,
        "document": lambda message: {
            "kind": message.document_kind,
            "id": message.document_id,
            "number": message.document_number,
        },
        "customer_id": lambda message: message.customer_id,
        "format": lambda message: message.format,
        "state": lambda message: message.state,
        "held_because": lambda message: message.held_because,
        "reasons": lambda message: message.reasons,
        "lost_reasons": lambda message: message.lost_reasons,
        "revision": lambda message: message.revision,
        "message_id": lambda message: message.message_id,
        "subject": lambda message: message.subject,
        "attempts": _attempts,
        "next_attempt_at": lambda message: message.next_attempt_at,
        "sent_at": lambda message: message.sent_at,
    },
    purge=lambda session, actor, number, reason, version: purging.purge_message(
        session, actor, message_id=number, reason=reason, version=version
    ),
)
