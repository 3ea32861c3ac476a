"""Publishing an import: its invoices get their numbers, or its usage records their readers, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from app.core import audit, clock
from app.core.actor import Actor
from app.core.audit import Touch, Verb
from app.core.bulk import insert_rows, take_ids
from app.core.errors import Conflict
from app.core.search_index import write_terms
from app.core.search_words import kept
from app.core.words import say
from app.customers import queries as customers
from app.customers.models import Customer
from app.invoices import queries as invoices
from app.invoices.imports import queries
from app.invoices.imports.models import ImportedInvoice, InvoiceImport
from app.invoices.imports.rules import INVOICE_COLUMNS, ImportKind
from app.invoices.models import Invoice, InvoiceLine
from app.invoices.rules import LINE_FIELDS, InvoiceStatus, may_edit, next_number
from app.invoices.search import INVOICES

BATCH = 500
_AMOUNTS = ("net", "tax", "total")
_DECIMALS = ("quantity", "unit_price", "tax_rate", "net")


def publish(session: Session, actor: Actor, run: InvoiceImport) -> None:
    """Publish what a checked import holds, and name all invoices that it touches in one audit entry.

    Raises Conflict (`changed_meanwhile`), Forbidden.
    """
    if run.kind == ImportKind.INVOICES:
        verb, touched = Verb.INVOICES_IMPORTED, _publish_invoices(session, actor, run)
    else:
        verb, touched = Verb.USAGE_IMPORTED, _publish_usage(session, actor, run)
    note = f"{run.filename} (import {run.id}){f': {run.reason}' if run.reason else ''}"
    audit.record(session, actor, verb=verb, touched=touched, reason=note)


def _status(run: InvoiceImport) -> str:
    return (InvoiceStatus.APPROVED if run.approve else InvoiceStatus.DRAFT).value


def _publish_invoices(session: Session, actor: Actor, run: InvoiceImport) -> list[Touch]:
    """Make the invoices. Their customers are locked, in one order: whoever else numbers invoices waits."""
    ours = select(ImportedInvoice.customer_id).where(ImportedInvoice.import_id == run.id)
    locked = customers.customers(actor).where(Customer.id.in_(ours)).order_by(Customer.id)
    columns = locked.with_only_columns(Customer.id, Customer.account_number)
    accounts = {
        one.id: one.account_number for one in session.execute(columns.with_for_update(of=Customer, key_share=True))
    }
    statement = select(Invoice.customer_id, func.max(Invoice.series).label("last")).where(Invoice.customer_id.in_(ours))
    used = {one.customer_id: one.last for one in session.execute(statement.group_by(Invoice.customer_id))}
    touched = [Touch("customer", number, label) for number, label in accounts.items()]
    for batch in _staged(session, run):
        if any(one.customer_id not in accounts for one in batch):
            raise _changed(say("An account of this file is gone, or out of your sight, since it was checked."))
        pairs = [(one.customer_id, one.key) for one in batch]
        if not run.reason and queries.keys_in_use(session, pairs):
            raise _changed(say("Invoices with these keys were imported since this file was checked."))
        touched += _make(session, run, batch, accounts, used)
    return touched


def _staged(session: Session, run: InvoiceImport) -> Iterator[Sequence[Any]]:
    """Give the staged invoices in the order of the file, some at a time."""
    table = ImportedInvoice.__table__
    last = 0
    statement = select(table.c.id, table.c.customer_id, table.c.key, table.c.staged).where(table.c.import_id == run.id)
    while rows := session.execute(statement.where(table.c.id > last).order_by(table.c.id).limit(BATCH)).all():
        yield rows
        last = rows[-1].id


def _make(
    session: Session,
    run: InvoiceImport,
    batch: Sequence[Any],
    accounts: dict[int, str],
    used: dict[int, int],
) -> list[Touch]:
    """Write some invoices with their lines and what they are found by; return how the trail names them."""
    ids = take_ids(session, Invoice.__table__, len(batch))
    heads: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    terms: list[tuple[int, str]] = []
    made: list[dict[str, int]] = []
    touched: list[Touch] = []
    for invoice_id, one in zip(ids, batch, strict=True):
        count = used.get(one.customer_id, 0)
        used[one.customer_id] = count + 1
        head = _head(run, one, invoice_id, next_number(accounts[one.customer_id], count), count + 1)
        heads.append(head)
        lines += _lines(invoice_id, one.staged["lines"])
        terms += [(invoice_id, term) for term in kept(INVOICES.terms(SimpleNamespace(**head)))]
        made.append({"of": one.id, "made": invoice_id})
        named = ("status", *INVOICE_COLUMNS)
        touched.append(Touch("invoice", invoice_id, head["number"], {name: (None, head[name]) for name in named}))
    insert_rows(session, Invoice.__table__, heads)
    insert_rows(session, InvoiceLine.__table__, lines)
    write_terms(session.connection(), INVOICES.resource, terms)
    table = ImportedInvoice.__table__
    statement = update(table).where(table.c.id == bindparam("of")).values(invoice_id=bindparam("made"), staged=None)
    session.connection().execute(statement, made)
    return touched


def _head(run: InvoiceImport, one: Any, invoice_id: int, number: str, series: int) -> dict[str, Any]:  # noqa: ANN401  a row
    moment = clock.now()
    staged = one.staged
    return {
        **_defaults(Invoice),
        "id": invoice_id,
        "number": number,
        "series": series,
        "customer_id": one.customer_id,
        "status": _status(run),
        **{name: staged[name] for name in ("currency", "purchase_order_number")},
        **{name: date.fromisoformat(staged[name]) for name in ("invoice_date", "due_date")},
        **{name: Decimal(staged[name]) for name in _AMOUNTS},
        "created_at": moment,
        "last_modified_at": moment,
        "version": 1,
    }


def _lines(invoice_id: int, staged: Sequence[Sequence[Any]]) -> Iterator[dict[str, Any]]:
    for position, values in enumerate(staged):
        line = dict(zip((*LINE_FIELDS, "net"), values, strict=True))
        line |= {name: Decimal(line[name]) for name in _DECIMALS}
        yield {**_defaults(InvoiceLine), "invoice_id": invoice_id, "position": position, **line}


def _defaults(model: Any) -> dict[str, Any]:  # noqa: ANN401  a mapped class
    """Return what stands in each column of a row that says nothing of it, as the model has it."""
    columns = [column for column in model.__table__.columns if not column.primary_key]
    return {one.name: one.default.arg if one.default is not None and one.default.is_scalar else None for one in columns}


def _publish_usage(session: Session, actor: Actor, run: InvoiceImport) -> list[Touch]:
    """Count the records as seen by changing the import alone; their invoices have a new version, and a new status.

    An approval was of what was seen, so it falls away, unless the import approves.
    """
    ours = select(ImportedInvoice.invoice_id).where(ImportedInvoice.import_id == run.id)
    statement = invoices.invoices(actor).where(Invoice.id.in_(ours)).order_by(Invoice.id)
    columns = statement.with_only_columns(Invoice.id, Invoice.number, Invoice.status)
    found = session.execute(columns.with_for_update(of=Invoice)).all()
    wanted = session.scalar(select(func.count()).select_from(ours.subquery()))
    if len(found) != wanted or not all(may_edit(one.status) for one in found):
        raise _changed(say("An invoice of this file was sent or deleted since it was checked."))
    status = _status(run)
    table = Invoice.__table__
    session.execute(
        update(table)
        .where(table.c.id.in_(ours))
        .values(status=status, version=table.c.version + 1, last_modified_at=clock.now())
    )
    return [
        Touch("invoice", one.id, one.number, {"status": (one.status, status)} if one.status != status else {})
        for one in found
    ]


def _changed(words: str) -> Conflict:
    return Conflict(say("{what} Hand the file over again.", what=words), code="changed_meanwhile")
