"""The styles of a mail template put at its elements, where mail programs read them; Jinja's tags come through whole."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

import css_inline

# Jinja's tags. No text in a template holds a brace (sandbox.py), so that the first end is the end.
_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
# What stands in their places while HTML is read.
MARK = re.compile(r"JT[0-9a-f]{8}N(\d+)[VC]")


class Tokens(NamedTuple):
    """A template whose tags are marks that any HTML parser leaves alone: words for values, comments for conditions."""

    text: str
    tags: tuple[str, ...]
    marks: tuple[str, ...]


def tokenised(source: str, *, keep_lines: bool = False) -> Tokens:
    """Return a template with marks for its tags; with `keep_lines` each mark takes as many lines as its tag."""
    prefix = f"JT{hashlib.sha256(source.encode()).hexdigest()[:8]}N"
    tags: list[str] = []
    marks: list[str] = []

    def mark(found: re.Match[str]) -> str:
        tag = found.group()
        is_value = tag.startswith("{{")
        name = f"{prefix}{len(tags)}{'V' if is_value else 'C'}"
        lines = "\n" * tag.count("\n") if keep_lines else ""
        tags.append(tag)
        marks.append(name + lines if is_value else f"<!--{name}{lines}-->")
        return marks[-1]

    return Tokens(_TAG.sub(mark, source), tuple(tags), tuple(marks))


def inlined(source: str) -> str | None:
    """Return a template with its styles at its elements, or None where a tag does not survive that."""
    tokens = tokenised(source)
    inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
    try:
        html: str = inliner.inline(tokens.text)
    except css_inline.InlineError:
        return None
    if [int(number) for number in MARK.findall(html)] != list(range(len(tokens.tags))):
        return None
    places: list[str] = []
    for tag, mark in zip(tokens.tags, tokens.marks, strict=True):
        before, found, html = html.partition(mark)
        if not found:
            return None
        places += [before, tag]
    whole = "".join([*places, html])
    # HTML puts rows into a body that nobody wrote; it would begin within a condition, and end after it.
    return whole if "tbody" in source.lower() else whole.replace("<tbody>", "").replace("</tbody>", "")
