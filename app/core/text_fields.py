"""The fields that are typed: text without what would deceive, mail and web addresses, and codes."""

from __future__ import annotations

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from app.core.addresses import check_address, split_addresses
from app.core.invisible import without_invisible
from app.core.words import said, say

# Unicode categories that no line of a mail or of a PDF can hold: controls, surrogates, line and paragraph separators.
_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})


class SeveralErrors(ValueError):
    """A value has several errors, each with a text of its own."""

    def __init__(self, texts: Sequence[str]) -> None:
        super().__init__(" ".join(texts))
        self.texts = list(texts)


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
    """Text of at most `limit` characters (NFC). Blank is kept as null.

    Control characters are refused; invisible ones, which would make two names look alike or turn one around, go.
    """

    limit: int = 200
    multiline: bool = False

    def clean(self, raw: object) -> object:
        """Return the text trimmed, or None."""
        if raw is None:
            return None
        if not isinstance(raw, str):
            raise ValueError(say("Give text here."))
        plain = without_invisible(raw.replace("\r\n", "\n"), multiline=self.multiline)
        text = unicodedata.normalize("NFC", plain).strip()
        allowed = "\n\t" if self.multiline else ""
        if any(unicodedata.category(char) in _FORBIDDEN and char not in allowed for char in text):
            raise ValueError(say("Leave out control characters."))
        if len(text) > self.limit:
            raise ValueError(
                say("Use {limit} characters at most; this has {length}.", limit=self.limit, length=len(text))
            )
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
        """Return the addresses joined by a comma and a space, or None; each wrong one has an error of its own."""
        text = Text.clean(self, raw)
        if not isinstance(text, str):
            return None
        wrong: list[str] = []
        good: list[str] = []
        for address in split_addresses(text):
            try:
                good.append(check_address(address))
            except ValueError as error:
                wrong.append(say("{address}: {error}", address=address, error=said(error)))
        if wrong:
            raise SeveralErrors(wrong)
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
            raise ValueError(say("Give a web address such as https://www.example.com."))
        if len(address) > self.limit:
            raise ValueError(say("Use {limit} characters at most.", limit=self.limit))
        return address


@dataclass(frozen=True, slots=True)
class Code(Text):
    """A code out of a list that `source` names, for instance an ISO 3166 country; `check` says whether it is in it."""

    limit: int = 40
    source: str = ""
    check: Callable[[str], bool] | None = None
    fold: Callable[[str], str] = str
    unknown: Callable[[str], str] = lambda text: say("{text} is no known code.", text=text)

    def clean(self, raw: object) -> object:
        """Return the code, or None."""
        text = Text.clean(self, raw)
        if not isinstance(text, str):
            return None
        code = self.fold(text)
        # Some letters fold to two: ß would become SS, which is South Sudan.
        if self.check is not None and not (text.isascii() and self.check(code)):
            raise ValueError(self.unknown(text))
        return code
