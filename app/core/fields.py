"""The types of fields: what each accepts, from a form or from JSON, and the plain words when it doesn't."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from app.core.text_fields import Code, Email, EmailList, Field, SeveralErrors, Text, WebAddress
from app.core.whole_numbers import clean_id, is_whole
from app.core.words import say

__all__ = [
    "MAX_CHOSEN",
    "Choice",
    "Code",
    "Date",
    "Email",
    "EmailList",
    "Field",
    "Fields",
    "Flag",
    "Moment",
    "Ordered",
    "Reference",
    "References",
    "Secret",
    "SeveralErrors",
    "Text",
    "WebAddress",
    "Whole",
]

# No list that people choose from is longer; a database takes only so many parameters.
MAX_CHOSEN = 500


@dataclass(frozen=True, slots=True)
class Choice(Field):
    """One of a fixed set of words."""

    options: type[StrEnum] = StrEnum

    def clean(self, raw: object) -> object:
        """Return the word; nothing given is the first of them."""
        words = [option.value for option in self.options]
        if raw is None or raw == "":
            return words[0]
        if not isinstance(raw, str) or raw not in words:
            raise ValueError(say("Choose one of: {words}.", words=", ".join(words)))
        return str(raw)


@dataclass(frozen=True, slots=True)
class Ordered(Field):
    """Some of a fixed set of words, each once, in an order of one's own; a form has room for so many `places`."""

    options: type[StrEnum] = StrEnum
    places: int = 0

    @property
    def json_schema(self) -> Mapping[str, object]:
        """Return the JSON schema of its values."""
        words = {"type": "string", "enum": [option.value for option in self.options]}
        return {"type": "array", "items": words, "uniqueItems": True, "nullable": True}

    def clean(self, raw: object) -> object:
        """Return the words in their order; empty texts, as forms send them, are none."""
        if raw is None or raw == "":
            return []
        if not isinstance(raw, list | tuple):
            raise ValueError(say("Give a list of words."))
        words = [option.value for option in self.options]
        chosen = [one for one in raw if one not in ("", None)]
        if any(not isinstance(one, str) or one not in words for one in chosen):
            raise ValueError(say("Choose among: {words}.", words=", ".join(words)))
        if len(set(chosen)) < len(chosen):
            raise ValueError(say("Choose each at most once."))
        return [str(one) for one in chosen]

    def current(self, record: object, name: str) -> list[str]:
        """Return the words that the record holds."""
        return list(getattr(record, self.column or name))


@dataclass(frozen=True, slots=True)
class Flag(Field):
    """Yes or no; `default` is what nothing given means."""

    default: bool = False

    def clean(self, raw: object) -> object:
        """Return the boolean; forms say y, true, on or 1."""
        if raw is None:
            return self.default
        if isinstance(raw, bool):
            return raw
        if isinstance(raw, str) and raw.lower() in ("", "n", "no", "false", "off", "0"):
            return False
        if isinstance(raw, str) and raw.lower() in ("y", "yes", "true", "on", "1"):
            return True
        raise ValueError(say("Say yes or no (true or false)."))


@dataclass(frozen=True, slots=True)
class Date(Field):
    """A calendar date, YYYY-MM-DD (ISO 8601)."""

    def clean(self, raw: object) -> object:
        """Return the date, or None."""
        if raw is None or raw == "":
            return None
        value = raw if isinstance(raw, date) and not isinstance(raw, datetime) else _read_date(raw)
        if not date(1900, 1, 1) <= value <= date(2200, 1, 1):
            raise ValueError(say("Give a date between 1900 and 2200."))
        return value


