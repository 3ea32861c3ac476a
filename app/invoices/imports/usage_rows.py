"""Rows of a file of usage records: each read, and the invoice found that it belongs to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.words import say, say_count
from app.customers.models import normalised_number
from app.invoices.imports import queries
from app.invoices.imports.rules import MAX_INVOICES, Fault, Row, read_key
from app.invoices.rules import may_edit
from app.invoices.usage.rules import read_record

# An invoice's number, or its account's number as it is compared and its key.
Name = str | tuple[str, str]
_KEPT = 2 * MAX_INVOICES


@dataclass(slots=True)
class Chunk:
    """Usage records that are to be staged together: rows, how many of each invoice, and what they cost by currency."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    counts: Counter[tuple[int, int]] = field(default_factory=Counter)
    costs: dict[str, Decimal] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


class Reading:
    """Reads chunks of rows. What names of invoices stand for is kept, as far as a file may have names."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.known: dict[Name, Any] = {}
        self.invoices: set[int] = set()

    def read(self, session: Session, rows: Sequence[Row]) -> Chunk:
        """Return the records of some rows, and what is wrong with them."""
        chunk = Chunk()
        named = [(row, _name(row)) for row in rows]
        self._look_up(session, {name for _, name in named if not isinstance(name, Fault)})
        for row, name in named:
            record, wrong = read_record(row.values)
            chunk.faults += [Fault(row.line, column, text) for column, text in wrong]
            if isinstance(name, Fault):
                chunk.faults.append(name)
                continue
            invoice: Any = self.known.get(name)
            fault = _refusal(row, name, invoice)
            if fault is None and invoice.id not in self.invoices:
                self.invoices.add(invoice.id)
                if len(self.invoices) == MAX_INVOICES + 1:
                    fault = Fault(row.line, "", too_many())
            if fault is not None:
                chunk.faults.append(fault)
            elif not wrong:
                record["invoice_id"] = invoice.id
                chunk.rows.append(record)
                chunk.counts[invoice.id, invoice.customer_id] += 1
                chunk.costs[invoice.currency] = chunk.costs.get(invoice.currency, Decimal(0)) + record["cost"]
        return chunk

    def _look_up(self, session: Session, names: set[Name]) -> None:
        if len(self.known) > _KEPT:
            self.known.clear()
        missing = names - self.known.keys()
        numbers = [name for name in missing if isinstance(name, str)]
        pairs = [name for name in missing if isinstance(name, tuple)]
        if numbers:
            self.known.update(queries.numbered(session, self.actor, numbers))
        if pairs:
            self.known.update(queries.keyed(session, self.actor, pairs))


def too_many() -> str:
    """Return the words for a file of too many invoices."""
    return say_count(
        "A file is about {count} invoice at most. Split it.",
        "A file is about {count} invoices at most. Split it.",
        MAX_INVOICES,
    )


def _name(row: Row) -> Name | Fault:
    """Return what a row calls its invoice: its number, or an account and a key."""
    number = row.values.get("invoice_number", "").strip()
    account, key = row.values.get("account_number", "").strip(), row.values.get("invoice_key", "").strip()
    if bool(number) == bool(account or key) or bool(account) != bool(key):
        words = say("Name the invoice by its number, or by its account and key, and not by both.")
        return Fault(row.line, "", words)
    try:
        return read_key(number) if number else (normalised_number(read_key(account)), read_key(key))
    except ValueError as error:
        return Fault(row.line, "invoice_number" if number else "invoice_key", error.args[0])


def _refusal(row: Row, name: Name, invoice: Any) -> Fault | None:  # noqa: ANN401  a row of the query's columns
    column = "invoice_number" if isinstance(name, str) else "invoice_key"
    if invoice is None:
        if isinstance(name, str):
            return Fault(row.line, column, say("There is no invoice with this number."))
        return Fault(row.line, column, say("There is no invoice with this account and key."))
    if not may_edit(invoice.status):
        return Fault(row.line, column, say("A sent invoice can't be changed, only credited or sent again."))
    return None
