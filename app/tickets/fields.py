"""What a ticket's fields accept, and what people call them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.errors import FieldErrors, Invalid
from app.core.fields import Email, Fields, Reference, Text
from app.core.words import Words, said, say
from app.tickets.rules import MAX_BODY, MAX_SUBJECT


@dataclass(frozen=True, slots=True)
class FirstText(Text):
    """The text that a ticket is opened with: its first update, written once."""

    limit: int = MAX_BODY
    multiline: bool = True

    def current(self, record: Any, _name: str) -> str | None:  # noqa: ANN401  a ticket
        """Return the first update's text."""
        first = record.first_update
        text: str | None = first.body if first is not None else None
        return text

    def assign(self, record: object, name: str, value: object) -> None:
        """Leave it to the service, which writes the update."""


TICKET_FIELDS: Fields = {
    "customer_id": Reference(resource="customer", once=True, required=True),
    "ticket_type": Reference(resource="ticket_type", column="ticket_type_id", required=True),
    "subject": Text(limit=MAX_SUBJECT, required=True),
    "requester_email": Email(),
    "ticket_status": Reference(resource="ticket_status", column="ticket_status_id"),
    "body": FirstText(once=True, required=True),
}
TICKET_LABELS: dict[str, Words] = {
    "number": say("Number"),
    "customer_id": say("Customer"),
    "ticket_type": say("Ticket type"),
    "subject": say("Subject"),
    "requester_email": say("Requester's email"),
    "ticket_status": say("Ticket status"),
    "body": say("Text"),
    "closed": say("Closed"),
    "update": say("Update"),
    "internal": say("Internal note"),
}
_BODY = Text(limit=MAX_BODY, multiline=True)


def clean_body(raw: object, *, required: bool) -> str | None:
    """Return the text of an update. Raises Invalid at its field."""
    try:
        text = _BODY.clean(raw)
    except ValueError as error:
        raise Invalid(said(error), field="body") from error
    if text is None and required:
        raise Invalid(say("This field is required."), field="body")
    return text if isinstance(text, str) else None


def no_rule(_values: Mapping[str, Any]) -> FieldErrors:
    """Return nothing: a ticket's fields hold or don't hold each by itself."""
    return {}
