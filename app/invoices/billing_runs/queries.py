"""Reads of billing runs, within the actor's sight: the runs, and which invoices one takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session, contains_eager

from app.access.ask import ensure
from app.access.table import Operation
from app.core.actor import Actor
from app.customers import queries as customers
from app.customers.models import Customer
from app.invoices import queries as invoices
from app.invoices.billing_runs.kind import KIND
from app.invoices.billing_runs.models import RunInvoice
from app.invoices.billing_runs.rules import RowState
from app.invoices.models import Invoice, InvoiceLine
from app.mailer.message_states import MessageState
from app.mailer.models import Message
from app.mailer.planning.plan_model import DocumentKind
from app.runs import queries as shared
from app.runs.rules import AnyState

runs = partial(shared.runs, KIND)
run = partial(shared.run, KIND)
trash = partial(shared.trash, KIND)
matching = partial(shared.matching, KIND)
waiting = partial(shared.waiting, KIND)
in_turn = partial(shared.in_turn, KIND)


def chosen_invoices(
    session: Session, actor: Actor, *, filters: Mapping[str, Any], customer_ids: Sequence[int], limit: int
) -> list[Any]:
    """Return the invoices in sight that a run takes, by customer and number, as far as the limit.

    `filters` are checked values of `FILTERS`; without `customer_ids` the invoices are anybody's. Rows have an id,
    number, version and customer_id.
    """
    columns = (Invoice.id, Invoice.number, Invoice.version, Invoice.customer_id)
    statement = invoices.invoices(actor).options().with_only_columns(*columns).where(*conditions(filters))
    ordered = statement.order_by(Invoice.customer_id, Invoice.series).limit(limit)
    if not customer_ids:
        return list(session.execute(ordered))
    found: list[Any] = []
    for start in range(0, len(customer_ids), shared.NUMBERS):
        portion = customer_ids[start : start + shared.NUMBERS]
        found += session.execute(ordered.where(Invoice.customer_id.in_(portion))).all()
    return found[:limit]


def conditions(filters: Mapping[str, Any]) -> Iterable[ColumnElement[bool]]:
    """Give what an invoice, joined with its customer, must meet by checked filters."""
    columns: Mapping[str, Any] = {
        "invoice_date": Invoice.invoice_date,
        "due_date": Invoice.due_date,
        "total": Invoice.total,
        "status": Invoice.status,
        "currency": Invoice.currency,
        "dealer_code": Customer.dealer_code,
    }
    for name, value in filters.items():
        if name == "already_sent":
            yield _has_been_sent() if value else ~_has_been_sent()
            continue
        of, _, end = name.rpartition("_")
        if end == "from":
            yield columns[of] >= _as_kept(of, value)
        elif end == "to":
            yield columns[of] <= _as_kept(of, value)
        else:
            yield columns[name] == value


def _as_kept(column: str, value: Any) -> Any:  # noqa: ANN401  a date, or an amount as text
    return Decimal(value) if column == "total" else value


def _has_been_sent() -> ColumnElement[bool]:
    """Return the condition that a copy of an invoice is on its way or has left."""
    return exists().where(
        Message.document_kind == DocumentKind.INVOICE.value,
        Message.document_id == Invoice.id,
        Message.state != MessageState.CANCELLED.value,
    )


def line_counts(session: Session, invoice_ids: Sequence[int]) -> dict[int, int]:
    """Return how many lines some invoices have, by the invoice's id."""
    of = InvoiceLine.invoice_id
    counted = select(of, func.count()).where(of.in_(invoice_ids)).group_by(of)
    return {number: count for number, count in session.execute(counted)}  # noqa: C416  dict() of rows has no type


def rows(actor: Actor, run_id: int) -> Select[RunInvoice]:
    """Select the invoices of a run whose customers are the actor's dealer's, each with invoice and customer."""
    ensure(actor, Operation.READ, "invoice")
    return (
        select(RunInvoice)
        .join(RunInvoice.invoice)
        .join(Invoice.customer)
        .options(contains_eager(RunInvoice.invoice).contains_eager(Invoice.customer))
        .where(RunInvoice.run_id == run_id, customers.of_dealer(actor))
    )


def to_plan_again(session: Session, actor: Actor, run_id: int) -> Sequence[Any]:
    """Return the invoices in sight of a run that have not left, as `chosen_invoices` does."""
    columns = (Invoice.id, Invoice.number, Invoice.version, Invoice.customer_id)
    statement = invoices.invoices(actor).options().with_only_columns(*columns)
    mine = (RunInvoice.run_id == run_id, RunInvoice.state.in_(shared.NOT_LEFT))
    return session.execute(statement.join(RunInvoice, RunInvoice.invoice_id == Invoice.id).where(*mine)).all()


def row_ids(
    session: Session,
    actor: Actor,
    run_id: int,
    state: RowState,
    *,
    invoice_ids: Sequence[int] = (),
    customer_ids: Sequence[int] = (),
) -> set[int]:
    """Return the ids of a run's rows in a state that are about some invoices, or some customers."""
    wanted = ((RunInvoice.invoice_id, invoice_ids), (Invoice.customer_id, customer_ids))
    return shared.row_ids(KIND, session, rows(actor, run_id), AnyState(state), wanted)
