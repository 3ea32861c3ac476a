"""Graphs on paper, drawn as lines and rectangles: bars beside their labels, and columns over theirs."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from reportlab.lib.colors import HexColor
from reportlab.pdfgen.canvas import Canvas

from app.paper.scripts import BOLD, REGULAR, width_of
from app.paper.sheet import ACCENT, HAIRLINE, LEFT, MUTED, RIGHT, WIDTH, Block, wrap, write, write_right

_BAR, _BAR_GAP = 11, 6
_LABEL_SHARE, _AMOUNT_SHARE = 0.34, 0.18
_COLUMNS_HEIGHT = 92
_HEAD = 26
_LABEL_SIZE = 7
# Labels closer than so many points run into each other.
_LEAST_DISTANCE = 30
_QUIET = HexColor("#9db8d2")


@dataclass(frozen=True, slots=True)
class Amount:
    """What one bar or column stands for: its label, its size, and that size as text."""

    label: str
    size: Decimal
    text: str


def bars(title: str, amounts: Sequence[Amount]) -> Block:
    """Return a graph of bars, one below the other. What is less than nothing has a text and no bar."""
    most = max((one.size for one in amounts), default=Decimal(0))
    height = _HEAD + len(amounts) * (_BAR + _BAR_GAP) + 4
    left = LEFT + WIDTH * _LABEL_SHARE
    room = WIDTH * (1 - _LABEL_SHARE - _AMOUNT_SHARE)

    def draw(canvas: Canvas, y: float) -> None:
        _title(canvas, y, title)
        y -= _HEAD
        for one in amounts:
            base = y - _BAR + 2.5
            write(canvas, (LEFT, base), _one_line(one.label, WIDTH * _LABEL_SHARE - 8), size=8)
            canvas.setFillColor(ACCENT)
            canvas.rect(left, y - _BAR, _length(one.size, most, room), _BAR, stroke=0, fill=1)
            write_right(canvas, (RIGHT, base), one.text, size=8)
            y -= _BAR + _BAR_GAP

    return Block(height, draw)


def columns(title: str, amounts: Sequence[Amount], *, marked: int | None = None) -> Block:
    """Return a graph of columns, side by side; the one at `marked` stands out, or all of them do."""
    most = max((one.size for one in amounts), default=Decimal(0))
    tallest = next((one for one in amounts if one.size == most), None)

    def draw(canvas: Canvas, y: float) -> None:
        _title(canvas, y, title)
        base = y - _HEAD - _COLUMNS_HEIGHT
        step = WIDTH / max(len(amounts), 1)
        wide = min(step * 0.72, 34)
        every = max(1, -(-_LEAST_DISTANCE // int(step)) if step >= 1 else len(amounts))
        for position, one in enumerate(amounts):
            middle = LEFT + step * (position + 0.5)
            canvas.setFillColor(ACCENT if marked is None or marked == position else _QUIET)
            tall = _length(one.size, most, _COLUMNS_HEIGHT - 12)
            canvas.rect(middle - wide / 2, base, wide, tall, stroke=0, fill=1)
            if position % every == 0:
                _centred(canvas, middle, base - 9, one.label)
            if one is tallest or marked == position:
                _centred(canvas, middle, base + tall + 3, one.text)
        canvas.setStrokeColor(HAIRLINE)
        canvas.setLineWidth(0.5)
        canvas.line(LEFT, base, RIGHT, base)

    return Block(_HEAD + _COLUMNS_HEIGHT + 18, draw)


def _title(canvas: Canvas, y: float, title: str) -> None:
    write(canvas, (LEFT, y - 16), _one_line(title, WIDTH, font=BOLD, size=9.5), font=BOLD, size=9.5)


def _one_line(text: str, width: float, *, font: str = REGULAR, size: float = 9) -> str:
    """Return a text that stays in its line, cut at its end."""
    lines = wrap(text, width, font=font, size=size)
    if len(lines) <= 1:
        return text
    return wrap(lines[0], width - 8, font=font, size=size)[0] + "…"


def _length(size: Decimal, most: Decimal, room: float) -> float:
    return room * float(size / most) if most > 0 and size > 0 else 0.0


def _centred(canvas: Canvas, middle: float, y: float, text: str) -> None:
    width = width_of(text, font=REGULAR, size=_LABEL_SIZE)
    at = min(max(middle - width / 2, LEFT), RIGHT - width)
    write(canvas, (at, y), text, size=_LABEL_SIZE, colour=MUTED)
