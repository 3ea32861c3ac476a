"""The Usage tab of an invoice: the calls and transfers that itemise its lines."""

from __future__ import annotations

from typing import Any

from flask import current_app, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.words import say
from app.invoices import queries
from app.invoices.models import Invoice, StoredUsage, UsageRecord
from app.invoices.rules import duration_text
from app.web.formats import moment_text, number_text, price_text
from app.web.panels import Tab, first_rows, register_tab

_COLUMNS = {
    "start": say("Date and time"),
    "reference": say("Reference"),
    "site": say("Site or cost centre"),
    "origin": say("From"),
    "destination": say("To"),
    "used": say("Time or volume"),
    "cost": say("Cost"),
}
_NUMBERS = ("used", "cost")


def register() -> None:
    """Put the tab in place."""
    register_tab(
        "invoice",
        Tab(
            "usage",
            say("Usage"),
            "invoice",
            "invoices/usage_tab.html",
            count=_count,
            context=_rows,
            applies=lambda: bool(current_app.config["SETTINGS"].invoice_usage),
        ),
    )


def _count(session: Session, _actor: Actor, invoice: Invoice) -> int:
    return queries.usage_count(session, invoice_id=invoice.id)


def _rows(session: Session, _actor: Actor, invoice: Invoice) -> dict[str, Any]:
    statement = select(UsageRecord).where(UsageRecord.invoice_id == invoice.id)
    statement = statement.order_by(UsageRecord.reference, UsageRecord.start, UsageRecord.id)
    rows, more = first_rows(session, statement)
    return {
        "columns": [{"key": key, "label": label, "number": key in _NUMBERS} for key, label in _COLUMNS.items()],
        "rows": [_row(record, invoice.currency) for record in rows],
        "more": more,
        "full_url": url_for("InvoiceView.show", pk=invoice.id, tab="pdf", format="full"),
        "empty": {
            "title": say("No usage records"),
            "text": say("A program that makes an invoice may hand over the calls that itemise its lines."),
        },
    }


def _row(record: StoredUsage, currency: str) -> dict[str, Any]:
    values = {
        "start": moment_text(record.start),
        "reference": record.reference,
        "site": record.site,
        "origin": record.origin,
        "destination": record.destination,
        "used": _used(record),
        "cost": price_text(record.cost, currency),
    }
    cells = [{"key": key, "label": label, "value": values[key]} for key, label in _COLUMNS.items()]
    return {"pk": record.id, "url": None, "cells": cells}


def _used(record: StoredUsage) -> str:
    known = []
    if record.duration is not None:
        known.append(duration_text(record.duration))
    if record.volume is not None:
        known.append(f"{number_text(record.volume.normalize())} MB")
    return " ".join(known)
