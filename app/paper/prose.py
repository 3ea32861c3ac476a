"""Markdown on paper: headings, paragraphs, lists, quotes, code and tables, as blocks that flow from page to page."""

from collections.abc import Callable, Iterator, Sequence

from markdown_it.token import Token
from reportlab.pdfgen.canvas import Canvas

from app.core.markdown import inline_text, tokens_of
from app.paper import styled, tables
from app.paper.scripts import runs_from_the_right
from app.paper.sheet import HAIRLINE, LEFT, MUTED, RIGHT, TINT, Block, rule, write
from app.paper.styled import Piece, Style

SIZE = 10.0
_LEADING = 1.45
_HEADINGS = {"h1": 14.0, "h2": 12.5, "h3": 11.0}
_INDENT = 16.0
_PARAGRAPH_GAP = 7.0
# However deep lists and quotes stand in each other, so much is left for words.
_LEAST_ROOM = 120.0
_BULLETS = "•◦▪"


def prose(source: str) -> list[Block]:
    """Return a Markdown text as blocks: a line each, so that pages break between any two; headings stay with theirs."""
    return _Writer().blocks_of(tokens_of(source))


class _Writer:
    """Walks the tokens of a text, and keeps how far in it is."""

    def __init__(self) -> None:
        self._blocks: list[Block] = []
        self._lists: list[bool] = []
        self._quotes = 0
        self._mark = ""
        self._heading: Token | None = None
        self._pending: list[Block] = []
        self._rows: list[list[str]] = []

    def blocks_of(self, tokens: Sequence[Token]) -> list[Block]:
        """Return the blocks of a text."""
        in_table = False
        for token in tokens:
            in_table = token.type != "table_close" and (in_table or token.type == "table_open")
            if in_table:
                self._cell(token)
            elif token.type == "inline":
                self._paragraph(token)
            else:
                step = self._STEPS.get(token.type)
                if step is not None:
                    step(self, token)
        return [*self._blocks, *self._pending]

    def _open_list(self, token: Token) -> None:
        self._lists.append(token.type.startswith("ordered"))

    def _close_list(self, _token: Token) -> None:
        self._lists.pop()
        if not self._lists:
            self._add([tables.gap(_PARAGRAPH_GAP)])

    def _item(self, token: Token) -> None:
        numbered = self._lists[-1]
        self._mark = f"{token.info}{token.markup}" if numbered else _BULLETS[(len(self._lists) - 1) % len(_BULLETS)]

    def _open_quote(self, _token: Token) -> None:
        self._quotes += 1

    def _close_quote(self, _token: Token) -> None:
        self._quotes -= 1

    def _open_heading(self, token: Token) -> None:
        self._heading = token

    def _close_heading(self, _token: Token) -> None:
        self._heading = None

    def _rule(self, _token: Token) -> None:
        self._add([Block(14, lambda canvas, y: rule(canvas, y - 7))])

    def _code(self, token: Token) -> None:
        style = Style(code=True)
        left, right = self._edges()
        rows = token.content.rstrip("\n").split("\n")
        size = SIZE - 1.5
        made: list[Block] = []
        for row in rows:
            # Spaces at the beginning of a line of code mean something; no space of a width breaks it.
            pieces = [Piece(row.replace(" ", "\u00a0"), style)]
            lines = styled.wrapped(pieces, right - left - 12, size=size) or [[]]
            made += [Block(size * _LEADING, _code_line(line, left, right, size)) for line in lines]
        self._add([*made, tables.gap(_PARAGRAPH_GAP)])

    def _cell(self, token: Token) -> None:
        if token.type == "table_open":
            self._rows = []
        elif token.type == "tr_open":
            self._rows.append([])
        elif token.type == "inline":
            self._rows[-1].append(inline_text(token))

    def _close_table(self, _token: Token) -> None:
        head, *rows = self._rows
        share = 1 / len(head)
        table = tables.columns(*((name, share, False) for name in head))
        top = tables.head_of(table)
        self._add([top, *(tables.row(table, cells, head=top) for cells in rows), tables.gap(_PARAGRAPH_GAP)])

    def _paragraph(self, token: Token) -> None:
        size = _HEADINGS.get(self._heading.tag, SIZE) if self._heading else SIZE
        base = Style(bold=self._heading is not None)
        left, right = self._edges()
        rtl = runs_from_the_right(inline_text(token))
        mark, self._mark = self._mark, ""
        made: list[Block] = [tables.gap(6)] if self._heading else []
        for pieces in _lines_of(token.children or (), base):
            for line in styled.wrapped(pieces, right - left, size=size):
                made.append(Block(size * _LEADING, self._line(line, left, right, size, rtl=rtl, mark=mark)))
                mark = ""
        made.append(tables.gap(3 if self._lists or self._heading else _PARAGRAPH_GAP))
        if self._heading:
            self._pending += made
        else:
            self._add(made)

    def _line(
        self, line: styled.Line, left: float, right: float, size: float, *, rtl: bool, mark: str
    ) -> Callable[[Canvas, float], None]:
        quotes = self._quotes

        def draw(canvas: Canvas, y: float) -> None:
            base = y - size
            for depth in range(quotes):
                canvas.setFillColor(HAIRLINE)
                canvas.rect(LEFT + depth * _INDENT, y - size * _LEADING, 2, size * _LEADING, stroke=0, fill=1)
            if mark and rtl:
                write(canvas, (right + 5, base), mark, size=size, colour=MUTED)
            elif mark:
                write(canvas, (left - _INDENT + 1, base), mark, size=size, colour=MUTED)
            styled.draw(canvas, left, right, base, line, size=size, rtl=rtl)

        return draw

    def _edges(self) -> tuple[float, float]:
        """Return where lines begin and end; lists are further in from both, for they may run from the right."""
        depth = self._quotes + len(self._lists)
        left = min(LEFT + depth * _INDENT, RIGHT - _LEAST_ROOM)
        return left, RIGHT - (_INDENT if self._lists else 0)

    def _add(self, blocks: list[Block]) -> None:
        """Add blocks; a heading stays on the page of the first line under it."""
        if self._pending:
            together = tables.together(*self._pending, *blocks[:1])
            blocks, self._pending = [together, *blocks[1:]], []
        self._blocks += blocks

    _STEPS: dict[str, Callable[["_Writer", Token], None]] = {
        "bullet_list_open": _open_list,
        "ordered_list_open": _open_list,
        "bullet_list_close": _close_list,
        "ordered_list_close": _close_list,
        "list_item_open": _item,
        "blockquote_open": _open_quote,
        "blockquote_close": _close_quote,
        "heading_open": _open_heading,
        "heading_close": _close_heading,
        "hr": _rule,
        "fence": _code,
        "code_block": _code,
        "table_close": _close_table,
    }


