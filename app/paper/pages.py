"""A printed document, page by page: the letterhead and the address, what it is about, its parts, and the foot."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from babel import Locale
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from app.paper.issuer import IssuerDetails
from app.paper.scripts import BOLD
from app.paper.sheet import (
    ACCENT,
    BOTTOM,
    LEFT,
    MUTED,
    PAGE_HEIGHT,
    RIGHT,
    TOP,
    WIDTH,
    Block,
    footer,
    letterhead,
    open_canvas,
    paginate,
    wrap,
    wrap_all,
    write,
    write_right,
)

_ADDRESS_WIDTH = WIDTH * 0.5
_FACTS_LEFT = LEFT + WIDTH * 0.58
# Where a letter's window shows the address, if the letterhead leaves room.
_ADDRESS_TOP: float = PAGE_HEIGHT - 58 * mm
# The longest number takes three lines of the title.
_CONTINUED_LINES, _CONTINUED_HEIGHT = 3, 44


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What stands above a document's parts, and around them. `facts` are labels with values, at the right.

    `title` also heads each further page, and names the file's window; `page` is filled in with the page and how many
    there are. `locale` is the language that the document says it is in.
    """

    title: str
    issuer: IssuerDetails
    customer_name: str
    customer_address: tuple[str, ...]
    facts: Sequence[tuple[str, str]]
    vat_label: str
    page: str
    locale: Locale


def printed(cover: Cover, parts: Sequence[Sequence[Block]]) -> bytes:
    """Return a document as a PDF: the letterhead and the first part under it; each further part begins a page.

    The same input gives the same bytes. Raises ValueError when the issuer's logo can't be read.
    """
    buffer = BytesIO()
    canvas = open_canvas(buffer, language=str(cover.locale).replace("_", "-"))
    _describe(canvas, cover)
    first = _opening(canvas, cover)
    following = TOP - _CONTINUED_HEIGHT
    pages = [page for part in parts[:1] for page in paginate(part, first=first - BOTTOM, following=following - BOTTOM)]
    for part in parts[1:]:
        pages += paginate(part, first=following - BOTTOM, following=following - BOTTOM)
    for number, page in enumerate(pages, start=1):
        y = first
        if number > 1:
            canvas.showPage()
            y = _continued(canvas, cover.title)
        for block in page:
            block.draw(canvas, y)
            y -= block.height
        footer(canvas, cover.issuer.footer, page=cover.page.format(page=number, pages=len(pages)))
    canvas.save()
    return buffer.getvalue()


def _describe(canvas: Canvas, cover: Cover) -> None:
    canvas.setTitle(cover.title)
    canvas.setAuthor(cover.issuer.name)
    canvas.setSubject(cover.title)
    canvas.setCreator("Counterpart")
    canvas.setViewerPreference("DisplayDocTitle", "true")


def _opening(canvas: Canvas, cover: Cover) -> float:
    """Draw what stands above the first part, and return where that begins."""
    used = letterhead(canvas, cover.issuer, vat_label=cover.vat_label)
    top = min(_ADDRESS_TOP, TOP - used - 10 * mm)
    y: float = top
    for line in wrap(cover.customer_name, _ADDRESS_WIDTH, font=BOLD, size=10):
        write(canvas, (LEFT, y), line, font=BOLD, size=10)
        y -= 13.5
    for line in wrap_all(cover.customer_address, _ADDRESS_WIDTH, size=10):
        write(canvas, (LEFT, y), line, size=10)
        y -= 13.5
    y = min(y, _facts(canvas, top, cover.facts)) - 34
    for line in wrap(cover.title, WIDTH, font=BOLD, size=18):
        write(canvas, (LEFT, y), line, font=BOLD, size=18, colour=ACCENT)
        y -= 23
    return y - 6


def _facts(canvas: Canvas, y: float, facts: Sequence[tuple[str, str]]) -> float:
    """Draw the facts as two columns at the right, and return where they end."""
    for label, value in facts:
        write(canvas, (_FACTS_LEFT, y), label, size=8.5, colour=MUTED)
        for line in wrap(value, RIGHT - _FACTS_LEFT - 33 * mm, size=8.5):
            write_right(canvas, (RIGHT, y), line, size=8.5)
            y -= 13.5
    return y


def _continued(canvas: Canvas, title: str) -> float:
    """Draw what stands above the parts of a further page, and return where they begin."""
    y = TOP - 8
    for line in wrap(title, WIDTH, font=BOLD)[:_CONTINUED_LINES]:
        write(canvas, (LEFT, y), line, font=BOLD, colour=ACCENT)
        y -= 12
    return TOP - _CONTINUED_HEIGHT
