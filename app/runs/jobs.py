"""What the worker does of runs in each of its rounds: the next rows of one that is under way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from app.core.actor import Actor, Door
from app.core.errors import Conflict, DomainError, Forbidden, Stale
from app.core.events import Event, log_event
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.runs import queries, sending
from app.runs.kind import RunKind
from app.runs.rules import PauseReason
from app.web.current import actor_of

WORKER = Actor.system(Door.WORKER)

Result = TypeVar("Result")
# Does so many rows of a run in an actor's name; returns how many had their turn, None where the run is not to be had.
# Raises Forbidden where the actor may not do it any more.
Next = Callable[[Session, Actor, int, int], int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """How the worker advances a kind of run: so many rows (`chunk`) are one unit of work."""

    kind: RunKind[Any]
    chunk: Callable[[], int]
    next: Next
    not_done: Event


class Advance:
    """Advances the runs of a kind that are under way in turn, one of them at each call."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._last = 0

    def __call__(self, stop: threading.Event) -> int:
        """Do the next rows of the run whose turn it is; return how many had theirs, a finished run counted."""
        session = db.session()
        session.rollback()
        under_way = queries.running(self._work.kind, session)
        session.rollback()
        # From the one after the last: a large run keeps no small one waiting.
        later = [one for one in under_way if one.id > self._last]
        for run in [*later, *(one for one in under_way if one.id <= self._last)]:
            if stop.is_set():
                return 0
            done = _advance(self._work, run.id, run.started_by_id)
            if done:
                self._last = run.id
                return done
        return 0


def _advance(work: Work, run_id: int, started_by_id: int | None) -> int:
    """Advance one run; none means that it is in another worker's hands, or was paused meanwhile."""
    kind = work.kind
    actor = actor_of(started_by_id, Door.WORKER)
    if actor is None:
        return _pause(kind, run_id, WORKER)
    try:
        done = _chunk(work, actor, run_id)
    except Forbidden:
        return _pause(kind, run_id, actor)
    if done:
        log_event(kind.event("advanced"), run_id=run_id, count=done)
        return done
    if done == 0 and _do(lambda session: sending.finish_run(kind, session, actor, run_id=run_id)):
        log_event(kind.event("finished"), run_id=run_id)
        return 1
    return 0


def _chunk(work: Work, actor: Actor, run_id: int) -> int | None:
    """Do a chunk of a run; where something in it has spoilt the transaction of all, one by one."""
    size = work.chunk()
    try:
        return _do(lambda session: work.next(session, actor, run_id, size))
    except (OperationalError, InterfaceError, Stale, Forbidden):
        # The database's trouble, or somebody else's change, says nothing about a row: the next round tries again.
        raise
    except Conflict as error:
        if error.code == "busy":
            raise
        return _one_by_one(work, actor, run_id, size, error)
    except Exception as error:  # noqa: BLE001  whatever one row has done
        return _one_by_one(work, actor, run_id, size, error)


def _one_by_one(work: Work, actor: Actor, run_id: int, size: int, error: Exception) -> int:
    """Do a chunk's rows each in a unit of work of its own; the one that fails says so, and holds up no other."""
    log_event(work.not_done, run_id=run_id, count=size, error=error)
    done = 0
    for _ in range(size):
        try:
            if not _do(lambda session: work.next(session, actor, run_id, 1)):
                break
        except (OperationalError, InterfaceError, Stale, Forbidden):
            raise
        except Exception as failure:
            if isinstance(failure, DomainError) and failure.code == "busy":
                raise
            log_event(work.not_done, run_id=run_id, count=1, error=failure)
            _do(lambda session: sending.fail_next(work.kind, session, run_id=run_id))
        done += 1
    return done


def _pause(kind: RunKind[Any], run_id: int, actor: Actor) -> int:
    reason = PauseReason.MAY_NOT_SEND
    paused = _do(lambda session: sending.pause_by_itself(kind, session, actor, run_id=run_id, reason=reason))
    if paused:
        log_event(kind.event("paused"), run_id=run_id, code=reason.value)
    return int(paused)


def _do(step: Callable[[Session], Result]) -> Result:
    with unit_of_work(db.session) as session:
        return step(session)
