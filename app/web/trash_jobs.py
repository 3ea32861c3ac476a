"""Emptying the trash: what `flask purge` runs, some records at a time, each time in a unit of work of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.orm import Session, scoped_session

from app.access.ask import ensure
from app.access.table import Operation
from app.core import clock, purging
from app.core.actor import Actor
from app.core.errors import DomainError, NotFound
from app.core.unit_of_work import unit_of_work
from app.web.resource import Resource
from app.web.trash import bins, in_trash

BATCH = 50

Sessions = Session | scoped_session[Session]


@dataclass(slots=True)
class Result:
    """What became of the old records of one kind: how many were purged, and which are kept, and why."""

    resource: Resource
    purged: int = 0
    kept: list[str] = field(default_factory=list)


def purge_old(
    sessions: Sessions,
    actor: Actor,
    *,
    days: int,
    reason: str,
    resources: Sequence[str] = (),
    dry_run: bool = False,
) -> Iterator[Result]:
    """Purge what was deleted more than so many days ago; give the result of each kind of record as it is done.

    Without `resources`, every kind. What is still needed is kept. Raises Forbidden, Invalid (no reason).
    """
    words = purging.check_reason(reason)
    chosen = [one for one in bins(actor) if not resources or one.name in resources]
    for resource in chosen:
        ensure(actor, Operation.PURGE, resource.name)
    for resource in chosen:
        yield _purge_kind(sessions, actor, resource, days=days, reason=words, dry_run=dry_run)


def _purge_kind(
    sessions: Sessions, actor: Actor, resource: Resource, *, days: int, reason: str, dry_run: bool
) -> Result:
    result, last = Result(resource), 0
    model = resource.model
    before = clock.now() - timedelta(days=days)
    while True:
        with unit_of_work(sessions) as session:
            statement = in_trash(actor, resource).where(model.deleted_at < before, model.id > last)
            # By id: what is kept is asked for once.
            numbers = session.scalars(statement.with_only_columns(model.id).order_by(model.id).limit(BATCH)).all()
            for number in numbers:
                _purge_one(session, actor, resource, number, reason=reason, dry_run=dry_run, result=result)
        if not numbers:
            return result
        last = numbers[-1]


def _purge_one(
    session: Session, actor: Actor, resource: Resource, number: int, *, reason: str, dry_run: bool, result: Result
) -> None:
    try:
        with session.begin_nested():
            if dry_run:
                purging.ensure_purgeable(session, session.get_one(resource.model, number))
            elif resource.purge is not None:
                resource.purge(session, actor, number, reason, None)
    except NotFound:
        return
    except DomainError as error:
        result.kept.append(f"{resource.label} {number}: {error.message}")
        return
    result.purged += 1
