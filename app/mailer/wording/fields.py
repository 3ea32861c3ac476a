"""What the fields of a mail template accept, before it is checked as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.core.fields import Fields, Text
from app.mailer.wording.compiled import MAX_SUBJECT

MAX_TEXT = 20_000
MAX_HTML = 60_000


@dataclass(frozen=True, slots=True)
class Source(Text):
    """A part of a template. What is the same as the shipped one is kept as null, so that it follows the program."""

    def current(self, record: object, name: str) -> Any:  # noqa: ANN401  a text
        """Return the part that mails are made by."""
        return getattr(record.wording, name)  # type: ignore[attr-defined]

    def assign(self, record: object, name: str, value: object) -> None:
        """Keep the part where it differs from the shipped one."""
        setattr(record, name, None if value == getattr(record.shipped, name) else value)  # type: ignore[attr-defined]


TEMPLATE_FIELDS: Fields = {
    "subject": Source(limit=MAX_SUBJECT, required=True),
    "text": Source(limit=MAX_TEXT, required=True, multiline=True),
    "html": Source(limit=MAX_HTML, required=True, multiline=True),
}
