"""What a billing run is chosen by: filters of invoices, and account numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from app.core.codes import currency
from app.core.errors import FieldErrors
from app.core.fields import Code, Date, Field, Fields
from app.core.money import as_text, parse_decimal
from app.core.words import say
from app.invoices.rules import InvoiceStatus
from app.runs.fields import (
    AccountNumbers,
    MaybeFlag,
    OneOf,
    clean_account_numbers,
    clean_object,
    split_account_numbers,
)

__all__ = ["FILTERS", "FILTERS_SCHEMA", "RUN_FIELDS", "clean_account_numbers", "clean_filters", "split_account_numbers"]

# An amount is as large as an invoice's total may be, with the most places that a currency has.
_AMOUNT_PLACES, _AMOUNT_DIGITS = 4, 18
_STATUSES = tuple(one.value for one in InvoiceStatus)


@dataclass(frozen=True, slots=True)
class Amount(Field):
    """An amount in whatever currency, as a decimal text; None where none is given."""

    json_schema: ClassVar[Mapping[str, Any]] = {
        "type": "string",
        "nullable": True,
        "pattern": r"^[+-]?[0-9]+(\.[0-9]+)?$",
    }

    def clean(self, raw: object) -> object:
        """Return the amount as text, with as many places as it needs and two at least."""
        if raw is None:
            return None
        if not isinstance(raw, str):
            raise ValueError(say('Enter a number as text, such as "12.50".'))
        return as_text(parse_decimal(raw, places=_AMOUNT_PLACES, max_digits=_AMOUNT_DIGITS))


FILTERS: Fields = {
    "invoice_date_from": Date(),
    "invoice_date_to": Date(),
    "due_date_from": Date(),
    "due_date_to": Date(),
    "status": OneOf(options=_STATUSES),
    "already_sent": MaybeFlag(),
    "dealer_code": Code(source="dealer"),
    "currency": currency(),
    "total_from": Amount(),
    "total_to": Amount(),
}
_ENDS = (("invoice_date_from", "invoice_date_to"), ("due_date_from", "due_date_to"))


def clean_filters(raw: object) -> dict[str, Any]:
    """Return the filters that are set, checked. Raises PartErrors (`filters.total_from`), ValueError for no object."""
    return clean_object(raw, FILTERS, also=turned_around)


def turned_around(values: Mapping[str, Any]) -> FieldErrors:
    """Return an error at each upper end that lies below its lower one."""
    found: FieldErrors = {}
    for low, high in _ENDS:
        if values.get(low) and values.get(high) and values[high] < values[low]:
            found[high] = [say("This is before the date from which it counts.")]
    low_amount, high_amount = (_number(values.get(name)) for name in ("total_from", "total_to"))
    if low_amount is not None and high_amount is not None and high_amount < low_amount:
        found["total_to"] = [say("This is less than the amount from which it counts.")]
    return found


def _number(text: str | None) -> Any:  # noqa: ANN401  a Decimal, or None
    return None if text is None else parse_decimal(text, places=_AMOUNT_PLACES, max_digits=_AMOUNT_DIGITS)


FILTERS_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "nullable": True,
    "properties": {
        **{name: {"type": "string", "format": "date", "nullable": True} for ends in _ENDS for name in ends},
        "status": OneOf(options=_STATUSES).json_schema,
        "already_sent": {**MaybeFlag.json_schema, "description": "Whether any address has had the invoice"},
        "dealer_code": {"type": "string", "nullable": True, "description": "The customer's dealer"},
        "currency": {"type": "string", "nullable": True, "description": "ISO 4217"},
        "total_from": Amount.json_schema,
        "total_to": Amount.json_schema,
    },
    "additionalProperties": False,
    "example": {"invoice_date_from": "2026-06-01", "invoice_date_to": "2026-06-30", "already_sent": False},
}


@dataclass(frozen=True, slots=True)
class Filters(Field):
    """The filters of a run: names and values, of which none may be unknown."""

    json_schema: ClassVar[Mapping[str, Any]] = FILTERS_SCHEMA

    def clean(self, raw: object) -> object:
        """Return those that are set. Raises PartErrors, by name."""
        return clean_filters(raw)


RUN_FIELDS: Fields = {"filters": Filters(), "account_numbers": AccountNumbers()}
