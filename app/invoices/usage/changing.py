"""The part of an invoice's verbs that reads, compares and writes its usage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.core.bulk import insert_rows
from app.core.errors import FieldErrors
from app.core.money import as_text
from app.invoices import queries
from app.invoices.fields import invoice_errors
from app.invoices.models import Invoice, StoredUsage
from app.invoices.usage.rules import USAGE_FIELDS, validate_usage

Trail = dict[str, tuple[Any, Any]]
# What a row has whose program says nothing of it.
_SILENT = {"reference": "", "site": "", "origin": "", "destination": "", "duration": None, "volume": None}


@dataclass(frozen=True, slots=True)
class GivenUsage:
    """The usage that a call gives for an invoice, read: its rows, None where it gives none, or what is wrong."""

    rows: list[dict[str, Any]] | None
    errors: FieldErrors

    def rule(self, values: Mapping[str, Any]) -> FieldErrors:
        """Return what keeps the invoice from being saved, by field: its own fields, and the usage."""
        return invoice_errors(values) | self.errors


def take_usage(values: Mapping[str, object]) -> tuple[dict[str, object], GivenUsage]:
    """Take the usage out of what is given for an invoice; null leaves what there is."""
    given = dict(values)
    raw = given.pop("usage", None)
    if raw is None:
        return given, GivenUsage(None, {})
    rows, errors = validate_usage(raw)
    return given, GivenUsage(rows, errors)


def add_usage(session: Session, invoice: Invoice, rows: Sequence[Mapping[str, Any]]) -> Trail:
    """Write the usage of an invoice that has none; return what the trail says of it."""
    insert_rows(session, StoredUsage.__table__, [{"invoice_id": invoice.id, **_SILENT, **row} for row in rows])
    return _trail((0, Decimal(0)), _sums(rows)) if rows else {}


def replace_usage(session: Session, invoice: Invoice, given: GivenUsage) -> Trail:
    """Put the given usage in place of what an invoice has; return what the trail says, nothing where it is the same.

    The order of the records says nothing.
    """
    if given.rows is None:
        return {}
    before = [dict(zip(USAGE_FIELDS, row, strict=True)) for row in queries.usage_stream(session, invoice_id=invoice.id)]
    if sorted(map(_comparable, before)) == sorted(map(_comparable, given.rows)):
        return {}
    session.execute(delete(StoredUsage).where(StoredUsage.invoice_id == invoice.id))
    add_usage(session, invoice, given.rows)
    return _trail(_sums(before), _sums(given.rows))


def _comparable(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(
        (row[name] is None, row[name] or 0) if name in ("duration", "volume") else row[name] for name in USAGE_FIELDS
    )


def _sums(rows: Sequence[Mapping[str, Any]]) -> tuple[int, Decimal]:
    return len(rows), sum((row["cost"] for row in rows), Decimal(0))


def _trail(before: tuple[int, Decimal], after: tuple[int, Decimal]) -> Trail:
    """Return what the trail says of a change: how many records, and what they cost. Who called whom stays out."""
    return {
        "usage_records": (before[0], after[0]),
        "usage_cost": (as_text(before[1]), as_text(after[1])),
    }