def _code_line(line: styled.Line, left: float, right: float, size: float) -> Callable[[Canvas, float], None]:
    plain = [Piece(piece.text, Style()) for piece in line]

    def draw(canvas: Canvas, y: float) -> None:
        canvas.setFillColor(TINT)
        canvas.rect(left, y - size * _LEADING, right - left, size * _LEADING + 0.3, stroke=0, fill=1)
        styled.draw(canvas, left + 6, right, y - size, plain, size=size, rtl=False)

    return draw


def _lines_of(children: Sequence[Token], base: Style) -> Iterator[list[Piece]]:
    """Give the pieces of an inline token, a list for each line that the writer ended."""
    style = base
    found: list[Piece] = []
    for token in children:
        match token.type:
            case "text":
                found.append(Piece(token.content, style))
            case "code_inline":
                found.append(Piece(token.content, style._replace(code=True)))
            case "softbreak" | "hardbreak":
                yield found
                found = []
            case _:
                style = _changed(style, token, base)
    yield found


def _changed(style: Style, token: Token, base: Style) -> Style:
    name, _, side = token.type.rpartition("_")
    is_open = side == "open"
    match name:
        case "strong":
            return style._replace(bold=is_open or base.bold)
        case "em":
            return style._replace(slanted=is_open)
        case "s":
            return style._replace(struck=is_open)
        case "link":
            return style._replace(link=str(token.attrGet("href") or "") if is_open else "")
    return style
