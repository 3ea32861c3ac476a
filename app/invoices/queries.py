"""Reads of invoices, within the actor's sight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, SelectBase, and_, func, or_, select
from sqlalchemy.orm import Session, contains_eager

from app.access.ask import ensure
from app.access.table import Operation
from app.core import search_index
from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.words import say
from app.customers import queries as customers
from app.invoices.models import Invoice, InvoiceLine, StoredUsage, UsageRecord
from app.invoices.rules import InvoiceStatus
from app.mailer.planning.nobody import lost_copies, reaches_nobody

USAGE_COLUMNS = ("start", "reference", "site", "origin", "destination", "duration", "volume", "cost")
USAGE_PORTION = 2_000


def invoices(actor: Actor) -> Select[Invoice]:
    """Select the living invoices of the customers in sight, each with its customer. Raises Forbidden."""
    ensure(actor, Operation.READ, "invoice")
    return (
        select(Invoice)
        .join(Invoice.customer)
        .options(contains_eager(Invoice.customer))
        .where(Invoice.deleted_at.is_(None), customers.in_sight(actor))
    )


def invoice(session: Session, actor: Actor, *, invoice_id: int, lock: bool = False) -> Invoice:
    """Return one invoice in sight. Raises NotFound, Forbidden."""
    statement = invoices(actor).where(Invoice.id == invoice_id)
    if lock:
        statement = statement.with_for_update(of=Invoice).execution_options(populate_existing=True)
    found: Invoice | None = session.scalar(statement)
    if found is None:
        raise NotFound(say("There is no invoice with this id."))
    return found


def invoice_numbered(session: Session, actor: Actor, *, number: str) -> Invoice:
    """Return one invoice in sight by its number. Raises NotFound, Forbidden."""
    found: Invoice | None = session.scalar(invoices(actor).where(Invoice.number == number.strip()))
    if found is None:
        raise NotFound(say("There is no invoice with this number."))
    return found


def trash(actor: Actor) -> Select[Invoice]:
    """Select the deleted invoices of the customers of the actor's dealer, each with its customer. Raises Forbidden."""
    ensure(actor, Operation.TRASH, "invoice")
    return (
        select(Invoice)
        .join(Invoice.customer)
        .options(contains_eager(Invoice.customer))
        .where(Invoice.deleted_at.is_not(None), Invoice.purged_at.is_(None), customers.of_dealer(actor))
    )


def deleted_invoice(session: Session, actor: Actor, *, invoice_id: int, lock: bool = True) -> Invoice:
    """Return one invoice of the actor's dealer, deleted or not, yet not purged. Raises NotFound."""
    ensure(actor, Operation.READ, "invoice")
    statement = select(Invoice).join(Invoice.customer)
    statement = statement.where(Invoice.id == invoice_id, Invoice.purged_at.is_(None), customers.of_dealer(actor))
    if lock:
        statement = statement.with_for_update(of=Invoice).execution_options(populate_existing=True)
    found: Invoice | None = session.scalar(statement)
    if found is None:
        raise NotFound(say("There is no invoice with this id."))
    return found


def invoices_of_customer(actor: Actor, *, customer_id: int) -> Select[Invoice]:
    """Select a customer's living invoices."""
    return invoices(actor).where(Invoice.customer_id == customer_id)


def last_series(session: Session, *, customer_id: int) -> int:
    """Return how many numbers a customer's series has used, deleted invoices included."""
    return session.scalar(select(func.max(Invoice.series)).where(Invoice.customer_id == customer_id)) or 0


def credit_notes(actor: Actor, *, invoice_id: int) -> Select[Invoice]:
    """Select the living credit notes of an invoice."""
    return invoices(actor).where(Invoice.credits_id == invoice_id)


def invoiced_and_credited(session: Session, *, invoice_id: int) -> tuple[list[InvoiceLine], list[InvoiceLine]]:
    """Return the lines of an invoice, and those of its living credit notes."""
    note = and_(Invoice.credits_id == invoice_id, Invoice.deleted_at.is_(None))
    statement = select(InvoiceLine).join(InvoiceLine.invoice).where(or_(Invoice.id == invoice_id, note))
    rows = session.scalars(statement.order_by(InvoiceLine.invoice_id, InvoiceLine.position)).all()
    own = [row for row in rows if row.invoice_id == invoice_id]
    return own, [row for row in rows if row.invoice_id != invoice_id]


