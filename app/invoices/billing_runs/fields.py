"""What a billing run is chosen by: filters of invoices, and account numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from app.core.cleaning import PartErrors, clean_values
from app.core.codes import currency
from app.core.errors import FieldErrors
from app.core.fields import Code, Date, Field, Fields
from app.core.money import as_text, parse_decimal
from app.core.words import Words, say
from app.invoices.rules import InvoiceStatus

MAX_ACCOUNTS = 10_000
MAX_ACCOUNT_NUMBER = 40
MAX_NAMED = 20
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


@dataclass(frozen=True, slots=True)
class OneOf(Field):
    """One of a few words, or none of them."""

    options: tuple[str, ...] = ()

    @property
    def json_schema(self) -> Mapping[str, Any]:
        """Return the words as a schema."""
        return {"type": "string", "nullable": True, "enum": [*self.options, None]}

    def clean(self, raw: object) -> object:
        """Return the word, or None."""
        if raw is None:
            return None
        if raw not in self.options:
            raise ValueError(say("Choose one of: {words}.", words=", ".join(self.options)))
        return raw


@dataclass(frozen=True, slots=True)
class MaybeFlag(Field):
    """Yes, no, or not asked."""

    json_schema: ClassVar[Mapping[str, Any]] = {"type": "boolean", "nullable": True}

    def clean(self, raw: object) -> object:
        """Return the boolean, or None."""
        if raw is not None and not isinstance(raw, bool):
            raise ValueError(say("Say yes or no (true or false)."))
        return raw


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
    if raw is None:
        return {}
    if not isinstance(raw, Mapping) or not all(isinstance(name, str) for name in raw):
        raise ValueError(say("Give the filters as an object of names and values."))
    values, errors = clean_values(FILTERS, raw)
    errors |= {name: texts for name, texts in _turned_around(values).items() if name not in errors}
    if errors:
        raise PartErrors({f"filters.{name}": texts for name, texts in errors.items()})
    return {name: value for name, value in values.items() if value is not None}


def named_dealer(raw: object) -> str | None:
    """Return the dealer that filters name, whatever else is wrong with them: all errors are told at once."""
    given = raw.get("dealer_code") if isinstance(raw, Mapping) else None
    return given.strip() if isinstance(given, str) else None


def _turned_around(values: Mapping[str, Any]) -> FieldErrors:
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


def split_account_numbers(text: str) -> list[str]:
    """Return the account numbers of a pasted text: one a line, or separated by commas, semicolons or tabs."""
    return [part.strip() for part in re.split(r"[,;\t\r\n]+", text) if part.strip()]


def clean_account_numbers(raw: object) -> list[str]:
    """Return account numbers trimmed, each spelling once, in their order. Raises ValueError."""
    if raw is None:
        return []
    if not isinstance(raw, list | tuple) or not all(isinstance(one, str) for one in raw):
        raise ValueError(say("Give a list of account numbers."))
    numbers = list(dict.fromkeys(one.strip() for one in raw if one.strip()))
    if len(numbers) > MAX_ACCOUNTS:
        raise ValueError(say("Give at most {most} account numbers.", most=f"{MAX_ACCOUNTS:,}"))
    if any(len(one) > MAX_ACCOUNT_NUMBER or not _is_plain(one) for one in numbers):
        raise ValueError(
            say("An account number has {limit} characters at most, and no line breaks.", limit=MAX_ACCOUNT_NUMBER)
        )
    return numbers


def _is_plain(text: str) -> bool:
    return not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in text)


def unknown_numbers(numbers: Sequence[str]) -> Words:
    """Name account numbers that belong to no customer in sight, and count the ones that are too many to name."""
    named, more = ", ".join(numbers[:MAX_NAMED]), len(numbers) - MAX_NAMED
    if more > 0:
        return say("There is no customer with these account numbers: {named}, and {more} more.", named=named, more=more)
    return say("There is no customer with these account numbers: {named}.", named=named)


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


@dataclass(frozen=True, slots=True)
class AccountNumbers(Field):
    """The account numbers whose invoices a run takes."""

    json_schema: ClassVar[Mapping[str, Any]] = {
        "type": "array",
        "nullable": True,
        "items": {"type": "string", "maxLength": MAX_ACCOUNT_NUMBER},
        "maxItems": MAX_ACCOUNTS,
        "example": ["AC100", "AC101"],
    }

    def clean(self, raw: object) -> object:
        """Return the numbers as a list."""
        return clean_account_numbers(raw)


RUN_FIELDS: Fields = {"filters": Filters(), "account_numbers": AccountNumbers()}


def as_json(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Return checked filters as they are kept, and as REST gives them: dates as texts."""
    return {name: value if isinstance(value, bool) else str(value) for name, value in filters.items()}