@dataclass(frozen=True, slots=True)
class Moment(Field):
    """A point in time, ISO 8601 with its zone, kept in UTC to the second."""

    def clean(self, raw: object) -> object:
        """Return the time in UTC, or None."""
        if raw is None or raw == "":
            return None
        value = raw if isinstance(raw, datetime) else _read_moment(raw)
        if value.tzinfo is None:
            raise ValueError(say("Give the time with its zone, such as 2026-03-01T10:00:00Z."))
        # Compared by the year: near the ends of the calendar a time can't be turned into UTC.
        if not 1900 <= value.year <= 2200:  # noqa: PLR2004  the years of a date
            raise ValueError(say("Give a date between 1900 and 2200."))
        return value.astimezone(UTC).replace(microsecond=0)

    def current(self, record: object, name: str) -> datetime | None:
        """Return the time as `clean` would."""
        value: datetime | None = getattr(record, self.column or name)
        return value.replace(microsecond=0) if value else None


@dataclass(frozen=True, slots=True)
class Whole(Field):
    """A whole number between `lowest` and `highest`."""

    lowest: int = 0
    highest: int = 100_000

    def clean(self, raw: object) -> object:
        """Return the number; nothing given is the lowest."""
        if raw is None or raw == "":
            return self.lowest
        if not is_whole(raw, digits=9, signed=True):
            raise ValueError(say("Give a whole number."))
        number = int(str(raw))
        if not self.lowest <= number <= self.highest:
            raise ValueError(say("Give a number from {lowest} to {highest}.", lowest=self.lowest, highest=self.highest))
        return number


@dataclass(frozen=True, slots=True)
class Reference(Field):
    """The id of a record of `resource`. That it exists, and may be chosen, is for the service to see."""

    resource: str = ""

    def clean(self, raw: object) -> object:
        """Return the id, or None."""
        return None if raw is None or raw == "" else clean_id(raw)


@dataclass(frozen=True, slots=True)
class References(Field):
    """A set of ids of records of `resource`; the record holds the rows, which the service looks up.

    `source` names the picker of its form where that of the resource gives something else than ids.
    """

    resource: str = ""
    source: str = ""

    def clean(self, raw: object) -> object:
        """Return the ids, sorted and each once."""
        if raw is None or raw == "":
            return []
        if not isinstance(raw, list | tuple):
            raise ValueError(say("Give a list of ids."))
        if len(raw) > MAX_CHOSEN:
            raise ValueError(say("Choose {limit} at most.", limit=MAX_CHOSEN))
        return sorted({clean_id(value) for value in raw if value != ""})

    def current(self, record: object, name: str) -> list[int]:
        """Return the ids of the rows that the record holds."""
        return sorted(row.id for row in getattr(record, self.column or name))


@dataclass(frozen=True, slots=True)
class Secret(Field):
    """A password: write-only, kept as a hash by the service. Blank leaves it, null clears it."""

    limit: int = 128

    def clean(self, raw: object) -> object:
        """Return the text as given, or None."""
        if raw is None:
            return None
        # Half a character, which JSON can hold, can't be hashed.
        if not isinstance(raw, str) or any(char == "\x00" or unicodedata.category(char) == "Cs" for char in raw):
            raise ValueError(say("Give text here."))
        if len(raw) > self.limit:
            raise ValueError(say("Use {limit} characters at most.", limit=self.limit))
        return raw

    def shown_in_trail(self, value: object) -> object:
        """Say only whether there is one."""
        return "set" if value else None


Fields = Mapping[str, Field]


def _read_date(raw: object) -> date:
    if not isinstance(raw, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", raw.strip(), re.ASCII):
        raise ValueError(say("Give a date as YYYY-MM-DD."))
    try:
        return date.fromisoformat(raw.strip())
    except ValueError:
        raise ValueError(say("There is no such date.")) from None


def _read_moment(raw: object) -> datetime:
    words = say("Give a time as ISO 8601, such as 2026-03-01T10:00:00Z.")
    if not isinstance(raw, str) or len(raw.strip()) <= len("YYYY-MM-DD"):
        raise ValueError(words)
    try:
        return datetime.fromisoformat(raw.strip())
    except ValueError:
        raise ValueError(words) from None
