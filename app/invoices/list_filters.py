"""The named filters of the invoices' list."""

from __future__ import annotations

from app.core.words import say
from app.invoices import queries
from app.invoices.labels import INVOICE_LABELS
from app.invoices.models import Invoice
from app.invoices.rules import InvoiceStatus
from app.web.list_filters import CasesFilter, DatesFilter, ListFilter, PickerFilter, choice

INVOICE_FILTERS: tuple[ListFilter, ...] = (
    choice("status", INVOICE_LABELS["status"], Invoice.status, {one.value: one.words for one in InvoiceStatus}),
    PickerFilter(
        name="customer_id",
        label=INVOICE_LABELS["customer_id"],
        source="customer",
        meets=lambda number: Invoice.customer_id == number,
    ),
    CasesFilter(
        name="kind",
        label=say("Kind"),
        cases={
            "invoice": (say("Invoices"), lambda: Invoice.credits_id.is_(None)),
            "credit_note": (say("Credit notes"), lambda: Invoice.credits_id.is_not(None)),
        },
    ),
    DatesFilter(name="invoice_date", label=INVOICE_LABELS["invoice_date"], column=Invoice.invoice_date),
    CasesFilter(
        name="reaches_nobody", label=say("Copies"), cases={"yes": (say("Reaches nobody"), queries.reaching_nobody)}
    ),
)
