"""Sending: claim a batch, send its mails with the intent committed before each, and settle what came of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.core import clock
from app.core.events import Event, log_event
from app.core.unit_of_work import unit_of_work
from app.mailer.delivery.beside import Beside
from app.mailer.delivery.claims import LEASE, Claimed, Sessions, claim, give_back, renew
from app.mailer.delivery.journal import Journal, Outcome
from app.mailer.delivery.lookout import Lookout
from app.mailer.delivery.pace import Pace
from app.mailer.delivery.settling import settle
from app.mailer.message_states import MessageState
from app.mailer.models import WorkerHeartbeat
from app.mailer.smtp.answers import Deferred, Refused, Undelivered, Unknown
from app.mailer.smtp.connection import Connection
from app.mailer.watching.outcomes import log_lanes, log_outcomes
from app.mailer.watching.queries import is_paused

BATCH = 100
_RENEW_AFTER = LEASE.total_seconds() / 2
_LOOK_AFTER = 1.0


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
    pace: Pace | None = None,
) -> int:
    """Send what is due until nothing is, the server is in trouble or `stop` is set; return how many were handled.

    `sender` is the configured From address; None takes the document's own. Without a `portion` there is no limit. When
    the server has had all that `pace` lets it have, that is the end as well.
    """
    handled, start = 0, time.monotonic()
    lookout = Lookout(worker=worker, pace=pace, stop=stop)

    def late() -> bool:
        return portion is not None and time.monotonic() - start >= portion.seconds

    with Journal(_engine(sessions), worker=worker) as journal, Beside(sessions) as beside:
        while not stop.is_set() and not late():
            size = BATCH if portion is None else min(BATCH, portion.messages - handled)
            if size <= 0:
                break
            batch = claim(sessions, worker=worker, sender=sender, size=size, signer=connection.signer)
            if not batch.found:
                break
            held = batch.found - len(batch.claimed)
            log_event(Event.BATCH_CLAIMED, worker=worker, count=len(batch.claimed))
            turn = _Turn(sessions, connection, journal, beside, worker, stop, late, lookout)
            tried, halted = _send_batch(turn, batch.claimed)
            handled += held + tried
            if halted:
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
    beside: Beside
    worker: str
    stop: threading.Event
    late: Callable[[], bool]
    lookout: Lookout


class _Upkeep:
    """What a batch needs from time to time while it is sent: a longer lease, and a look at whether to go on."""

    def __init__(self, turn: _Turn) -> None:
        self._turn = turn
        self._leased = self._looked = time.monotonic()

    def lets_go_on(self, *held: Sequence[Claimed]) -> bool:
        """Tell whether the outbox is not paused: to a slow server a batch takes long. What is held stays ours."""
        now = time.monotonic()
        if now - self._leased >= _RENEW_AFTER:
            self._leased = now
            ids = [one.message_id for some in held for one in some]
            renew(self._turn.sessions, worker=self._turn.worker, ids=ids)
        if now - self._looked < _LOOK_AFTER:
            return True
        self._looked = now
        sessions = self._turn.sessions
        session = sessions if isinstance(sessions, Session) else sessions()
        # What is read is what stands there now, and nothing is kept from changing afterwards.
        session.rollback()
        paused = is_paused(session)
        session.rollback()
        return not paused


def _send_batch(turn: _Turn, claimed: Sequence[Claimed]) -> tuple[int, bool]:
    """Send the mails of a batch in order; return how many were tried, and whether nothing more can go."""
    outcomes: list[Outcome] = []
    aside: list[Claimed] = []
    lookout = turn.lookout
    upkeep, rest = _Upkeep(turn), list(claimed)
    try:
        while rest and not lookout.halted and not turn.stop.is_set() and not (outcomes and turn.late()):
            if not upkeep.lets_go_on(aside, rest):
                break
            one = rest.pop(0)
            if not lookout.lets(one.domain):
                aside.append(one)
                continue
            data = one.mail.data
            # The server answers to the envelope while the database commits; the mail itself waits for the commit.
            sender = turn.connection.envelope_sender(one.mail.sender, one.message_id)
            turn.connection.announce(sender, one.address, data)
            attempt_id = turn.journal.intend(one.message_id, after=outcomes[-1] if outcomes else None)
            if attempt_id is None:
                turn.connection.withdraw()
                log_event(Event.MESSAGE_NOT_IN_HAND, worker=turn.worker, message_id=one.message_id)
                continue
            outcomes.append(_sent(turn, one, data, sender=sender, attempt_id=attempt_id))
    finally:
        turn.connection.withdraw()
        if outcomes:
            turn.journal.conclude(outcomes[-1])
        halted = lookout.halted
        # While it is settled, the next batch is claimed and sent.
        turn.beside.do(lambda sessions: _settle(sessions, outcomes))
        with unit_of_work(turn.sessions) as session:
            give_back(session, [*aside, *rest], worker=turn.worker)
            seen = lookout.write_down(session)
        log_outcomes(outcomes, worker=turn.worker)
        log_lanes(seen, worker=turn.worker)
    return len(outcomes), halted


def _settle(sessions: Sessions, outcomes: Sequence[Outcome]) -> None:
    with unit_of_work(sessions) as session:
        settle(session, outcomes)


def _sent(turn: _Turn, one: Claimed, data: bytes, *, sender: str, attempt_id: int) -> Outcome:
    """Send one mail; return what came of it."""
    deferred, lookout = False, turn.lookout
    try:
        answer = str(turn.connection.send_bytes(sender, one.address, data))
        state = MessageState.SENT
        lookout.note(one.domain, None)
    except Undelivered as error:
        lookout.note(one.domain, error)
        answer = str(error)
        state = MessageState.WAITING
        if isinstance(error, Unknown):
            state = MessageState.UNCERTAIN
        elif isinstance(error, Refused):
            state = MessageState.FAILED
        elif isinstance(error, Deferred):
            deferred = True
    except ValueError as error:
        answer, state = str(error), MessageState.FAILED
    return Outcome(
        attempt_id=attempt_id,
        message_id=one.message_id,
        state=state,
        answer=answer,
        at=clock.now(),
        deferred=deferred,
    )


def _engine(sessions: Sessions) -> Engine:
    """Return the database of a session."""
    own = sessions if isinstance(sessions, Session) else sessions()
    bind = own.get_bind()
    return bind if isinstance(bind, Engine) else bind.engine
