"""What people call the fields of invoices and of their lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.words import Words, say

if TYPE_CHECKING:
    from app.invoices.models import Invoice

INVOICE_LABELS: dict[str, Words] = {
    "number": say("Number"),
    "customer_id": say("Customer"),
    "invoice_date": say("Invoice date"),
    "due_date": say("Due date"),
    "currency": say("Currency"),
    "purchase_order_number": say("Purchase order number"),
    "lines": say("Lines"),
    "usage": say("Usage"),
    "usage_records": say("Usage records"),
    "usage_cost": say("Cost of usage"),
    "status": say("Status"),
    "net": say("Net"),
    "tax": say("Tax"),
    "total": say("Total"),
    "tax_by_rate": say("Tax by rate"),
    "credits_id": say("Credits invoice"),
    "credit_reason": say("Reason"),
}
LINE_LABELS: dict[str, Words] = {
    "description": say("Description"),
    "category": say("Category"),
    "quantity": say("Quantity"),
    "unit_price": say("Unit price"),
    "tax_rate": say("Tax rate (%)"),
    "reference": say("Reference"),
}


def name_of(invoice: Invoice) -> Words:
    """Return how a page or a list of choices names an invoice or a credit note."""
    if invoice.credits_id is not None:
        return say("Credit note {number}", number=invoice.number)
    return say("Invoice {number}", number=invoice.number)
