"""An invoice's usage page by page, for programs: however much of it there is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from app.core.errors import NotFound, Unreadable
from app.core.whole_numbers import MAX_ID, is_whole
from app.core.words import say
from app.invoices import queries
from app.invoices.models import Invoice
from app.invoices.usage.field import ROW_SCHEMA
from app.invoices.usage.rules import MAX_INLINE, usage_as_dict

USAGE_QUERY = [
    {
        "name": "after",
        "schema": {"type": "integer", "minimum": 0, "maximum": MAX_ID, "default": 0},
        "description": "The `next` of the page before.",
    },
    {
        "name": "page_size",
        "schema": {"type": "integer", "minimum": 1, "maximum": MAX_INLINE, "default": MAX_INLINE},
    },
]
USAGE_PAGE = {
    "type": "object",
    "properties": {
        "count": {"type": "integer", "description": "How many records the invoice has"},
        "next": {"type": "integer", "nullable": True, "description": "For `after`; null on the last page"},
        "result": {"type": "array", "items": ROW_SCHEMA},
    },
}


def usage_page(session: Session, invoice: Invoice, args: Mapping[str, str]) -> dict[str, Any]:
    """Return the page that the address asks for. Raises Unreadable, and NotFound while the usage module is off."""
    if not current_app.config["SETTINGS"].invoice_usage:
        raise NotFound(say("There is nothing here."))
    after = _number(args, "after", default=0, lowest=0, highest=MAX_ID)
    size = _number(args, "page_size", default=MAX_INLINE, lowest=1, highest=MAX_INLINE)
    rows = queries.usage_page(session, invoice_id=invoice.id, after=after, count=size + 1)
    return {
        "count": queries.usage_count(session, invoice_id=invoice.id),
        "next": rows[size - 1].id if len(rows) > size else None,
        "result": [usage_as_dict(row) for row in rows[:size]],
    }


def _number(args: Mapping[str, str], name: str, *, default: int, lowest: int, highest: int) -> int:
    text = args.get(name, str(default))
    if not is_whole(text, digits=10) or not lowest <= int(text) <= highest:
        words = say(
            "The {name} is a whole number from {lowest} to {highest}.", name=name, lowest=lowest, highest=highest
        )
        raise Unreadable(words, field=name)
    return int(text)
