"""Templates made ready once for each wording, and what they say about one document."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from jinja2 import Template as JinjaTemplate

from app.mailer.wording.inlining import inlined
from app.mailer.wording.sandbox import environment
from app.mailer.wording.shipped import Template

MAX_SUBJECT = 200
MAX_RESULT = 500_000
# More than there are of kinds, languages and wordings of them that a worker meets between two edits.
_KEPT = 64
_ELLIPSIS = "…"


class TooLong(Exception):
    """A mail came out longer than mails are."""


class Wording(NamedTuple):
    """What a mail says."""

    subject: str
    text: str
    html: str


class Compiled(NamedTuple):
    """A template that is ready to be filled in."""

    subject: JinjaTemplate
    text: JinjaTemplate
    html: JinjaTemplate

    def filled(self, values: Mapping[str, str]) -> Wording:
        """Return what it says. Raises TooLong, and Jinja's UndefinedError where a value is missing."""
        subject = self.subject.render(values)
        text, html = self.text.render(values), self.html.render(values)
        if len(text) + len(html) > MAX_RESULT:
            raise TooLong(f"the mail has more than {MAX_RESULT} characters")
        return Wording(one_line(subject), text, html)


@lru_cache(maxsize=_KEPT)
def compiled(template: Template) -> Compiled:
    """Return a template compiled, its styles put at their elements.

    Raises:
        ValueError: when the HTML can't carry its styles; no template that was checked raises anything.

    """
    html = inlined(template.html)
    if html is None or len(html) > MAX_RESULT:
        raise ValueError("the styles can't be put at the elements")
    plain = environment(html=False)
    return Compiled(
        plain.from_string(template.subject), plain.from_string(template.text), environment(html=True).from_string(html)
    )


def one_line(text: str) -> str:
    """Return a subject as one line without control characters, cut to what headers and lists carry."""
    plain = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp", "Cs") else char for char in text)
    line = " ".join(plain.split())
    return line if len(line) <= MAX_SUBJECT else line[: MAX_SUBJECT - 1].rstrip() + _ELLIPSIS
