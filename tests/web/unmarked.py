"""What a page says beside what its catalogue gave it: the texts that nobody could translate."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html.parser import HTMLParser

OPEN, CLOSE = "⟦", "⟧"
SAID_BY_ATTRIBUTES = {"aria-label", "title", "placeholder", "alt", "data-confirm", "data-placeholder", "data-label"}
# What holds data or code, and what a language does not change.
SILENT = {"script", "style", "svg", "pre", "kbd", "template"}


class Marked:
    """Translations that put marks around each text that was looked up."""

    def ugettext(self, text: str) -> str:
        return f"{OPEN}{text}{CLOSE}"

    def ungettext(self, singular: str, plural: str, number: int) -> str:
        return f"{OPEN}{singular if number == 1 else plural}{CLOSE}"

    gettext, ngettext = ugettext, ungettext


class Texts(HTMLParser):
    """Collects what a page says: its text nodes, and the attributes that are read out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in SILENT:
            self.silent += 1
        self.found += [value for name, value in attrs if name in SAID_BY_ATTRIBUTES and value]
        if tag == "input" and given.get("type") in ("submit", "button"):
            self.found.append(given.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self.silent -= 1

    def handle_data(self, data: str) -> None:
        if not self.silent and data.strip():
            self.found.append(" ".join(data.split()))


def without_marked(text: str) -> str:
    """Take out what stands between marks, marks within marks included."""
    kept, depth = [], 0
    for char in text:
        if char == OPEN:
            depth += 1
        elif char == CLOSE:
            depth = max(0, depth - 1)
        elif not depth:
            kept.append(char)
    return "".join(kept)


def unmarked_texts(page: str, data: Iterable[str]) -> list[str]:
    """Return what a page says that is neither from the catalogue nor among the `data`, longest first."""
    parser = Texts()
    parser.feed(page)
    found = []
    known = sorted(set(data), key=len, reverse=True)
    for text in parser.found:
        rest = without_marked(text)
        for one in known:
            rest = rest.replace(one, " ")
        if re.search(r"[A-Za-z]{2,}", rest):
            found.append(text)
    return found
