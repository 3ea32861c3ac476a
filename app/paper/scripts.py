"""Scripts: the font that a text is written in, and the way it runs. Hebrew and Arabic from the right, and joined."""

import functools
import unicodedata
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from arabic_reshaper import reshape
from bidi import get_display
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

REGULAR, BOLD = "CounterpartSans", "CounterpartSans-Bold"
# For letters that those lack, one after the other, in one weight: Chinese and Japanese, then Korean.
FALLBACKS = {"CounterpartHan": "DroidSansFallbackFull.ttf", "CounterpartHangul": "NanumGothic.ttf"}
# Hebrew begins here. Before it lie Latin, Greek, Cyrillic and Armenian, which need nothing but their letters.
_FIRST_OTHER = "\u0590"
_FROM_THE_RIGHT = frozenset({"R", "AL"})
_FONT_FILES = Path(__file__).parent / "fonts"


@functools.cache
def load_fonts() -> None:
    """Make the two fonts known to ReportLab, once; it embeds of them what a document uses."""
    pdfmetrics.registerFont(TTFont(REGULAR, _FONT_FILES / "DejaVuSans.ttf"))
    pdfmetrics.registerFont(TTFont(BOLD, _FONT_FILES / "DejaVuSans-Bold.ttf"))


def width_of(text: str, *, font: str, size: float) -> float:
    """Return how wide a line is, in points."""
    load_fonts()
    if _is_plain(text):
        return float(pdfmetrics.stringWidth(text, font, size))
    return float(sum(pdfmetrics.stringWidth(piece, name, size) for name, piece in _pieces(text, font)))


def draw_line(
    canvas: Canvas, at: tuple[float, float], text: str, *, font: str, size: float, ends: bool = False
) -> None:
    """Draw a line of text that begins at a point on its baseline, or `ends` there."""
    canvas.setFont(font, size)
    if _is_plain(text):
        put = canvas.drawRightString if ends else canvas.drawString
        put(*at, text)
        return
    x, y = at
    if ends:
        x -= width_of(text, font=font, size=size)
    for name, piece in _pieces(text, font):
        canvas.setFont(name, size)
        canvas.drawString(x, y, piece)
        x += pdfmetrics.stringWidth(piece, name, size)


def as_seen(text: str) -> str:
    """Return a line as it is seen, from left to right: Arabic letters joined, and what runs from the right turned.

    The direction of a line is that of its first letter (Unicode Annex 9, rules P2 and P3).
    """
    kinds = [unicodedata.bidirectional(character) for character in text]
    if _FROM_THE_RIGHT.isdisjoint(kinds):
        return text
    first = next(kind for kind in kinds if kind == "L" or kind in _FROM_THE_RIGHT)
    seen: str = get_display(reshape(text), base_dir="L" if first == "L" else "R")
    return seen


def runs_from_the_right(text: str) -> bool:
    """Tell whether a paragraph runs from the right: whether its first letter does (Unicode Annex 9, rule P2)."""
    kinds = (unicodedata.bidirectional(character) for character in text)
    return next((kind for kind in kinds if kind == "L" or kind in _FROM_THE_RIGHT), "L") != "L"


def is_plain(text: str) -> bool:
    """Tell whether all letters of a text run from the left, and stand in the first font."""
    return _is_plain(text) if text else True


def _is_plain(text: str) -> bool:
    return text.isascii() or max(text) < _FIRST_OTHER


def _pieces(text: str, font: str) -> Sequence[tuple[str, str]]:
    """Return a line as it is seen, in pieces, each with the font that has its letters."""
    return pieces_of(as_seen(text), font)


def pieces_of(seen: str, font: str) -> Sequence[tuple[str, str]]:
    """Return what is in the order in which it is seen, in pieces, each with the font that has its letters."""
    own = pdfmetrics.getFont(font).face.charToGlyph
    if all(ord(character) in own for character in seen):
        return [(font, seen)]

    def name_of(character: str) -> str:
        if ord(character) in own:
            return font
        # What no font has stays with the first, which draws an empty box.
        return next((name for name in FALLBACKS if ord(character) in _fallback(name).face.charToGlyph), font)

    return [(name, "".join(some)) for name, some in groupby(seen, key=name_of)]


@functools.cache
def _fallback(name: str) -> TTFont:
    """Load a large font when the first text needs it."""
    font = TTFont(name, _FONT_FILES / FALLBACKS[name])
    pdfmetrics.registerFont(font)
    return font
