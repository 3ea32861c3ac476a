"""Lines of text in several styles: broken to a width, put into the order in which they are seen, and drawn."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from arabic_reshaper import reshape
from bidi import algorithm as bidi
from reportlab.lib.colors import Color
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from app.paper.scripts import BOLD, REGULAR, is_plain, load_fonts, pieces_of, width_of
from app.paper.sheet import ACCENT, INK, TINT

# Letters of a slanted text lean so far to the right for each point of their height.
_SLANT = 0.2


class Style(NamedTuple):
    """How a piece of text looks; `link` is the address that it leads to, or empty."""

    bold: bool = False
    slanted: bool = False
    struck: bool = False
    code: bool = False
    link: str = ""

    @property
    def font(self) -> str:
        """Return the name of its font."""
        return BOLD if self.bold else REGULAR


class Piece(NamedTuple):
    """Some text in one style."""

    text: str
    style: Style


Line = list[Piece]


def text_of(line: Sequence[Piece]) -> str:
    """Return what a line says."""
    return "".join(piece.text for piece in line)


def wrapped(pieces: Sequence[Piece], width: float, *, size: float) -> list[Line]:
    """Break text into lines no wider than `width` points: between words, and inside a word that is wider."""
    load_fonts()
    lines: list[Line] = [[]]
    room = width
    space = Piece("", Style())
    for word, gap in _words(pieces):
        space = gap if lines[-1] else Piece("", Style())
        needed = _width([space, *word], size)
        if needed > room and lines[-1]:
            lines.append([])
            room, space = width, Piece("", Style())
            needed = _width(word, size)
        if needed > room:
            *full, word = _broken(word, width, size)  # noqa: PLW2901  what is left of it stands in the last line
            lines[-1:] = [*full, []]
            needed = _width(word, size)
        lines[-1] += [piece for piece in (space, *word) if piece.text]
        room -= needed
    return [line for line in lines if line]


def draw(canvas: Canvas, left: float, right: float, base: float, line: Line, *, size: float, rtl: bool) -> None:
    """Draw a line on its baseline between two edges: from the left one, or up to the right one where it runs so."""
    seen = list(_as_seen(line, rtl=rtl))
    x = right - sum(_seen_width(piece, size) for piece in seen) if rtl else left
    for piece in seen:
        wide = _seen_width(piece, size)
        _underlay(canvas, x, base, wide, piece.style, size)
        _put(canvas, x, base, piece, size)
        x += wide


def _words(pieces: Sequence[Piece]) -> Iterator[tuple[Line, Piece]]:
    """Give each word, which may change its style on the way, with the space before it."""
    word: Line = []
    gap = Piece("", Style())
    for text, style in pieces:
        for is_space, some in groupby(text, key=lambda one: one.isspace() and one != "\u00a0"):
            if not is_space:
                word.append(Piece("".join(some), style))
                continue
            if word:
                yield word, gap
                word = []
            gap = Piece(" ", style._replace(code=False))
    if word:
        yield word, gap


def _broken(word: Line, width: float, size: float) -> list[Line]:
    """Break a word that is wider than a line, each piece of it at least a character long."""
    lines: list[Line] = [[]]
    room = width
    for text, style in word:
        for character in text:
            wide = width_of(character, font=style.font, size=size)
            if wide > room and lines[-1]:
                lines.append([])
                room = width
            if lines[-1] and lines[-1][-1].style == style:
                lines[-1][-1] = Piece(lines[-1][-1].text + character, style)
            else:
                lines[-1].append(Piece(character, style))
            room -= wide
    return lines


def _width(line: Sequence[Piece], size: float) -> float:
    return sum(width_of(piece.text, font=piece.style.font, size=size) for piece in line if piece.text)


def _seen_width(piece: Piece, size: float) -> float:
    return float(
        sum(pdfmetrics.stringWidth(text, font, size) for font, text in pieces_of(piece.text, piece.style.font))
    )


def _as_seen(line: Line, *, rtl: bool) -> Iterator[Piece]:
    """Give the pieces of a line from left to right (Unicode Annex 9), each character with its style."""
    if is_plain(text_of(line)):
        # What looks alike is drawn at once: whoever copies it out of the paper gets whole sentences.
        for look, pieces in groupby(line, key=lambda piece: piece.style):
            yield Piece(text_of(list(pieces)), look)
        return
    marked = [(character, piece.style) for piece in line for character in reshape(piece.text)]
    storage = bidi.get_empty_storage()
    storage["base_level"] = int(rtl)
    storage["base_dir"] = "R" if rtl else "L"
    bidi.get_embedding_levels("".join(character for character, _ in marked), storage)
    for held, (_, style) in zip(storage["chars"], marked, strict=True):
        held["style"] = style
    bidi.explicit_embed_and_overrides(storage, debug=False)
    bidi.resolve_weak_types(storage, debug=False)
    bidi.resolve_neutral_types(storage, debug=False)
    bidi.resolve_implicit_levels(storage, debug=False)
    bidi.reorder_resolved_levels(storage, debug=False)
    bidi.apply_mirroring(storage, debug=False)
    for style, some in groupby(storage["chars"], key=lambda held: held["style"]):
        yield Piece("".join(held["ch"] for held in some), style)


def _underlay(canvas: Canvas, x: float, base: float, wide: float, style: Style, size: float) -> None:
    if style.code:
        canvas.setFillColor(TINT)
        canvas.rect(x - 1, base - size * 0.25, wide + 2, size * 1.2, stroke=0, fill=1)
    if style.link:
        canvas.linkURL(style.link, (x, base - 2, x + wide, base + size), relative=0)
        _stroke(canvas, x, wide, base - 1.5, ACCENT)
    if style.struck:
        _stroke(canvas, x, wide, base + size * 0.3, INK)


def _stroke(canvas: Canvas, x: float, wide: float, y: float, colour: Color) -> None:
    canvas.setStrokeColor(colour)
    canvas.setLineWidth(0.5)
    canvas.line(x, y, x + wide, y)


def _put(canvas: Canvas, x: float, base: float, piece: Piece, size: float) -> None:
    canvas.setFillColor(ACCENT if piece.style.link else INK)
    if piece.style.slanted:
        canvas.saveState()
        # No font of ours is slanted: the letters of the upright one are made to lean.
        canvas.transform(1, 0, _SLANT, 1, x, base)
        x, base = 0.0, 0.0
    for font, text in pieces_of(piece.text, piece.style.font):
        canvas.setFont(font, size)
        canvas.drawString(x, base, text)
        x += pdfmetrics.stringWidth(text, font, size)
    if piece.style.slanted:
        canvas.restoreState()
