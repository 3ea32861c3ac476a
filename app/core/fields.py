"""The types of fields: what each accepts, from a form or from JSON, and the plain words when it doesn't."""

from __future__ import annotations

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from app.core.addresses import check_address, split_addresses

MAX_ID = 2**31 - 1
# No list that people choose from is longer; a database takes only so many parameters.
MAX_CHOSEN = 500
# Unicode categories that no line of a mail or of a PDF can hold: controls, surrogates, line and paragraph separators.
_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Field(ABC):
    """A field of a record. `column` is the model's attribute when it isn't the field's own name."""

    column: str | None = None
    once: bool = False
    required: bool = False

    @abstractmethod
    def clean(self, raw: object) -> object:
        """Return the value to keep, or raise ValueError in plain words."""

    def current(self, record: object, name: str) -> Any:  # noqa: ANN401  each type has its own values
        """Return what the record holds, in the form that `clean` returns."""
        return getattr(record, self.column or name)

    def assign(self, record: object, name: str, value: object) -> None:
        """Put a clean value on the record."""
        setattr(record, self.column or name, value)

    def shown_in_trail(self, value: object) -> object:
        """Return what the audit trail may show of a value."""
        return value


@dataclass(frozen=True, slots=True)
class Text(Field):
    """Text of at most `limit` characters (NFC). Blank is kept as null. Control characters are refused."""

    limit: int = 200
    multiline: bool = False

    def clean(self, raw: object) -> object:
        """Return the text trimmed, or None."""
        if raw is None:
            return None
        if not isinstance(raw, str):
            raise ValueError("Give text here.")
        text = unicodedata.normalize("NFC", raw.replace("\r\n", "\n")).strip()
        allowed = "\n\t" if self.multiline else ""
        if any(unicodedata.category(char) in _FORBIDDEN and char not in allowed for char in text):
            raise ValueError("Leave out control characters.")
        if len(text) > self.limit:
            raise ValueError(f"Use {self.limit} characters at most; this has {len(text)}.")
        return text or None


@dataclass(frozen=True, slots=True)
class Email(Text):
    """One email address (RFC 5321, RFC 6531), kept as typed."""

    limit: int = 320

    def clean(self, raw: object) -> object:
        """Return the address trimmed, or None."""
        text = Text.clean(self, raw)
        return check_address(text) if isinstance(text, str) else None


@dataclass(frozen=True, slots=True)
class EmailList(Text):
    """Email addresses separated by commas, each checked; the first is the main one."""

    limit: int = 2000

    def clean(self, raw: object) -> object:
        """Return the addresses joined by a comma and a space, or None."""
        text = Text.clean(self, raw)
        if not isinstance(text, str):
            return None
        wrong: list[str] = []
        good: list[str] = []
        for address in split_addresses(text):
            try:
                good.append(check_address(address))
            except ValueError as error:
                wrong.append(f"{address}: {error}")
        if wrong:
            raise ValueError(" ".join(wrong))
        return ", ".join(good) or None


@dataclass(frozen=True, slots=True)
class WebAddress(Text):
    """An http or https address; one without a scheme gets https."""

    limit: int = 300

    def clean(self, raw: object) -> object:
        """Return the address with its scheme, or None."""
        text = Text.clean(self, raw)
        if not isinstance(text, str):
            return None
        address = text if "://" in text else f"https://{text}"
        try:
            parts = urlsplit(address)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not re.fullmatch(r"[^\s/@]+\.[^\s/@.]+", parts.hostname or ""):
            raise ValueError("Give a web address such as https://www.example.com.")
        if len(address) > self.limit:
            raise ValueError(f"Use {self.limit} characters at most.")
        return address


@dataclass(frozen=True, slots=True)
class Code(Text):
    """A code out of a list that `source` names, for instance an ISO 3166 country; `check` says whether it is in it."""

    limit: int = 40
    source: str = ""
    check: Callable[[str], bool] | None = None
    fold: Callable[[str], str] = str

    def clean(self, raw: object) -> object:
        """Return the code, or None."""
        text = Text.clean(self, raw)
        if not isinstance(text, str):
            return None
        code = self.fold(text)
        # Some letters fold to two: ß would become SS, which is South Sudan.
        if self.check is not None and not (text.isascii() and self.check(code)):
            raise ValueError(f"{text} is no known {self.source} code.")
        return code


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
            raise ValueError(f"Choose one of: {', '.join(words)}.")
        return str(raw)


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
        raise ValueError("Say yes or no (true or false).")


@dataclass(frozen=True, slots=True)
class Date(Field):
    """A calendar date, YYYY-MM-DD (ISO 8601)."""

    def clean(self, raw: object) -> object:
        """Return the date, or None."""
        if raw is None or raw == "":
            return None
        value = raw if isinstance(raw, date) and not isinstance(raw, datetime) else _read_date(raw)
        if not date(1900, 1, 1) <= value <= date(2200, 1, 1):
            raise ValueError("Give a date between 1900 and 2200.")
        return value


@dataclass(frozen=True, slots=True)
class Whole(Field):
    """A whole number between `lowest` and `highest`."""

    lowest: int = 0
    highest: int = 100_000

    def clean(self, raw: object) -> object:
        """Return the number; nothing given is the lowest."""
        if raw is None or raw == "":
            return self.lowest
        if not _is_whole(raw, digits=9, signed=True):
            raise ValueError("Give a whole number.")
        number = int(str(raw))
        if not self.lowest <= number <= self.highest:
            raise ValueError(f"Give a number from {self.lowest} to {self.highest}.")
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
    """A set of ids of records of `resource`; the record holds the rows, which the service looks up."""

    resource: str = ""

    def clean(self, raw: object) -> object:
        """Return the ids, sorted and each once."""
        if raw is None or raw == "":
            return []
        if not isinstance(raw, list | tuple):
            raise ValueError("Give a list of ids.")
        if len(raw) > MAX_CHOSEN:
            raise ValueError(f"Choose {MAX_CHOSEN} at most.")
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
            raise ValueError("Give text here.")
        if len(raw) > self.limit:
            raise ValueError(f"Use {self.limit} characters at most.")
        return raw

    def shown_in_trail(self, value: object) -> object:
        """Say only whether there is one."""
        return "set" if value else None


Fields = Mapping[str, Field]


def clean_id(raw: object) -> int:
    """Return `raw` as a record's id, or raise ValueError."""
    if not _is_whole(raw, digits=10):
        raise ValueError("Give the id of a record, a whole number.")
    number = int(str(raw))
    if not 1 <= number <= MAX_ID:
        raise ValueError("There is no record with this id.")
    return number


def _is_whole(raw: object, *, digits: int, signed: bool = False) -> bool:
    """Tell whether `raw` is a whole number, or its text, of at most so many digits."""
    if isinstance(raw, bool) or not isinstance(raw, int | str):
        return False
    # Measured before it is written out: Python refuses to write a huge number.
    huge = isinstance(raw, int) and raw.bit_length() > digits * 4
    return not huge and re.fullmatch(rf"{'-?' if signed else ''}[0-9]{{1,{digits}}}", str(raw)) is not None


def _read_date(raw: object) -> date:
    if not isinstance(raw, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", raw.strip(), re.ASCII):
        raise ValueError("Give a date as YYYY-MM-DD.")
    try:
        return date.fromisoformat(raw.strip())
    except ValueError:
        raise ValueError("There is no such date.") from None
