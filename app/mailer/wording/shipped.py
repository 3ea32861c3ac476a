"""The templates that come with the program: files beside this module, one for each kind of document and language."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

from app.mailer.wording.template_kinds import TemplateKind

FOLDER = Path(__file__).resolve().parent / "shipped"
LANGUAGES = ("en", "de")
_SUBJECT = "Subject: "
_VAT_LABELS = {"en": "VAT number:", "de": "USt-IdNr.:"}
_INDENT = " " * 16


class Template(NamedTuple):
    """A mail template: Jinja source of the subject and of both bodies."""

    subject: str
    text: str
    html: str

    def changed(self, *changes: str | None) -> Template:
        """Return it with what is not None in the place of its own parts, in their order."""
        return Template(*(own if change is None else change for own, change in zip(self, changes, strict=True)))


@cache
def shipped(kind: TemplateKind, language: str) -> Template:
    """Return the template that comes with the program; its HTML is the frame of all with the kind's own part in it."""
    first, _, text = _read(f"{kind}.{language}.txt").partition("\n\n")
    subject = first.removeprefix(_SUBJECT)
    own = "\n".join(f"{_INDENT}{line}" for line in _read(f"{kind}.{language}.html").strip().split("\n"))
    html = _read("frame.html")
    for mark, part in (
        ('lang="en"', f'lang="{language}"'),
        ("TITLE", subject),
        ("VAT_LABEL", _VAT_LABELS[language]),
        ("BODY", own.removeprefix(_INDENT)),
    ):
        html = html.replace(f"\n{mark}\n", f"\n{_INDENT}{part}\n") if mark == "BODY" else html.replace(mark, part)
    return Template(subject, text.strip(), html.strip())


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")
