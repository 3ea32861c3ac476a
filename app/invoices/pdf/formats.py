"""The formats of an invoice: Short is a summary, Long has every line, Full has graphs and each call besides."""

from collections.abc import Callable

from reportlab.lib.colors import white
from reportlab.pdfgen.canvas import Canvas

from app.core.bill_format import BillFormat
from app.invoices.pdf.glance import glance
from app.invoices.pdf.itemisation import itemisation
from app.invoices.pdf.line_table import line_table
from app.invoices.pdf.model import InvoiceDocument
from app.invoices.pdf.parts import AMOUNT_WIDTH, payment, printed, total_rows
from app.invoices.pdf.words import Tongue, tongue
from app.invoices.rules import net_by_category
from app.paper.issuer import IssuerDetails
from app.paper.scripts import BOLD
from app.paper.sheet import ACCENT, LEFT, RIGHT, WIDTH, Block, rule, wrap, write, write_right

__all__ = ["InvoiceDocument", "IssuerDetails", "full_pdf", "invoice_pdf", "long_pdf", "short_pdf"]


def short_pdf(invoice: InvoiceDocument, issuer: IssuerDetails, *, language: str = "en", country: str = "GB") -> bytes:
    """Return the short format of an invoice or a credit note as a PDF (A4, fonts embedded).

    `language` is the reader's (BCP 47), `country` (ISO 3166) says how to write amounts and dates. The same input gives
    the same bytes. What one page can't hold goes on to further ones.

    Raises:
        ValueError: when the issuer's logo can't be read.

    """
    speech = tongue(language, country)
    blocks = [*_category_rows(invoice, speech), *total_rows(invoice, speech), *payment(invoice, issuer, speech)]
    return printed(invoice, issuer, [blocks], speech=speech)


def long_pdf(invoice: InvoiceDocument, issuer: IssuerDetails, *, language: str = "en", country: str = "GB") -> bytes:
    """Return the long format: every line, with a subtotal for each category. As `short_pdf` otherwise."""
    speech = tongue(language, country)
    return printed(invoice, issuer, [_charges(invoice, issuer, speech)], speech=speech)


def full_pdf(invoice: InvoiceDocument, issuer: IssuerDetails, *, language: str = "en", country: str = "GB") -> bytes:
    """Return the full format: the long one, graphs, and each call and transfer. As `short_pdf` otherwise."""
    speech = tongue(language, country)
    parts = [_charges(invoice, issuer, speech), glance(invoice, speech), itemisation(invoice, speech)]
    return printed(invoice, issuer, [part for part in parts if part], speech=speech)


_FORMATS: dict[BillFormat, Callable[..., bytes]] = {
    BillFormat.SHORT: short_pdf,
    BillFormat.LONG: long_pdf,
    BillFormat.FULL: full_pdf,
}
FORMATS = frozenset(one.value for one in _FORMATS)


def invoice_pdf(
    invoice: InvoiceDocument, issuer: IssuerDetails, *, format_: str, language: str = "en", country: str = "GB"
) -> bytes:
    """Return an invoice in one of `FORMATS`. Raises ValueError for another."""
    if format_ not in FORMATS:
        raise ValueError(f"invoices have no format {format_}")
    return _FORMATS[BillFormat(format_)](invoice, issuer, language=language, country=country)


def _charges(invoice: InvoiceDocument, issuer: IssuerDetails, speech: Tongue) -> list[Block]:
    return [*line_table(invoice, speech), *total_rows(invoice, speech), *payment(invoice, issuer, speech)]


def _category_rows(invoice: InvoiceDocument, speech: Tongue) -> list[Block]:
    """Return the summary: its head, and a row for each category."""
    words = speech.words

    def head(canvas: Canvas, y: float) -> None:
        canvas.setFillColor(ACCENT)
        canvas.rect(LEFT, y - 20, WIDTH, 20, stroke=0, fill=1)
        write(canvas, (LEFT + 8, y - 13.5), words.summary, font=BOLD, size=9, colour=white)
        write_right(canvas, (RIGHT - 8, y - 13.5), words.net_amount, font=BOLD, size=9, colour=white)

    top = Block(20, head)
    nets = net_by_category(invoice.lines, places=invoice.places)
    rows = [
        _row(category or words.other, speech.money(net, invoice.currency), head=top) for category, net in nets.items()
    ]
    return [top, *(rows or [_row(words.no_charges, "", head=top)])]


def _row(label: str, amount: str, *, head: Block) -> Block:
    lines = wrap(label, WIDTH - AMOUNT_WIDTH)
    height = 8 + 12 * len(lines)

    def draw(canvas: Canvas, y: float) -> None:
        for position, line in enumerate(lines):
            write(canvas, (LEFT + 8, y - 13 - 12 * position), line)
        write_right(canvas, (RIGHT - 8, y - 13), amount)
        rule(canvas, y - height)

    return Block(height, draw, head)
