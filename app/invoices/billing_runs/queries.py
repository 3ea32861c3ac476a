"""Reads of billing runs, within the actor's sight: the runs, which invoices one takes, and whose turn it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select, true
from sqlalchemy.orm import Session, contains_eager

from app.access.ask import ensure
from app.access.table import Operation
from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.words import say
from app.customers import queries as customers
from app.customers.models import Customer, normalised_number
from app.invoices import queries as invoices
from app.invoices.billing_runs.models import BillingRun, RunInvoice, RunOutcome
from app.invoices.billing_runs.rules import PLANNED_ANEW, RowState, RunStatus
from app.invoices.models import Invoice, InvoiceLine
from app.mailer.message_states import MessageState
from app.mailer.models import Message
from app.mailer.planning.plan_model import DocumentKind

# So many account numbers or ids are looked up with one statement.
_NUMBERS = 500
_NOT_LEFT = [one.value for one in PLANNED_ANEW]


def runs(actor: Actor) -> Select[BillingRun]:
    """Select the living runs in sight: all of them, or the dealer's own. Raises Forbidden."""
    ensure(actor, Operation.READ, "billing_run")
    return select(BillingRun).where(BillingRun.deleted_at.is_(None), _of_dealer(actor))


def run(session: Session, actor: Actor, *, run_id: int, lock: bool = False) -> BillingRun:
    """Return one run in sight. Raises NotFound, Forbidden."""
    statement = runs(actor).where(BillingRun.id == run_id)
    found: BillingRun | None = session.scalar(_locked(statement) if lock else statement)
    if found is None:
        raise NotFound(say("There is no billing run with this id."))
    return found


def trash(actor: Actor) -> Select[BillingRun]:
    """Select the deleted runs of the actor's dealer. Raises Forbidden."""
    ensure(actor, Operation.TRASH, "billing_run")
    return select(BillingRun).where(
        BillingRun.deleted_at.is_not(None), BillingRun.purged_at.is_(None), _of_dealer(actor)
    )


def deleted_run(session: Session, actor: Actor, *, run_id: int) -> BillingRun:
    """Return one run in sight, deleted or not, yet not purged, locked. Raises NotFound."""
    ensure(actor, Operation.READ, "billing_run")
    statement = select(BillingRun).where(BillingRun.id == run_id, BillingRun.purged_at.is_(None), _of_dealer(actor))
    found: BillingRun | None = session.scalar(_locked(statement))
    if found is None:
        raise NotFound(say("There is no billing run with this id."))
    return found


def matching(text: str) -> ColumnElement[bool]:
    """Return the condition that a run's number, or the name of whoever made it, is what `text` asks for."""
    named = func.lower(BillingRun.created_by) == text.lower()
    digits = text.strip().lstrip("#")
    if digits.isascii() and digits.isdigit() and len(digits) < 10:  # noqa: PLR2004  an id's digits
        return (BillingRun.id == int(digits)) | named
    return named


def customers_of_numbers(session: Session, actor: Actor, numbers: Iterable[str]) -> dict[str, int]:
    """Return the ids of the customers in sight by their account numbers as they were given; unknown ones are left out.

    Case, and wide and narrow letters, count for nothing.
    """
    by_key: dict[str, list[str]] = {}
    for number in numbers:
        by_key.setdefault(normalised_number(number), []).append(number)
    keys = list(by_key)
    found: dict[str, int] = {}
    for start in range(0, len(keys), _NUMBERS):
        portion = keys[start : start + _NUMBERS]
        key = Customer.account_number_normalised
        statement = select(key, Customer.id).where(key.in_(portion), customers.in_sight(actor))
        for normalised, customer_id in session.execute(statement):
            found |= dict.fromkeys(by_key[normalised], customer_id)
    return found


def chosen_invoices(
    session: Session, actor: Actor, *, filters: Mapping[str, Any], customer_ids: Sequence[int], limit: int
) -> list[Any]:
    """Return the invoices in sight that a run takes, by customer and number, as far as the limit.

    `filters` are checked values of `FILTERS`; without `customer_ids` the invoices are anybody's. Rows have an id,
    number, version and customer_id.
    """
    columns = (Invoice.id, Invoice.number, Invoice.version, Invoice.customer_id)
    statement = invoices.invoices(actor).options().with_only_columns(*columns).where(*_conditions(filters))
    ordered = statement.order_by(Invoice.customer_id, Invoice.series).limit(limit)
    if not customer_ids:
        return list(session.execute(ordered))
    found: list[Any] = []
    for start in range(0, len(customer_ids), _NUMBERS):
        portion = customer_ids[start : start + _NUMBERS]
        found += session.execute(ordered.where(Invoice.customer_id.in_(portion))).all()
    return found[:limit]


def _conditions(filters: Mapping[str, Any]) -> Iterable[ColumnElement[bool]]:
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


def highest_message(session: Session) -> int:
    """Return the highest id that a message has."""
    return session.scalar(select(func.max(Message.id))) or 0


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


def with_outcome(outcome: str) -> ColumnElement[bool]:
    """Return the condition that a reason stands in the plan of a run's invoice, or that it reaches nobody."""
    if outcome == "reaches_nobody":
        return RunInvoice.reaches_nobody.is_(True)
    return exists().where(RunOutcome.row_id == RunInvoice.id, RunOutcome.outcome == outcome)


def rows_of_run(session: Session, run_id: int) -> dict[int, RunInvoice]:
    """Return the rows of a run that have not left, by their invoices' ids."""
    wanted = select(RunInvoice).where(RunInvoice.run_id == run_id, RunInvoice.state.in_(_NOT_LEFT))
    return {row.invoice_id: row for row in session.scalars(wanted)}


def to_plan_again(session: Session, actor: Actor, run_id: int) -> Sequence[Any]:
    """Return the invoices in sight of a run that have not left, as `chosen_invoices` does."""
    columns = (Invoice.id, Invoice.number, Invoice.version, Invoice.customer_id)
    statement = invoices.invoices(actor).options().with_only_columns(*columns)
    mine = (RunInvoice.run_id == run_id, RunInvoice.state.in_(_NOT_LEFT))
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
    found: set[int] = set()
    for column, ids in ((RunInvoice.invoice_id, invoice_ids), (Invoice.customer_id, customer_ids)):
        for start in range(0, len(ids), _NUMBERS):
            portion = ids[start : start + _NUMBERS]
            wanted = rows(actor, run_id).where(RunInvoice.state == state.value, column.in_(portion))
            found |= set(session.scalars(wanted.options().with_only_columns(RunInvoice.id)))
    return found


def waiting(session: Session, run_id: int, *, limit: int) -> Sequence[RunInvoice]:
    """Return the invoices of a run whose turn is next."""
    wanted = select(RunInvoice).where(RunInvoice.run_id == run_id, RunInvoice.state == RowState.WAITING.value)
    return session.scalars(wanted.order_by(RunInvoice.id).limit(limit)).all()


def running(session: Session) -> Sequence[Any]:
    """Return the runs that are under way, each with the id of whoever started it."""
    statement = select(BillingRun.id, BillingRun.started_by_id).where(
        BillingRun.status == RunStatus.RUNNING.value, BillingRun.deleted_at.is_(None)
    )
    return session.execute(statement.order_by(BillingRun.id)).all()


def _of_dealer(actor: Actor) -> ColumnElement[bool]:
    return true() if actor.dealer_code is None else BillingRun.dealer_code == actor.dealer_code


def _locked(statement: Select[BillingRun]) -> Select[BillingRun]:
    return statement.with_for_update(of=BillingRun).execution_options(populate_existing=True)
