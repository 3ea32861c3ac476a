"""How an edited template differs from the shipped one, line by line."""

from __future__ import annotations

import difflib
from typing import NamedTuple

from app.core.words import Words
from app.mailer.wording.models import MailTemplate
from app.mailer.wording.names import FIELD_NAMES

_AROUND = 2
_SIGNS = {"+": "added", "-": "removed", "@": "place"}


class Line(NamedTuple):
    """A line of a difference: `added`, `removed`, `place` (where in the text), or empty for one that is the same."""

    sign: str
    text: str


class Part(NamedTuple):
    """What differs in one part of a template."""

    name: Words
    lines: list[Line]


def shown_differences(template: MailTemplate) -> list[Part]:
    """Return what differs, by part, with a few lines around each change."""
    return [
        Part(FIELD_NAMES[name], _lines(getattr(template.shipped, name), getattr(template.wording, name)))
        for name in template.edited
    ]


def _lines(before: str, after: str) -> list[Line]:
    found = difflib.unified_diff(before.split("\n"), after.split("\n"), lineterm="", n=_AROUND)
    return [Line(_SIGNS.get(line[:1], ""), line) for line in list(found)[2:]]
