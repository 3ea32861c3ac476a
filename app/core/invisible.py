"""Invisible characters of a text: those that only make it look like another go, those that a script needs stay."""

from __future__ import annotations

import re
import unicodedata

ZWNJ, ZWJ = "\u200c", "\u200d"
# Unicode's "default ignorable" format characters, the joiners aside: marks, embeddings and overrides of direction,
# spaces without width, soft hyphens, tags. In a line of text they are seen only by what they do to its neighbours.
_MARKS = "\u200e\u200f\u061c"
_ISOLATES = "\u2066-\u2069"
_OTHERS = (
    "\u00ad\u180e\u200b\u202a-\u202e\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f"
)
_IN_A_LINE = re.compile(f"[{_MARKS}{_ISOLATES}{_OTHERS}]")
_IN_PARAGRAPHS = re.compile(f"[{_OTHERS}]")
_JOINER = re.compile(f"[{ZWNJ}{ZWJ}]+")
# Scripts that are written without joiners: in them a joiner changes nothing but what two names compare as.
_WITHOUT_JOINERS = ("LATIN", "GREEK", "CYRILLIC", "DIGIT")
_VIRAMA = 9


def without_invisible(text: str, *, multiline: bool) -> str:
    """Return a text without invisible characters that deceive.

    Paragraphs keep marks and isolates, which mixed directions need. A joiner (ZWJ, ZWNJ) stays after a virama, and
    between letters or pictures of scripts that join, as Persian, Hindi, Sinhala and emoji do (RFC 5892, appendix A).
    """
    if text.isascii():
        return text
    seen = (_IN_PARAGRAPHS if multiline else _IN_A_LINE).sub("", text)
    return _JOINER.sub(lambda found: found[0][0] if _joins(seen, found) else "", seen)


def _joins(text: str, found: re.Match[str]) -> bool:
    before = text[found.start() - 1 : found.start()]
    after = text[found.end() : found.end() + 1]
    if before and unicodedata.combining(before) == _VIRAMA:
        return True
    return _may_join(before) and _may_join(after)


def _may_join(char: str) -> bool:
    """Tell whether a letter, a mark on one or a picture is of a script that uses joiners."""
    if not char or unicodedata.category(char)[0] not in "LMS":
        return False
    return not char.isascii() and not unicodedata.name(char, "").startswith(_WITHOUT_JOINERS)
