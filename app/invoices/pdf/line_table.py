"""The table of an invoice's lines: grouped by category, each with its service or number, and subtotals."""

from collections.abc import Sequence
from decimal import Decimal

from app.invoices.pdf.model import InvoiceDocument
from app.invoices.pdf.words import Tongue
from app.invoices.rules import Line
from app.paper.sheet import Block
from app.paper.tables import Column, columns, head_of, heading, row, sum_row, together


def line_table(invoice: InvoiceDocument, speech: Tongue) -> list[Block]:
    """Return every line of an invoice, in the order of its categories, with a subtotal for each of several."""
    words = speech.words
    table = columns(
        (words.description, 0.44, False),
        (words.quantity, 0.13, True),
        (words.unit_price, 0.16, True),
        (words.tax_rate, 0.09, True),
        (words.net_amount, 0.18, True),
    )
    head = head_of(table)
    if not invoice.lines:
        return [head, row(table, [words.no_charges, "", "", "", ""], head=head)]
    groups: dict[str, list[Line]] = {}
    for line in invoice.lines:
        groups.setdefault(line.category, []).append(line)
    blocks = [head]
    for category, lines in groups.items():
        named = heading(category or words.other) if len(groups) > 1 or category else None
        blocks += _group(table, lines, invoice, speech, head=head, named=named)
    return blocks


def _group(
    table: Sequence[Column],
    lines: Sequence[Line],
    invoice: InvoiceDocument,
    speech: Tongue,
    *,
    head: Block,
    named: Block | None,
) -> list[Block]:
    """Return the lines of one category, under its name; no page parts a name from a line, or a line from its sum."""
    rows = [_line(table, line, invoice, speech, head=head) for line in lines]
    if named is None:
        return rows
    net = sum((line.net(places=invoice.places) for line in lines), Decimal(0))
    rows[0] = together(named, rows[0], head=head)
    if len(lines) > 1:
        total = sum_row(table, speech.words.subtotal, speech.money(net, invoice.currency), head=head)
        rows[-1] = together(rows[-1], total, head=head)
    return rows


def _line(table: Sequence[Column], line: Line, invoice: InvoiceDocument, speech: Tongue, *, head: Block) -> Block:
    texts = [
        line.description,
        speech.number(line.quantity),
        speech.price(line.unit_price, invoice.currency),
        speech.rate(line.tax_rate),
        speech.money(line.net(places=invoice.places), invoice.currency),
    ]
    return row(table, texts, head=head, note=line.reference)
