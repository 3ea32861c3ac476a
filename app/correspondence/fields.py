"""What a letter's fields accept, and what people call them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.errors import FieldErrors
from app.core.fields import Fields, Reference, References, Text
from app.core.markdown import is_too_deep
from app.core.words import Words, say
from app.correspondence.rules import MAX_BODY, MAX_SUBJECT, placeholder_error


@dataclass(frozen=True, slots=True)
class Linked(References):
    """The ids of invoices; the rows are looked up by the service, which alone knows whose they are."""

    def current(self, record: object, name: str) -> list[int]:
        """Return the ids of the invoices that the letter is about."""
        return sorted(row.invoice_id for row in getattr(record, name))

    def assign(self, record: object, name: str, value: object) -> None:
        """Leave the rows to the service."""


LETTER_FIELDS: Fields = {
    "customer_id": Reference(resource="customer", once=True, required=True),
    "correspondence_type": Reference(
        resource="correspondence_type", column="correspondence_type_id", once=True, required=True
    ),
    "subject": Text(limit=MAX_SUBJECT, required=True),
    "body": Text(limit=MAX_BODY, multiline=True),
    "invoices": Linked(resource="invoice"),
}
LETTER_LABELS: dict[str, Words] = {
    "number": say("Number"),
    "customer_id": say("Customer"),
    "correspondence_type": say("Type"),
    "correspondence_class": say("Class"),
    "subject": say("Subject"),
    "body": say("Text"),
    "invoices": say("Invoices that it is about"),
    "attachments": say("Attachments"),
    "extra_attachments": say("Extra attachments"),
    "status": say("Status"),
    "letter_date": say("Date of the letter"),
    "delivered_at": say("Delivered at"),
    "delivered_note": say("Note on the delivery"),
}


def letter_errors(values: Mapping[str, Any]) -> FieldErrors:
    """Return what keeps a letter from being saved, by field."""
    return _text_errors(values, subject="subject", body="body")


def template_errors(values: Mapping[str, Any]) -> FieldErrors:
    """Return what keeps a type's texts from being those that its letters begin with, by field."""
    return _text_errors(values, subject="template_subject", body="template_body")


def _text_errors(values: Mapping[str, Any], *, subject: str, body: str) -> FieldErrors:
    told = {name: placeholder_error(values.get(name) or "") for name in (subject, body)}
    if told[body] is None and is_too_deep(values.get(body) or ""):
        told[body] = say("Lists and quotes stand too deeply in each other here.")
    return {name: [error] for name, error in told.items() if error}
