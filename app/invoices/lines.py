"""An invoice's rows of lines: made from what was given, and added up."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from app.core.money import minor_unit
from app.invoices.fields import line_of
from app.invoices.models import Invoice, InvoiceLine, as_line
from app.invoices.rules import Line, invoice_totals
from app.lookups.editing import Edit


def set_lines(invoice: Invoice, edit: Edit) -> None:
    """Make the rows of the lines, and add them up in the invoice's currency."""
    if "lines" in edit.changes:
        put_lines(invoice, [line_of(row) for row in edit.changes["lines"][1]])
    else:
        _add_up(invoice)


def put_lines(invoice: Invoice, given: Sequence[Line]) -> None:
    """Give an invoice these lines, and add them up in its currency."""
    for row, line in zip(invoice.lines, given, strict=False):
        _fill(row, line)
    del invoice.lines[len(given) :]
    for position in range(len(invoice.lines), len(given)):
        invoice.lines.append(_fill(InvoiceLine(position=position), given[position]))
    _add_up(invoice)


def _add_up(invoice: Invoice) -> None:
    places = minor_unit(invoice.currency)
    totals = invoice_totals([as_line(row) for row in invoice.lines], places=places)
    for row in invoice.lines:
        row.net = as_line(row).net(places=places)
    invoice.net, invoice.tax, invoice.total = totals.net, totals.tax, totals.total


def _fill(row: InvoiceLine, line: Line) -> InvoiceLine:
    row.description, row.category, row.reference = line.description, line.category, line.reference
    row.quantity, row.unit_price, row.tax_rate = line.quantity, line.unit_price, line.tax_rate
    row.net = Decimal(0)
    return row
