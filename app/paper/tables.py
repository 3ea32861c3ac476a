"""Tables on paper: a head that comes again on each page, rows that wrap, headings of groups, and sums under them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from reportlab.lib.colors import Color, white
from reportlab.pdfgen.canvas import Canvas

from app.paper.scripts import BOLD, REGULAR
from app.paper.sheet import ACCENT, INK, LEFT, MUTED, TINT, WIDTH, Block, rule, wrap, write, write_right

PADDING = 5
_NOTE_SIZE = 7.5


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its head, where it begins and how wide it is, in points. What is `right` ends at its right edge."""

    head: str
    left: float
    width: float
    right: bool = False

    @property
    def room(self) -> float:
        """Return how wide a text in it may be."""
        return self.width - 2 * PADDING


@dataclass(frozen=True, slots=True)
class Look:
    """How a row's text looks; sizes, and the room above and below it, are in points."""

    font: str = REGULAR
    size: float = 8.5
    colour: Color = INK
    fill: Color | None = None
    ruled: bool = True
    above: float = PADDING


_PLAIN = Look()
_DENSE = Look(size=7.5, above=2.5)
_HEAD = Look(font=BOLD, size=8, colour=white, fill=ACCENT, ruled=False)
_HEADING = Look(font=BOLD, size=8.5, colour=ACCENT, fill=TINT, ruled=False)
_SUM = Look(font=BOLD, size=8.5)


def columns(*given: tuple[str, float, bool]) -> tuple[Column, ...]:
    """Deal the width of the paper out to columns, each of a head, a share of the width, and whether it is `right`."""
    made: list[Column] = []
    left = LEFT
    for head, share, right in given:
        made.append(Column(head, left, WIDTH * share, right))
        left += WIDTH * share
    return tuple(made)


def head_of(table: Sequence[Column]) -> Block:
    """Return the head of a table."""
    return _cells(table, [one.head for one in table], look=_HEAD)


def row(table: Sequence[Column], texts: Sequence[str], *, head: Block, note: str = "") -> Block:
    """Return a row; `note` stands under its first text, smaller."""
    return _cells(table, texts, look=_PLAIN, head=head, note=note)


def dense_row(table: Sequence[Column], texts: Sequence[str], *, head: Block) -> Block:
    """Return a row of a table that runs over many pages."""
    return _cells(table, texts, look=_DENSE, head=head)


def sum_row(table: Sequence[Column], label: str, amount: str, *, head: Block) -> Block:
    """Return the sum under a group: its label over all columns but the last, and the amount in the last."""
    last = table[-1]
    wide = (Column("", table[0].left, last.left - table[0].left), last)
    return _cells(wide, [label, amount], look=_SUM, head=head)


def heading(text: str) -> Block:
    """Return the heading of a group of rows."""
    return _cells((Column("", LEFT, WIDTH),), [text], look=_HEADING)


def title(text: str) -> Block:
    """Return the title of a part of the document, with room above it."""
    lines = wrap(text, WIDTH, font=BOLD, size=12)

    def draw(canvas: Canvas, y: float) -> None:
        for position, line in enumerate(lines):
            write(canvas, (LEFT, y - 24 - 15 * position), line, font=BOLD, size=12, colour=ACCENT)

    return Block(20 + 15 * len(lines), draw)


def remark(text: str) -> Block:
    """Return a sentence under a title."""
    lines = wrap(text, WIDTH, size=8)

    def draw(canvas: Canvas, y: float) -> None:
        for position, line in enumerate(lines):
            write(canvas, (LEFT, y - 9 - 11 * position), line, size=8, colour=MUTED)

    return Block(8 + 11 * len(lines), draw)


def gap(height: float) -> Block:
    """Return so much empty room."""
    return Block(height, lambda _canvas, _y: None)


def together(*blocks: Block, head: Block | None = None) -> Block:
    """Return blocks as one that no page breaks."""

    def draw(canvas: Canvas, y: float) -> None:
        for block in blocks:
            block.draw(canvas, y)
            y -= block.height

    return Block(sum(block.height for block in blocks), draw, head)


def _cells(
    table: Sequence[Column], texts: Sequence[str], *, look: Look, head: Block | None = None, note: str = ""
) -> Block:
    wrapped = [_wrapped(text, column.room, look.font, look.size) for column, text in zip(table, texts, strict=True)]
    notes = _wrapped(note, table[0].room, REGULAR, _NOTE_SIZE) if note else ()
    leading = look.size + 2.5
    tallest = max(len(wrapped[0]) * leading + len(notes) * (_NOTE_SIZE + 2), *(len(one) * leading for one in wrapped))
    height = tallest + 2 * look.above - 2

    def draw(canvas: Canvas, y: float) -> None:
        if look.fill is not None:
            canvas.setFillColor(look.fill)
            canvas.rect(table[0].left, y - height, sum(one.width for one in table), height, stroke=0, fill=1)
        for column, lines in zip(table, wrapped, strict=True):
            base = y - look.above - look.size + 1
            for line in lines:
                if column.right:
                    at = (column.left + column.width - PADDING, base)
                    write_right(canvas, at, line, font=look.font, size=look.size, colour=look.colour)
                else:
                    at = (column.left + PADDING, base)
                    write(canvas, at, line, font=look.font, size=look.size, colour=look.colour)
                base -= leading
        base = y - look.above - look.size + 1 - leading * len(wrapped[0]) + 1
        for line in notes:
            write(canvas, (table[0].left + PADDING, base), line, size=_NOTE_SIZE, colour=MUTED)
            base -= _NOTE_SIZE + 2
        if look.ruled:
            rule(canvas, y - height)

    return Block(height, draw, head)


@lru_cache(maxsize=16_384)
def _wrapped(text: str, width: float, font: str, size: float) -> tuple[str, ...]:
    """Break a text into lines: thousands of rows name the same places."""
    return tuple(wrap(text, width, font=font, size=size))
