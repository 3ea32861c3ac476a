"""Reads of runs, within the actor's sight: the runs, whose turn it is, and which of a run's rows have not left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import QueryableAttribute, Session

from app.access.ask import ensure
from app.access.table import Operation
from app.core.actor import Actor
from app.core.errors import NotFound
from app.customers import queries as customers
from app.customers.models import Customer, normalised_number
from app.mailer.models import Message
from app.runs.kind import R, RunKind
from app.runs.rules import PLANNED_ANEW, AnyState, RunStatus

# So many account numbers or ids are looked up with one statement.
NUMBERS = 500
NOT_LEFT = [one.value for one in PLANNED_ANEW]
REACHES_NOBODY = "reaches_nobody"


def runs(kind: RunKind[R], actor: Actor) -> Select[R]:
    """Select the living runs in sight: all of them, or the dealer's own. Raises Forbidden."""
    ensure(actor, Operation.READ, kind.name)
    return select(kind.run).where(kind.run.deleted_at.is_(None), kind.is_seen(actor, Operation.READ))


def run(kind: RunKind[R], session: Session, actor: Actor, *, run_id: int, lock: bool = False) -> R:
    """Return one run in sight. Raises NotFound, Forbidden."""
    return _one(kind, session, runs(kind, actor).where(kind.run.id == run_id), lock=lock)


def trash(kind: RunKind[R], actor: Actor) -> Select[R]:
    """Select the deleted runs of the actor's dealer. Raises Forbidden."""
    ensure(actor, Operation.TRASH, kind.name)
    return select(kind.run).where(
        kind.run.deleted_at.is_not(None), kind.run.purged_at.is_(None), kind.is_seen(actor, Operation.TRASH)
    )


def deleted_run(kind: RunKind[R], session: Session, actor: Actor, *, run_id: int) -> R:
    """Return one run in sight, deleted or not, yet not purged, locked. Raises NotFound."""
    ensure(actor, Operation.READ, kind.name)
    wanted = (kind.run.id == run_id, kind.run.purged_at.is_(None), kind.is_seen(actor, Operation.READ))
    return _one(kind, session, select(kind.run).where(*wanted), lock=True)


def matching(kind: RunKind[R], text: str) -> ColumnElement[bool]:
    """Return the condition that a run's number, or the name of whoever made it, is what `text` asks for."""
    named: ColumnElement[bool] = func.lower(kind.run.created_by) == text.lower()
    digits = text.strip().lstrip("#")
    if digits.isascii() and digits.isdigit() and len(digits) < 10:  # noqa: PLR2004  an id's digits
        return (kind.run.id == int(digits)) | named
    return named


def in_turn(kind: RunKind[R], session: Session, run_id: int) -> R | None:
    """Return a run that is under way, locked; None where another worker holds it, or it isn't under way any more."""
    wanted = select(kind.run).where(kind.run.id == run_id, *_under_way(kind))
    locked = wanted.with_for_update(of=kind.run, skip_locked=True).execution_options(populate_existing=True)
    found: R | None = session.scalar(locked)
    return found


def waiting(kind: RunKind[R], session: Session, run_id: int, *, limit: int) -> Sequence[Any]:
    """Return the rows of a run whose turn is next."""
    wanted = select(kind.row).where(kind.row.run_id == run_id, kind.row.state == AnyState.WAITING.value)
    return session.scalars(wanted.order_by(kind.row.id).limit(limit)).all()


def running(kind: RunKind[R], session: Session) -> Sequence[Any]:
    """Return the runs that are under way, each with the id of whoever started it."""
    statement = select(kind.run.id, kind.run.started_by_id).where(*_under_way(kind))
    return session.execute(statement.order_by(kind.run.id)).all()


def rows_of_run(kind: RunKind[R], session: Session, run_id: int) -> dict[int, Any]:
    """Return the rows of a run that have not left, by the ids of what they are about."""
    wanted = select(kind.row).where(kind.row.run_id == run_id, kind.row.state.in_(NOT_LEFT))
    return {getattr(row, kind.subject): row for row in session.scalars(wanted)}


def row_ids(
    kind: RunKind[R],
    session: Session,
    rows: Select[Any],
    state: AnyState,
    wanted: Iterable[tuple[QueryableAttribute[int], Sequence[int]]],
) -> set[int]:
    """Return the ids of those of some rows that are in a state, and have one of some ids in a column."""
    found: set[int] = set()
    for column, ids in wanted:
        for start in range(0, len(ids), NUMBERS):
            portion = ids[start : start + NUMBERS]
            some = rows.where(kind.row.state == state.value, column.in_(portion))
            found |= set(session.scalars(some.options().with_only_columns(kind.row.id)))
    return found


def with_outcome(kind: RunKind[R], outcome: str) -> ColumnElement[bool]:
    """Return the condition that something stands in the plan of a row, or that it reaches nobody."""
    if outcome == REACHES_NOBODY:
        nobody: ColumnElement[bool] = kind.row.reaches_nobody.is_(True)
        return nobody
    return exists().where(kind.outcome.row_id == kind.row.id, kind.outcome.outcome == outcome)


def customers_of_numbers(session: Session, actor: Actor, numbers: Iterable[str]) -> dict[str, int]:
    """Return the ids of the customers in sight by their account numbers as they were given; unknown ones are left out.

    Case, and wide and narrow letters, count for nothing.
    """
    by_key: dict[str, list[str]] = {}
    for number in numbers:
        by_key.setdefault(normalised_number(number), []).append(number)
    keys = list(by_key)
    found: dict[str, int] = {}
    for start in range(0, len(keys), NUMBERS):
        portion = keys[start : start + NUMBERS]
        key = Customer.account_number_normalised
        statement = select(key, Customer.id).where(key.in_(portion), customers.in_sight(actor))
        for normalised, customer_id in session.execute(statement):
            found |= dict.fromkeys(by_key[normalised], customer_id)
    return found


def highest_message(session: Session) -> int:
    """Return the highest id that a message has."""
    return session.scalar(select(func.max(Message.id))) or 0


def _under_way(kind: RunKind[R]) -> tuple[ColumnElement[bool], ...]:
    return kind.run.status == RunStatus.RUNNING.value, kind.run.deleted_at.is_(None)


def _one(kind: RunKind[R], session: Session, statement: Select[R], *, lock: bool) -> R:
    if lock:
        statement = statement.with_for_update(of=kind.run).execution_options(populate_existing=True)
    found: R | None = session.scalar(statement)
    if found is None:
        raise NotFound(kind.none_with_id)
    return found
