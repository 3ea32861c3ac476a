"""Reads of bulk letters, within the actor's sight: the runs, and which customers one takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from app.access.ask import ensure
from app.access.table import Operation
from app.core.actor import Actor
from app.correspondence.bulk.kind import KIND
from app.correspondence.bulk.models import BulkLetterRow
from app.correspondence.linked import choosings
from app.correspondence.models import Correspondence
from app.correspondence.rules import MAX_LINKED
from app.customers import queries as customers
from app.customers.models import Customer
from app.runs import queries as shared
from app.runs.rules import AnyState

runs = partial(shared.runs, KIND)
run = partial(shared.run, KIND)
trash = partial(shared.trash, KIND)
matching = partial(shared.matching, KIND)
waiting = partial(shared.waiting, KIND)
in_turn = partial(shared.in_turn, KIND)


def rows(actor: Actor, run_id: int) -> Select[BulkLetterRow]:
    """Select the rows of bulk letters whose customers are the actor's dealer's, each with customer and letter."""
    ensure(actor, Operation.READ, KIND.name)
    return (
        select(BulkLetterRow)
        .join(BulkLetterRow.customer)
        .options(contains_eager(BulkLetterRow.customer), joinedload(BulkLetterRow.letter))
        .where(BulkLetterRow.run_id == run_id, customers.of_dealer(actor))
    )


def row_of(session: Session, actor: Actor, run_id: int, customer_id: int | None) -> BulkLetterRow | None:
    """Return the row of a customer in bulk letters, or the first one; None where there is none in sight."""
    statement = rows(actor, run_id)
    if customer_id is not None:
        statement = statement.where(BulkLetterRow.customer_id == customer_id)
    found: BulkLetterRow | None = session.scalar(statement.order_by(BulkLetterRow.id).limit(1))
    return found


def row_ids(session: Session, actor: Actor, run_id: int, state: AnyState, customer_ids: Sequence[int]) -> set[int]:
    """Return the ids of a run's rows in a state that are about some customers."""
    wanted = ((BulkLetterRow.customer_id, customer_ids),)
    return shared.row_ids(KIND, session, rows(actor, run_id), state, wanted)


def chosen_customers(
    session: Session,
    actor: Actor,
    *,
    filters: Mapping[str, Any],
    customer_ids: Sequence[int] = (),
    language: str,
    limit: int,
) -> list[int]:
    """Return the ids of the customers in sight that are chosen, by account number, as far as the limit.

    `filters` are checked ones; without `customer_ids` the customers are any. `language` is that of who has none.
    """
    wanted = customers.customers(actor).where(*_conditions(actor, filters, language))
    ordered = wanted.with_only_columns(Customer.id).order_by(Customer.account_number, Customer.id).limit(limit)
    if not customer_ids:
        return list(session.scalars(ordered))
    found: list[int] = []
    for portion in _portions(customer_ids):
        found += session.scalars(ordered.where(Customer.id.in_(portion)))
    return found[:limit]


def not_left(session: Session, actor: Actor, run_id: int) -> list[int]:
    """Return the ids of the customers in sight of bulk letters that have had no letter yet."""
    wanted = rows(actor, run_id).where(BulkLetterRow.state.in_(shared.NOT_LEFT), customers.in_sight(actor))
    return list(
        session.scalars(wanted.options().with_only_columns(BulkLetterRow.customer_id).order_by(BulkLetterRow.id))
    )


def invoices_of(
    session: Session, actor: Actor, filters: Mapping[str, Any], customer_ids: Sequence[int]
) -> dict[int, list[int]]:
    """Return the invoices that customers were chosen by, the latest of each, as many as a letter may be about."""
    found: dict[int, list[int]] = {}
    for name, group in choosings().items():
        if name not in filters:
            continue
        chosen = group.rows(actor, filters[name])
        owner = chosen.selected_columns[0]
        for portion in _portions(customer_ids):
            for customer_id, number in session.execute(chosen.where(owner.in_(portion))):
                of_customer = found.setdefault(customer_id, [])
                if len(of_customer) < MAX_LINKED:
                    of_customer.append(number)
    return found


def customers_locked(session: Session, actor: Actor, ids: Sequence[int]) -> dict[int, Customer]:
    """Return those of some customers that are in sight, by id, each with its title; the caller has locked them."""
    statement = customers.customers(actor).where(Customer.id.in_(ids)).options(joinedload(Customer.title))
    return {one.id: one for one in session.scalars(statement.execution_options(populate_existing=True))}


def letters_made(run_id: int) -> ColumnElement[bool]:
    """Return the condition that a letter was made by bulk letters."""
    made = select(BulkLetterRow.letter_id).where(BulkLetterRow.run_id == run_id, BulkLetterRow.letter_id.is_not(None))
    return Correspondence.id.in_(made)


def _conditions(actor: Actor, filters: Mapping[str, Any], language: str) -> Iterable[ColumnElement[bool]]:
    columns: Mapping[str, Any] = {
        "dealer_code": Customer.dealer_code,
        "customer_status": Customer.status_id,
        "language": func.coalesce(Customer.language, language),
        "country": Customer.country,
    }
    groups = choosings()
    for name, value in filters.items():
        if name in groups:
            chosen = groups[name].rows(actor, value).order_by(None)
            yield Customer.id.in_(chosen.with_only_columns(chosen.selected_columns[0]))
        else:
            yield columns[name] == value


def _portions(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + shared.NUMBERS] for start in range(0, len(ids), shared.NUMBERS))
