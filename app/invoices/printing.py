"""Printing: an invoice, its customer, its usage and the months before it, put on paper."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy.orm import Session

from app.core.bill_format import BillFormat
from app.core.money import minor_unit
from app.invoices import queries
from app.invoices.models import Invoice, as_line
from app.invoices.particulars import particulars_of
from app.invoices.pdf.formats import invoice_pdf
from app.invoices.pdf.model import InvoiceDocument, Usage

# This month, and the twelve before it.
MONTHS = 13


def print_invoice(session: Session, invoice: Invoice, *, language: str, format_: str) -> bytes:
    """Return an invoice as a PDF; a sent one with the names and addresses of the day that it was sent.

    Raises ValueError when there is no such format, or the issuer's logo can't be read.
    """
    known = particulars_of(session, invoice)
    # The others say nothing of it, and it may be thousands of rows.
    is_full = format_ == BillFormat.FULL
    document = InvoiceDocument(
        number=invoice.number,
        invoice_date=invoice.invoice_date,
        due_date=invoice.due_date,
        currency=invoice.currency,
        customer_name=known.customer_name,
        customer_address=known.customer_address,
        account_number=known.account_number,
        purchase_order_number=invoice.purchase_order_number or "",
        lines=tuple(as_line(row) for row in invoice.lines),
        places=minor_unit(invoice.currency),
        usage=_usage(session, invoice) if is_full else (),
        # A credit note is no month's bill.
        months=_months(session, invoice) if is_full and invoice.credits_id is None else (),
        credits=invoice.credited.number if invoice.credited else None,
        credit_reason=invoice.credit_reason or "",
    )
    return invoice_pdf(document, known.issuer, format_=format_, language=language, country=known.country)


def _usage(session: Session, invoice: Invoice) -> tuple[Usage, ...]:
    zone = ZoneInfo(current_app.config["SETTINGS"].timezone)
    return tuple(
        Usage(
            start=row.start.astimezone(zone).replace(tzinfo=None),
            reference=row.reference,
            origin=row.origin,
            destination=row.destination,
            duration=row.duration,
            volume=row.volume,
            cost=row.cost,
        )
        for row in queries.usage_of(session, invoice_id=invoice.id)
    )


def _months(session: Session, invoice: Invoice) -> tuple[tuple[date, Decimal], ...]:
    """Return the months from the first that has something up to the invoice's own; those between them may have none."""
    nets = queries.nets_by_month(session, invoice=invoice, months=MONTHS)
    if not nets:
        return ()
    first = min(year * 12 + month - 1 for year, month in nets)
    last = invoice.invoice_date.year * 12 + invoice.invoice_date.month - 1
    months = [date(number // 12, number % 12 + 1, 1) for number in range(first, last + 1)]
    return tuple((month, nets.get((month.year, month.month), Decimal(0))) for month in months)