def usage_of(session: Session, *, invoice_id: int) -> Sequence[Any]:
    """Return the usage records of an invoice as rows, by their references and times."""
    columns = [UsageRecord.start, UsageRecord.reference, UsageRecord.origin, UsageRecord.destination]
    columns += [UsageRecord.duration, UsageRecord.volume, UsageRecord.cost]
    statement = select(*columns).where(UsageRecord.invoice_id == invoice_id)
    return session.execute(statement.order_by(UsageRecord.reference, UsageRecord.start, UsageRecord.id)).all()


def usage_stream(session: Session, *, invoice_id: int) -> Iterator[Any]:
    """Give the usage records of an invoice as rows, in no order, some at a time: there may be a hundred thousand."""
    statement = select(*(getattr(UsageRecord, name) for name in USAGE_COLUMNS)).where(
        UsageRecord.invoice_id == invoice_id
    )
    yield from session.execute(statement.execution_options(yield_per=USAGE_PORTION))


def usage_page(session: Session, *, invoice_id: int, after: int, count: int) -> Sequence[StoredUsage]:
    """Return some usage records of an invoice in the order in which they were given, from behind one's id on."""
    statement = select(UsageRecord).where(UsageRecord.invoice_id == invoice_id, UsageRecord.id > after)
    return session.scalars(statement.order_by(UsageRecord.id).limit(count)).all()


def usage_count(session: Session, *, invoice_id: int) -> int:
    """Return how many usage records an invoice has."""
    return session.scalar(select(func.count(UsageRecord.id)).where(UsageRecord.invoice_id == invoice_id)) or 0


def nets_by_month(session: Session, *, invoice: Invoice, months: int) -> dict[tuple[int, int], Decimal]:
    """Return what a customer was invoiced, net, by year and month, in so many months up to an invoice and with it.

    What was credited is taken off. Drafts count for nothing, and so do invoices in another currency.
    """
    ends = invoice.invoice_date.year * 12 + invoice.invoice_date.month - 1
    first = date((ends - months + 1) // 12, (ends - months + 1) % 12 + 1, 1)
    statement = select(Invoice.invoice_date, Invoice.net, Invoice.credits_id).where(
        Invoice.customer_id == invoice.customer_id,
        Invoice.currency == invoice.currency,
        Invoice.deleted_at.is_(None),
        Invoice.invoice_date.between(first, invoice.invoice_date),
        or_(Invoice.status != InvoiceStatus.DRAFT.value, Invoice.id == invoice.id),
    )
    sums: dict[tuple[int, int], Decimal] = {}
    for day, net, credits_id in session.execute(statement):
        signed = net if credits_id is None else -net
        sums[day.year, day.month] = sums.get((day.year, day.month), Decimal(0)) + signed
    return sums


def reaching_nobody() -> ColumnElement[bool]:
    """Return the condition that an invoice's plan says so: nobody has it, and sending it would reach nobody.

    A sent one has made messages, so it is asked only where some were lost: there are many, and few have lost any.
    """
    unsent = Invoice.status.in_([one.value for one in InvoiceStatus if one is not InvoiceStatus.SENT])
    return and_(or_(unsent, Invoice.id.in_(lost_copies())), reaches_nobody(Invoice.id, Invoice.customer_id))


def matching(text: str) -> ColumnElement[bool]:
    """Return the condition that number, order number, status or customer is what `text` asks for."""
    return search_index.among(Invoice.id, findings(text))


def findings(text: str) -> list[SelectBase]:
    """Return selections of the ids that `matching` is about."""
    ways: list[SelectBase] = [select(Invoice.id).where(Invoice.status == text.lower())]
    ways += search_index.findings("invoice", text)
    ways += [select(Invoice.id).where(Invoice.customer_id.in_(ids)) for ids in search_index.findings("customer", text)]
    return ways
