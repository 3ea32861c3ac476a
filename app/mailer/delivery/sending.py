"""Sending: claim a batch, send its mails with the intent committed before each, and settle what came of it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.core import clock
from app.core.unit_of_work import unit_of_work
from app.mailer.delivery.claims import LEASE, Claimed, Sessions, claim, give_back, renew
from app.mailer.delivery.journal import Journal, Outcome
from app.mailer.delivery.lanes import close_lane, reopen_lane
from app.mailer.delivery.settling import settle
from app.mailer.message_states import MessageState
from app.mailer.models import WorkerHeartbeat
from app.mailer.smtp.answers import ConnectionTrouble, Deferred, Refused, Undelivered, Unknown
from app.mailer.smtp.connection import Connection

log = logging.getLogger(__name__)

BATCH = 100
_RENEW_AFTER = LEASE.total_seconds() / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """How much is sent at one go, so that a long backlog keeps nothing else waiting: messages, and seconds."""

    messages: int = 1_000
    seconds: float = 10.0


def drain(
    sessions: Sessions,
    connection: Connection,
    *,
    worker: str,
    sender: str | None,
    stop: threading.Event,
    portion: Portion | None = None,
) -> int:
    """Send what is due until nothing is, the server is in trouble or `stop` is set; return how many were handled.

    `sender` is the configured From address; None takes the document's own. Without a `portion` there is no limit.
    """
    handled, start = 0, time.monotonic()

    def late() -> bool:
        return portion is not None and time.monotonic() - start >= portion.seconds

    with Journal(_engine(sessions), worker=worker) as journal:
        while not stop.is_set() and not late():
            size = BATCH if portion is None else min(BATCH, portion.messages - handled)
            batch = claim(sessions, worker=worker, sender=sender, size=size) if size > 0 else None
            if batch is None or not batch.found:
                break
            held = batch.found - len(batch.claimed)
            turn = _Turn(sessions, connection, journal, worker, stop, late)
            tried, trouble = _send_batch(turn, batch.claimed)
            handled += held + tried
            if trouble:
                break
    return handled


def beat(sessions: Sessions, *, worker: str) -> None:
    """Note that this worker is at work."""
    with unit_of_work(sessions) as session:
        session.merge(WorkerHeartbeat(worker=worker, beat_at=clock.now()))


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one drain works with. `late` tells that its time is over; the first mail of a batch still goes."""

    sessions: Sessions
    connection: Connection
    journal: Journal
    worker: str
    stop: threading.Event
    late: Callable[[], bool]


def _send_batch(turn: _Turn, claimed: Sequence[Claimed]) -> tuple[int, bool]:
    """Send the mails of a batch in order; return how many were tried, and whether the server was in trouble."""
    outcomes: list[Outcome] = []
    trouble: ConnectionTrouble | None = None
    leased = time.monotonic()
    rest = list(claimed)
    try:
        while rest and trouble is None and not turn.stop.is_set() and not (outcomes and turn.late()):
            if time.monotonic() - leased >= _RENEW_AFTER:
                renew(turn.sessions, worker=turn.worker, ids=[one.message_id for one in rest])
                leased = time.monotonic()
            one = rest.pop(0)
            attempt_id = turn.journal.intend(one.message_id, after=outcomes[-1] if outcomes else None)
            if attempt_id is not None:
                outcome, trouble = _sent(turn.connection, one, attempt_id)
                outcomes.append(outcome)
    finally:
        if outcomes:
            turn.journal.conclude(outcomes[-1])
        with unit_of_work(turn.sessions) as session:
            settle(session, outcomes)
            give_back(session, rest, worker=turn.worker)
            if trouble is not None:
                close_lane(session, str(trouble))
            elif outcomes:
                reopen_lane(session)
    return len(outcomes), trouble is not None


def _sent(connection: Connection, one: Claimed, attempt_id: int) -> tuple[Outcome, ConnectionTrouble | None]:
    """Send one mail; return what came of it, and the trouble that the server is in."""
    trouble, deferred = None, False
    try:
        sender = connection.envelope_sender(one.mail.sender, one.message_id)
        answer = str(connection.send_bytes(sender, one.address, one.mail.data))
        state = MessageState.SENT
    except Undelivered as error:
        answer = str(error)
        state = MessageState.WAITING
        if isinstance(error, Unknown):
            state = MessageState.UNCERTAIN
        elif isinstance(error, Refused):
            state = MessageState.FAILED
        elif isinstance(error, Deferred):
            deferred = True
        elif isinstance(error, ConnectionTrouble):
            trouble = error
    except ValueError as error:
        answer, state = str(error), MessageState.FAILED
    return (
        Outcome(
            attempt_id=attempt_id,
            message_id=one.message_id,
            state=state,
            answer=answer,
            at=clock.now(),
            deferred=deferred,
        ),
        trouble,
    )


def _engine(sessions: Sessions) -> Engine:
    """Return the database of a session."""
    own = sessions if isinstance(sessions, Session) else sessions()
    bind = own.get_bind()
    return bind if isinstance(bind, Engine) else bind.engine
