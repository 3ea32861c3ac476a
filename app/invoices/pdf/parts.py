"""What the formats of an invoice share: what stands above the amounts and below them."""

from collections.abc import Sequence
from decimal import Decimal

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from app.invoices.pdf.model import InvoiceDocument
from app.invoices.pdf.words import Tongue
from app.paper import pages
from app.paper.issuer import IssuerDetails
from app.paper.pages import Cover
from app.paper.scripts import BOLD
from app.paper.sheet import ACCENT, LEFT, MUTED, RIGHT, TINT, WIDTH, Block, wrap, wrap_all, write, write_right
from app.paper.tables import gap, together

AMOUNT_WIDTH = 48 * mm
MOST_TOGETHER = 12
_TOTALS_LEFT = LEFT + WIDTH * 0.42
_LABEL_WIDTH = 36 * mm


def printed(
    invoice: InvoiceDocument, issuer: IssuerDetails, parts: Sequence[Sequence[Block]], *, speech: Tongue
) -> bytes:
    """Return an invoice as a PDF: the letterhead and the first part under it; each further part begins a page.

    The same input gives the same bytes. Raises ValueError when the issuer's logo can't be read.
    """
    kind = speech.words.credit_note if invoice.credits else speech.words.invoice
    cover = Cover(
        title=f"{kind} {invoice.number}",
        issuer=issuer,
        customer_name=invoice.customer_name,
        customer_address=invoice.customer_address,
        facts=_fact_list(invoice, speech),
        vat_label=speech.sheet.vat_number,
        page=speech.sheet.page,
        locale=speech.locale,
    )
    return pages.printed(cover, parts)


def _fact_list(invoice: InvoiceDocument, speech: Tongue) -> list[tuple[str, str]]:
    words = speech.words
    facts = [
        (words.number, invoice.number),
        (words.invoice_date, speech.day(invoice.invoice_date)),
        (words.due_date, "" if invoice.credits else speech.day(invoice.due_date)),
        (words.credits, invoice.credits or ""),
        (words.account, invoice.account_number),
        (words.purchase_order, invoice.purchase_order_number),
    ]
    return [(label, value) for label, value in facts if value]


def total_rows(invoice: InvoiceDocument, speech: Tongue) -> list[Block]:
    """Return the totals: net, tax by rate, and what is owed."""
    words, totals, currency = speech.words, invoice.totals, invoice.currency
    last = words.total_credit if invoice.credits else words.total_due
    taxes = [
        (
            words.tax.format(rate=speech.rate(part.rate), net=speech.money(part.net, currency)),
            speech.money(part.tax, currency),
        )
        for part in totals.tax_by_rate
    ]
    rows = [
        gap(8),
        _total_row(words.net, speech.money(totals.net, currency)),
        *(_total_row(label, amount) for label, amount in taxes),
        _grand_total(last, speech.money(totals.total, currency)),
    ]
    # Nobody turns the page to see what they owe. Very many rates do not fit one page.
    return [together(*rows)] if len(taxes) <= MOST_TOGETHER else rows


def _total_row(label: str, amount: str) -> Block:
    lines = wrap(label, RIGHT - _TOTALS_LEFT - AMOUNT_WIDTH + 10 * mm)

    def draw(canvas: Canvas, y: float) -> None:
        for position, line in enumerate(lines):
            write(canvas, (_TOTALS_LEFT + 8, y - 12 - 12 * position), line, colour=MUTED)
        write_right(canvas, (RIGHT - 8, y - 12), amount)

    return Block(5 + 12 * len(lines), draw)


def _grand_total(label: str, amount: str) -> Block:
    def draw(canvas: Canvas, y: float) -> None:
        canvas.setFillColor(TINT)
        canvas.rect(_TOTALS_LEFT, y - 34, RIGHT - _TOTALS_LEFT, 28, stroke=0, fill=1)
        write(canvas, (_TOTALS_LEFT + 8, y - 24.5), label, font=BOLD, size=11, colour=ACCENT)
        write_right(canvas, (RIGHT - 8, y - 24.5), amount, font=BOLD, size=12.5, colour=ACCENT)

    return Block(40, draw)


def payment(invoice: InvoiceDocument, issuer: IssuerDetails, speech: Tongue) -> list[Block]:
    """Return how to pay, if there is anything to pay; of a credit note why, and what becomes of the amount."""
    total, words = invoice.totals.total, speech.words
    if invoice.credits:
        texts = (invoice.credit_reason, words.credited.format(number=invoice.credits))
        sentences = [line for text in texts if text for line in wrap_all(text.splitlines(), WIDTH)]
        rows = [_sentence_line(line) for line in sentences]
        # A reason may be longer than a page.
        whole = together(_sentence_head(words.why_credited), *rows[:MOST_TOGETHER])
        return [whole, *rows[MOST_TOGETHER:]]
    if total <= Decimal(0):
        return []
    sentence = words.pay_by.format(total=speech.money(total, invoice.currency), date=speech.day(invoice.due_date))
    has_account = bool(issuer.bank_account_number or issuer.bank_iban)
    pairs = [
        (words.account_name, issuer.name if has_account else ""),
        (words.bank, issuer.bank_name),
        (words.sort_code, issuer.bank_sort_code),
        (words.account_number, issuer.bank_account_number),
        ("IBAN", issuer.bank_iban),
        ("BIC", issuer.bank_bic),
        (words.reference, invoice.number),
    ]
    lines = [(label, wrap(value, WIDTH - _LABEL_WIDTH)) for label, value in pairs if value]
    return [_payment_block(words.how_to_pay, wrap(sentence, WIDTH), lines)]


def _sentence_head(text: str) -> Block:
    return Block(29, lambda canvas, y: write(canvas, (LEFT, y - 22), text, font=BOLD, size=10.5, colour=ACCENT))


def _sentence_line(text: str) -> Block:
    return Block(13, lambda canvas, y: write(canvas, (LEFT, y - 9), text))


def _payment_block(head: str, sentence: list[str], pairs: list[tuple[str, list[str]]]) -> Block:
    rows = [(label if not position else "", line) for label, lines in pairs for position, line in enumerate(lines)]
    height = 40 + 13 * (len(sentence) + len(rows))

    def draw(canvas: Canvas, y: float) -> None:
        y -= 22
        write(canvas, (LEFT, y), head, font=BOLD, size=10.5, colour=ACCENT)
        y -= 16
        for line in sentence:
            write(canvas, (LEFT, y), line)
            y -= 13
        y -= 2
        for label, value in rows:
            write(canvas, (LEFT, y), label, size=8.5, colour=MUTED)
            write(canvas, (LEFT + _LABEL_WIDTH, y), value)
            y -= 13

    return Block(height, draw)
