"""What bulk letters accept: by what customers are chosen, and the letter, which is checked as any letter is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.cleaning import PartErrors
from app.core.codes import country, language
from app.core.fields import Code, Field, Fields, Flag, Reference, Text
from app.core.words import say
from app.correspondence.fields import LETTER_FIELDS, LETTER_LABELS
from app.correspondence.linked import choosings
from app.correspondence.rules import MAX_BODY
from app.runs.fields import AccountNumbers, as_json, clean_object

CUSTOMER_FILTERS: Fields = {
    "dealer_code": Code(source="dealer"),
    "customer_status": Reference(resource="customer_status"),
    "language": language(),
    "country": country(),
}
_TEXTS = {
    "dealer_code": "The customer's dealer",
    "language": "The customer's language (ISO 639-1), or the default where it has none",
    "country": "ISO 3166-1",
}


@dataclass(frozen=True, slots=True)
class LetterFilters(Field):
    """The filters of customers: their own fields, and a group for each feature that they may be chosen by."""

    @property
    def json_schema(self) -> Mapping[str, Any]:
        """Return the filters as a schema."""
        own: dict[str, Any] = {
            name: {"type": "string", "nullable": True, "description": text} for name, text in _TEXTS.items()
        }
        own["customer_status"] = {"type": "integer", "nullable": True, "description": "The customer's status, by id"}
        return {
            "type": "object",
            "nullable": True,
            "properties": {**own, **{name: one.schema for name, one in choosings().items()}},
            "additionalProperties": False,
            "example": {"language": "en", "country": "GB"},
        }

    def clean(self, raw: object) -> object:
        """Return those that are set. Raises PartErrors, by name."""
        groups = choosings()
        if not isinstance(raw, Mapping):
            return clean_object(raw, CUSTOMER_FILTERS, also=lambda _values: {})
        own = {name: value for name, value in raw.items() if name not in groups}
        errors: dict[str, list[str]] = {}
        found: dict[str, Any] = {}
        for name, group in groups.items():
            try:
                found[name] = group.clean(raw.get(name), f"filters.{name}")
            except PartErrors as error:
                errors |= error.errors
            except ValueError as error:
                errors[f"filters.{name}"] = [str(error)]
        try:
            found |= clean_object(own, CUSTOMER_FILTERS, also=lambda _values: {})
        except PartErrors as error:
            errors |= error.errors
        if errors:
            raise PartErrors(errors)
        return {name: value for name, value in found.items() if value not in ({}, None)}


def kept(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Return checked filters as they are kept, and as REST gives them."""
    groups = choosings()
    plain = {name: value for name, value in filters.items() if name not in groups}
    numbers = {name: value for name, value in plain.items() if isinstance(value, int)}
    return {**as_json(plain), **numbers, **{n: groups[n].kept(filters[n]) for n in groups if n in filters}}


BULK_FIELDS: Fields = {
    "correspondence_type": LETTER_FIELDS["correspondence_type"],
    "subject": LETTER_FIELDS["subject"],
    "body": Text(limit=MAX_BODY, multiline=True, required=True),
    "send": Flag(),
    "filters": LetterFilters(),
    "account_numbers": AccountNumbers(),
    "link_invoices": Flag(),
}
BULK_LABELS = {
    "id": say("Bulk letters"),
    "correspondence_type": LETTER_LABELS["correspondence_type"],
    "correspondence_class": LETTER_LABELS["correspondence_class"],
    "subject": LETTER_LABELS["subject"],
    "body": LETTER_LABELS["body"],
    "send": say("Send them by mail"),
    "link_invoices": say("Tie those invoices to each letter"),
    "status": say("Status"),
    "filters": say("Filters"),
    "account_numbers": say("Account numbers"),
    "letter_count": say("Customers"),
    "created_by": say("Made by"),
    "planned_at": say("Planned"),
    "started_by": say("Started by"),
    "started_at": say("Started"),
    "finished_at": say("Finished"),
}
FILTER_LABELS = {
    "dealer_code": say("Dealer code"),
    "customer_status": say("Customer status"),
    "language": say("Language"),
    "country": say("Country"),
}
