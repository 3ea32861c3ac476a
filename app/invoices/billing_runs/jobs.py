"""What the worker does of billing runs in each of its rounds: the next hundred invoices of one that is under way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor, Door
from app.core.errors import Conflict, DomainError, Stale
from app.core.events import Event, log_event
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.invoices.billing_runs import queries, sending
from app.invoices.billing_runs.rules import PauseReason
from app.mailer.engines.background import register_background
from app.mailer.sending_defaults import sending_defaults
from app.web.current import actor_of

# So many invoices are one unit of work: a second or so, after which the mails have their turn.
CHUNK = 100
WORKER = Actor.system(Door.WORKER)

Result = TypeVar("Result")


def register() -> None:
    """Have the outbox's workers advance billing runs."""
    register_background("billing_runs", Advance())


class Advance:
    """Advances the runs that are under way in turn, one of them at each call."""

    def __init__(self) -> None:
        self._last = 0

    def __call__(self, stop: threading.Event) -> int:
        """Send the next invoices of the run whose turn it is; return how many had theirs, a finished run counted."""
        session = db.session()
        session.rollback()
        under_way = queries.running(session)
        session.rollback()
        # From the one after the last: a large run keeps no small one waiting.
        later = [one for one in under_way if one.id > self._last]
        for run in [*later, *(one for one in under_way if one.id <= self._last)]:
            if stop.is_set():
                return 0
            done = _advance(run.id, run.started_by_id)
            if done:
                self._last = run.id
                return done
        return 0


def _advance(run_id: int, started_by_id: int | None) -> int:
    """Advance one run; none means that it is in another worker's hands, or was paused meanwhile."""
    actor = actor_of(started_by_id, Door.WORKER)
    if actor is None or not may(actor, Operation.SEND, "invoice"):
        return _pause(run_id, actor or WORKER)
    try:
        done = _do(lambda session: _send(session, actor, run_id, CHUNK))
    except (OperationalError, InterfaceError, Stale):
        # The database's trouble, or somebody else's change, says nothing about an invoice: the next round tries again.
        raise
    except Conflict as error:
        if error.code == "busy":
            raise
        done = _one_by_one(actor, run_id, error)
    except Exception as error:  # noqa: BLE001  one invoice has spoilt the transaction of all
        done = _one_by_one(actor, run_id, error)
    if done:
        log_event(Event.BILLING_RUN_ADVANCED, run_id=run_id, count=done)
        return done
    if done == 0 and _do(lambda session: sending.finish_run(session, actor, run_id=run_id)):
        log_event(Event.BILLING_RUN_FINISHED, run_id=run_id)
        return 1
    return 0


def _send(session: Session, actor: Actor, run_id: int, size: int) -> int | None:
    return sending.send_next(session, actor, run_id=run_id, size=size, defaults=sending_defaults())


def _one_by_one(actor: Actor, run_id: int, error: Exception) -> int:
    """Send a chunk's invoices each in a unit of work of its own; the one that fails says so, and holds up no other."""
    log_event(Event.INVOICE_NOT_SENT, run_id=run_id, count=CHUNK, error=error)
    done = 0
    for _ in range(CHUNK):
        try:
            if not _do(lambda session: _send(session, actor, run_id, 1)):
                break
        except (OperationalError, InterfaceError, Stale):
            raise
        except Exception as failure:
            if isinstance(failure, DomainError) and failure.code == "busy":
                raise
            log_event(Event.INVOICE_NOT_SENT, run_id=run_id, count=1, error=failure)
            _do(lambda session: sending.fail_next(session, run_id=run_id))
        done += 1
    return done


def _pause(run_id: int, actor: Actor) -> int:
    paused = _do(
        lambda session: sending.pause_by_itself(session, actor, run_id=run_id, reason=PauseReason.MAY_NOT_SEND)
    )
    if paused:
        log_event(Event.BILLING_RUN_PAUSED, run_id=run_id, code=PauseReason.MAY_NOT_SEND.value)
    return int(paused)


def _do(step: Callable[[Session], Result]) -> Result:
    with unit_of_work(db.session) as session:
        return step(session)
