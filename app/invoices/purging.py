"""What is left of an invoice that is purged."""

from __future__ import annotations

from sqlalchemy import delete, update
from sqlalchemy.orm import object_session

from app.core.purging import Wiping, blank, register_need, register_trace, register_wiping
from app.invoices.imports.models import ImportedInvoice
from app.invoices.models import Invoice, StoredUsage
from app.mailer.purging import DOCUMENT, under_way

# What was billed to whom goes; the number stays taken, and the amounts stay in the books.
KEPT = (
    *("number", "series", "customer_id", "invoice_date", "due_date", "currency", "status", "credits_id"),
    *("net", "tax", "total"),
)


def register() -> None:
    """Put it in place."""
    register_wiping(Invoice, Wiping(_number, wipe))
    register_trace(Invoice, DOCUMENT)
    register_need(Invoice, under_way)


def wipe(invoice: Invoice) -> None:
    """Leave an invoice's number, dates and amounts; who called whom goes with its lines."""
    blank(invoice, keep=KEPT)
    session = object_session(invoice)
    if session is not None:
        session.execute(delete(StoredUsage).where(StoredUsage.invoice_id == invoice.id))
        session.execute(update(ImportedInvoice).where(ImportedInvoice.invoice_id == invoice.id).values(key=None))


def _number(invoice: Invoice) -> str:
    return invoice.number
