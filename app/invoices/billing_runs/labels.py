"""What people call the filters of a billing run, and how they read those that one was chosen by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from markupsafe import Markup, escape

from app.core.words import Words, say
from app.invoices.rules import InvoiceStatus
from app.web.formats import code_name, date_text, number_text
from app.web.words import translated

FILTER_LABELS: Mapping[str, Words] = {
    "invoice_date_from": say("Invoice date from"),
    "invoice_date_to": say("Invoice date to"),
    "due_date_from": say("Due date from"),
    "due_date_to": say("Due date to"),
    "status": say("Invoice status"),
    "already_sent": say("Sent already"),
    "dealer_code": say("Dealer code"),
    "currency": say("Currency"),
    "total_from": say("Total from"),
    "total_to": say("Total to"),
}
ALREADY_SENT = {"no": say("To nobody yet"), "yes": say("To somebody")}


def line_by_line(filters: Mapping[str, Any]) -> list[Markup]:
    """Return the filters that invoices were chosen by, a line for each."""
    return [
        Markup("{}: {}").format(escape(translated(FILTER_LABELS[name])), escape(translated(_shown(name, value))))
        for name, value in filters.items()
        if name in FILTER_LABELS
    ]


def filter_lines(filters: Mapping[str, Any]) -> Markup | None:
    """Return the filters of a run line by line, None where there are none."""
    lines = line_by_line(filters)
    return Markup("<br>").join(lines) if lines else None


def _shown(name: str, value: Any) -> Any:  # noqa: ANN401  a text, or yes or no
    if name == "already_sent":
        return ALREADY_SENT["yes" if value else "no"]
    if name == "status":
        return InvoiceStatus(value).words
    if name == "currency":
        return code_name("currency", value)
    if name.startswith("total_"):
        return number_text(value)
    return date_text(date.fromisoformat(value)) if "_date_" in name else value
