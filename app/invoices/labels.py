"""What people call the fields of invoices and of their lines."""

from __future__ import annotations

from app.core.words import Words, say

INVOICE_LABELS: dict[str, Words] = {
    "number": say("Number"),
    "customer_id": say("Customer"),
    "invoice_date": say("Invoice date"),
    "due_date": say("Due date"),
    "currency": say("Currency"),
    "purchase_order_number": say("Purchase order number"),
    "lines": say("Lines"),
    "status": say("Status"),
    "net": say("Net"),
    "tax": say("Tax"),
    "total": say("Total"),
    "tax_by_rate": say("Tax by rate"),
}
LINE_LABELS: dict[str, Words] = {
    "description": say("Description"),
    "category": say("Category"),
    "quantity": say("Quantity"),
    "unit_price": say("Unit price"),
    "tax_rate": say("Tax rate (%)"),
    "reference": say("Reference"),
}
