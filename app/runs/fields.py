"""What a run of any kind is chosen by: filters that are an object of names and values, and account numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from app.core.cleaning import PartErrors, clean_values
from app.core.errors import FieldErrors
from app.core.fields import Field, Fields
from app.core.words import Words, say

MAX_ACCOUNTS = 10_000
MAX_ACCOUNT_NUMBER = 40
MAX_NAMED = 20


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


def clean_object(
    raw: object, fields: Fields, *, at: str = "filters", also: Callable[[Mapping[str, Any]], FieldErrors]
) -> dict[str, Any]:
    """Return the filters of an object that are set, checked, each at its name below `at`; `also` checks all together.

    Raises PartErrors (`filters.total_from`), ValueError for no object.
    """
    if raw is None:
        return {}
    if not isinstance(raw, Mapping) or not all(isinstance(name, str) for name in raw):
        raise ValueError(say("Give the filters as an object of names and values."))
    values, errors = clean_values(fields, raw)
    errors |= {name: texts for name, texts in also(values).items() if name not in errors}
    if errors:
        raise PartErrors({f"{at}.{name}": texts for name, texts in errors.items()})
    return {name: value for name, value in values.items() if value is not None}


def named_dealer(raw: object) -> str | None:
    """Return the dealer that filters name, whatever else is wrong with them: all errors are told at once."""
    given = raw.get("dealer_code") if isinstance(raw, Mapping) else None
    return given.strip() if isinstance(given, str) else None


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


@dataclass(frozen=True, slots=True)
class AccountNumbers(Field):
    """The account numbers of the customers that a run takes."""

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


def as_json(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Return checked filters as they are kept, and as REST gives them: dates as texts."""
    return {name: value if isinstance(value, bool) else str(value) for name, value in filters.items()}
