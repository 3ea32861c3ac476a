"""The paper of a document: its fonts, its colours, wrapped text, and blocks that flow from page to page."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from app.paper.issuer import IssuerDetails
from app.paper.scripts import BOLD, REGULAR, draw_line, load_fonts, width_of

INK, MUTED, ACCENT = HexColor("#1d2733"), HexColor("#56616e"), HexColor("#1f4e79")
HAIRLINE, TINT = HexColor("#cfd6de"), HexColor("#eef3f8")

# All in points, from the lower left corner of the page.
PAGE_HEIGHT: float = A4[1]
LEFT: float = 20 * mm
RIGHT: float = A4[0] - 20 * mm
WIDTH = RIGHT - LEFT
TOP: float = PAGE_HEIGHT - 18 * mm
BOTTOM: float = 30 * mm
LOGO_WIDTH: float = 62 * mm
LOGO_HEIGHT: float = 20 * mm


@dataclass(frozen=True, slots=True)
class Block:
    """What is kept on one page: its height in points, and how to draw it from its top edge downwards.

    `head` is repeated above it when it is the first on a further page: a table's head.
    """

    height: float
    draw: Callable[[Canvas, float], None]
    head: "Block | None" = None


def open_canvas(buffer: BytesIO, *, language: str) -> Canvas:
    """Return an empty A4 canvas whose bytes depend on nothing but what is drawn on it.

    A font of ours from the start keeps ReportLab's default, Helvetica, which it can't embed, out of the file.
    """
    load_fonts()
    return Canvas(buffer, pagesize=A4, invariant=1, lang=language, initialFontName=REGULAR)


def wrap(text: str, width: float, *, font: str = REGULAR, size: float = 9) -> list[str]:
    """Break a text into lines no wider than `width` points: between words, and inside a word that is wider."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if _fits(longer, width, font=font, size=size):
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        while not _fits(line, width, font=font, size=size):
            head = _fitting_head(line, width, font=font, size=size)
            lines.append(head)
            line = line[len(head) :]
    return [*lines, line] if line else lines


def wrap_all(texts: Iterable[str], width: float, *, font: str = REGULAR, size: float = 9) -> list[str]:
    """Wrap several texts, each from a line of its own; empty ones are left out."""
    return [line for text in texts for line in wrap(text, width, font=font, size=size)]


def write(
    canvas: Canvas, at: tuple[float, float], text: str, *, font: str = REGULAR, size: float = 9, colour: Color = INK
) -> None:
    """Write one line of text from a point on its baseline. Text is never read as markup."""
    canvas.setFillColor(colour)
    draw_line(canvas, at, text, font=font, size=size)


def write_right(
    canvas: Canvas, at: tuple[float, float], text: str, *, font: str = REGULAR, size: float = 9, colour: Color = INK
) -> None:
    """Write one line of text that ends at a point on its baseline."""
    canvas.setFillColor(colour)
    draw_line(canvas, at, text, font=font, size=size, ends=True)


def rule(canvas: Canvas, y: float, *, left: float = LEFT, colour: Color = HAIRLINE, thickness: float = 0.5) -> None:
    """Draw a horizontal line to the right margin."""
    canvas.setStrokeColor(colour)
    canvas.setLineWidth(thickness)
    canvas.line(left, y, RIGHT, y)


def letterhead(canvas: Canvas, issuer: IssuerDetails, *, vat_label: str) -> float:
    """Draw the issuer's logo or name at the left and its details at the right; return the height that is used up.

    Raises:
        ValueError: when the logo is no picture that can be read.

    """
    left_height = _logo(canvas, issuer.logo) if issuer.logo else _issuer_name(canvas, issuer.name)
    vat = f"{vat_label} {issuer.vat_number}" if issuer.vat_number else ""
    column = WIDTH * 0.42
    y = TOP - 7
    # Without a logo the name stands at the left already.
    for line in wrap(issuer.name if issuer.logo else "", column, font=BOLD, size=8.5):
        write_right(canvas, (RIGHT, y), line, font=BOLD, size=8.5)
        y -= 11.5
    for line in wrap_all((*issuer.address, vat, issuer.email, issuer.website), column, size=8):
        write_right(canvas, (RIGHT, y), line, size=8, colour=MUTED)
        y -= 11
    return max(left_height, TOP - y)


def footer(canvas: Canvas, text: str, *, page: str) -> None:
    """Draw the foot of a page: the issuer's own words, as far as four lines hold them, and the page's number."""
    rule(canvas, BOTTOM - 4 * mm)
    y = BOTTOM - 8 * mm
    for line in wrap_all(text.splitlines(), WIDTH - 32 * mm, size=7)[:4]:
        write(canvas, (LEFT, y), line, size=7, colour=MUTED)
        y -= 9
    write_right(canvas, (RIGHT, BOTTOM - 8 * mm), page, size=7, colour=MUTED)


def paginate(blocks: Sequence[Block], *, first: float, following: float) -> list[list[Block]]:
    """Deal blocks out to pages with so many points of room: on the first page, and on each that follows."""
    pages: list[list[Block]] = [[]]
    room = first
    for block in blocks:
        # A block taller than a page gets one to itself rather than none.
        if block.height > room and (pages[-1] or room < following):
            pages.append([block.head] if block.head else [])
            room = following - sum(above.height for above in pages[-1])
        pages[-1].append(block)
        room -= block.height
    return pages


def _fits(text: str, width: float, *, font: str, size: float) -> bool:
    return width_of(text, font=font, size=size) <= width


def _fitting_head(word: str, width: float, *, font: str, size: float) -> str:
    """Return the beginning of a word that fits, at least one character of it."""
    length = 1
    while length < len(word) and _fits(word[: length + 1], width, font=font, size=size):
        length += 1
    return word[:length]


def _logo(canvas: Canvas, picture: bytes) -> float:
    try:
        image = ImageReader(BytesIO(picture))
        width, height = image.getSize()
        scale: float = min(LOGO_WIDTH / width, LOGO_HEIGHT / height)
        canvas.drawImage(image, LEFT, TOP - height * scale, width * scale, height * scale, mask="auto")
    except Exception as error:
        # Pillow raises a class of its own for each kind of broken picture.
        raise ValueError("The issuer's logo can't be read as a PNG or JPEG picture.") from error
    return float(height * scale)


def _issuer_name(canvas: Canvas, name: str) -> float:
    y = TOP - 15
    for line in wrap(name, WIDTH * 0.54, font=BOLD, size=17):
        write(canvas, (LEFT, y), line, font=BOLD, size=17, colour=ACCENT)
        y -= 21
    return TOP - y
