"""What the formats of an invoice share: what stands above the amounts and below them, and how pages are filled."""

from collections.abc import Sequence
from decimal import Decimal
from io import BytesIO

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from app.invoices.pdf.model import InvoiceDocument, IssuerDetails
from app.invoices.pdf.paper import (
    ACCENT,
    BOTTOM,
    LEFT,
    MUTED,
    PAGE_HEIGHT,
    RIGHT,
    TINT,
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
from app.invoices.pdf.scripts import BOLD
from app.invoices.pdf.tables import gap, together
from app.invoices.pdf.words import Tongue

AMOUNT_WIDTH = 48 * mm
MOST_TOGETHER = 12
_TOTALS_LEFT = LEFT + WIDTH * 0.42
_LABEL_WIDTH = 36 * mm
_ADDRESS_WIDTH = WIDTH * 0.5
_FACTS_LEFT = LEFT + WIDTH * 0.58
# Where a letter's window shows the address, if the letterhead leaves room.
_ADDRESS_TOP: float = PAGE_HEIGHT - 58 * mm
# The longest number takes three lines of the title.
_CONTINUED_LINES, _CONTINUED_HEIGHT = 3, 44


def printed(
    invoice: InvoiceDocument, issuer: IssuerDetails, parts: Sequence[Sequence[Block]], *, speech: Tongue
) -> bytes:
    """Return a document as a PDF: the letterhead and the first part under it; each further part begins a page.

    The same input gives the same bytes. Raises ValueError when the issuer's logo can't be read.
    """
    buffer = BytesIO()
    canvas = open_canvas(buffer, language=str(speech.locale).replace("_", "-"))
    title = _title(invoice, speech)
    _describe(canvas, title, issuer)
    first = _opening(canvas, invoice, issuer, speech=speech)
    following = TOP - _CONTINUED_HEIGHT
    pages = [page for part in parts[:1] for page in paginate(part, first=first - BOTTOM, following=following - BOTTOM)]
    for part in parts[1:]:
        pages += paginate(part, first=following - BOTTOM, following=following - BOTTOM)
    for number, page in enumerate(pages, start=1):
        y = first
        if number > 1:
            canvas.showPage()
            y = _continued(canvas, title)
        for block in page:
            block.draw(canvas, y)
            y -= block.height
        footer(canvas, issuer.footer, page=speech.words.page.format(page=number, pages=len(pages)))
    canvas.save()
    return buffer.getvalue()


def _title(invoice: InvoiceDocument, speech: Tongue) -> str:
    kind = speech.words.credit_note if invoice.credits else speech.words.invoice
    return f"{kind} {invoice.number}"


def _describe(canvas: Canvas, title: str, issuer: IssuerDetails) -> None:
    canvas.setTitle(title)
    canvas.setAuthor(issuer.name)
    canvas.setSubject(title)
    canvas.setCreator("Counterpart")
    canvas.setViewerPreference("DisplayDocTitle", "true")


def _opening(canvas: Canvas, invoice: InvoiceDocument, issuer: IssuerDetails, *, speech: Tongue) -> float:
    """Draw what stands above the amounts, and return where they begin."""
    used = letterhead(canvas, issuer, vat_label=speech.words.vat_number)
    top = min(_ADDRESS_TOP, TOP - used - 10 * mm)
    y: float = top
    for line in wrap(invoice.customer_name, _ADDRESS_WIDTH, font=BOLD, size=10):
        write(canvas, (LEFT, y), line, font=BOLD, size=10)
        y -= 13.5
    for line in wrap_all(invoice.customer_address, _ADDRESS_WIDTH, size=10):
        write(canvas, (LEFT, y), line, size=10)
        y -= 13.5
    y = min(y, _facts(canvas, top, _fact_list(invoice, speech))) - 34
    for line in wrap(_title(invoice, speech), WIDTH, font=BOLD, size=18):
        write(canvas, (LEFT, y), line, font=BOLD, size=18, colour=ACCENT)
        y -= 23
    return y - 6


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


def _facts(canvas: Canvas, y: float, facts: list[tuple[str, str]]) -> float:
    """Draw the facts as two columns at the right, and return where they end."""
    for label, value in facts:
        write(canvas, (_FACTS_LEFT, y), label, size=8.5, colour=MUTED)
        for line in wrap(value, RIGHT - _FACTS_LEFT - 33 * mm, size=8.5):
            write_right(canvas, (RIGHT, y), line, size=8.5)
            y -= 13.5
    return y


def _continued(canvas: Canvas, title: str) -> float:
    """Draw what stands above the amounts of a further page, and return where they begin."""
    y = TOP - 8
    for line in wrap(title, WIDTH, font=BOLD)[:_CONTINUED_LINES]:
        write(canvas, (LEFT, y), line, font=BOLD, colour=ACCENT)
        y -= 12
    return TOP - _CONTINUED_HEIGHT


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
