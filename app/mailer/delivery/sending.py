"""Delivery: claim a message, commit the intent, send its stored bytes, and commit what came of it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session, scoped_session

from app.core import audit, clock
from app.core.actor import Actor, Door
from app.core.audit import Touch, Verb
from app.core.unit_of_work import unit_of_work
from app.mailer.delivery import backoff
from app.mailer.delivery.mail_bytes import bytes_of
from app.mailer.holding import RENDERING_FAILED
from app.mailer.message_states import MessageState
from app.mailer.models import Message, MessageAttempt, WorkerHeartbeat
from app.mailer.planning.lost import cancel_lost
from app.mailer.service import change_state
from app.mailer.smtp.answers import ConnectionTrouble, Deferred, Refused, Undelivered, Unknown
from app.mailer.smtp.connection import Connection

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=15)
RENDERING_PAUSE = timedelta(minutes=15)
WORKER = Actor.system(Door.WORKER)

Sessions = Session | scoped_session[Session]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this worker may send: its bytes, and the attempt that was noted before sending."""

    message_id: int
    attempt_id: int
    address: str
    sender: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """How much is sent at one go, so that a long backlog keeps nothing else waiting: messages, and seconds."""

    messages: int = 50
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
    """Send what is due, one message after the other, until nothing is or `stop` is set; return how many were tried.

    `sender` is the configured From address; None takes the document's own. Without a `portion` there is no limit.
    """
    handled, start = 0, time.monotonic()
    while not stop.is_set():
        if portion and (handled >= portion.messages or time.monotonic() - start >= portion.seconds):
            break
        claimed, found = claim(sessions, worker=worker, sender=sender)
        if not found:
            break
        handled += 1
        if claimed is not None and not _send(sessions, connection, claimed):
            break
    return handled


def claim(sessions: Sessions, *, worker: str, sender: str | None) -> tuple[Claimed | None, bool]:
    """Take the message that has been due longest, make its bytes, and commit the intent to send it.

    Returns (None, True) for one that could not be made and is held, (None, False) when nothing is due.
    """
    with unit_of_work(sessions) as session:
        message = session.scalar(
            select(Message)
            .where(
                Message.state.in_((MessageState.QUEUED, MessageState.WAITING)),
                Message.next_attempt_at <= clock.now(),
                Message.deleted_at.is_(None),
            )
            .order_by(Message.next_attempt_at, Message.id)
            .limit(1)
            .with_for_update(skip_locked=True, of=Message)
        )
        if message is None:
            return None, False
        before = message.state
        try:
            data, envelope = bytes_of(session, message, sender=sender)
        except (OperationalError, InterfaceError):
            # The database's trouble says nothing about the document: the message stays due.
            raise
        except Exception as error:
            log.warning("message %s can't be made", message.id, exc_info=error)
            _hold(session, message, before=before, error=error)
            return None, True
        change_state(message, MessageState.SENDING)
        message.lease_until = clock.now() + LEASE
        message.claimed_by = worker
        attempt = MessageAttempt(message_id=message.id, started_at=clock.now(), outcome="sending")
        session.add(attempt)
        _note(session, Verb.MESSAGE_CLAIMED, message, before)
        session.flush()
        return Claimed(message.id, attempt.id, message.address, envelope, data), True


def settle(sessions: Sessions, claimed: Claimed, *, error: Undelivered | None, answer: str) -> None:
    """Commit what came of an attempt: sent, waiting with a time, failed with the server's words, or uncertain."""
    with unit_of_work(sessions) as session:
        message = session.get_one(Message, claimed.message_id, with_for_update=True)
        attempt = session.get_one(MessageAttempt, claimed.attempt_id)
        before = message.state
        now = clock.now()
        message.lease_until = message.claimed_by = message.next_attempt_at = None
        if error is None:
            change_state(message, MessageState.SENT)
            message.sent_at = now
        elif isinstance(error, Unknown):
            change_state(message, MessageState.UNCERTAIN)
        elif isinstance(error, Refused):
            change_state(message, MessageState.FAILED)
        else:
            message.next_attempt_at = _next_try(message, deferred=isinstance(error, Deferred), now=now)
            change_state(message, MessageState.WAITING if message.next_attempt_at else MessageState.FAILED)
        attempt.finished_at = now
        attempt.outcome = message.state
        attempt.answer = answer
        _note(session, Verb.MESSAGE_ATTEMPTED, message, before)
        if message.state == MessageState.WAITING:
            cancel_what_lost_its_reasons(session, [message.id])


def cancel_what_lost_its_reasons(session: Session, ids: Sequence[int]) -> None:
    """Cancel those messages whose reasons went while a worker had them: they are about to be tried once more."""
    session.flush()
    touched = cancel_lost(session, Message.id.in_(ids))
    if touched:
        audit.record(session, WORKER, verb=Verb.MESSAGE_CANCELLED, touched=touched)


def _next_try(message: Message, *, deferred: bool, now: datetime) -> datetime | None:
    """Return when a message is tried again, or None to give up; tries before a person's retry don't count."""
    counted = [one for one in message.attempts if message.tries_from is None or one.started_at >= message.tries_from]
    tries = max(1, len(counted))
    if not deferred:
        return backoff.after_trouble(tries=tries, now=now)
    return backoff.after_deferral(tries=tries, first_try=counted[0].started_at if counted else now, now=now)


def beat(sessions: Sessions, *, worker: str) -> None:
    """Note that this worker is at work."""
    with unit_of_work(sessions) as session:
        session.merge(WorkerHeartbeat(worker=worker, beat_at=clock.now()))


def _send(sessions: Sessions, connection: Connection, claimed: Claimed) -> bool:
    """Send one message and settle it; tell whether the connection is good for the next."""
    try:
        answer = connection.send_bytes(claimed.sender, claimed.address, claimed.data)
    except Undelivered as error:
        settle(sessions, claimed, error=error, answer=str(error))
        return not isinstance(error, ConnectionTrouble)
    except ValueError as error:
        settle(sessions, claimed, error=Refused(str(error), step="size"), answer=str(error))
        return True
    settle(sessions, claimed, error=None, answer=str(answer))
    return True


def _hold(session: Session, message: Message, *, before: str, error: Exception) -> None:
    change_state(message, MessageState.HELD)
    message.held_code = RENDERING_FAILED
    # The words of the database would show its statements to people.
    words = "the database refused it." if isinstance(error, SQLAlchemyError) else str(error)
    message.held_because = f"The document could not be made: {words}"[:500]
    message.next_attempt_at = clock.now() + RENDERING_PAUSE
    _note(session, Verb.MESSAGE_HELD, message, before)


def _note(session: Session, verb: Verb, message: Message, before: str) -> None:
    note_all(session, verb, [message], before)


def note_all(session: Session, verb: Verb, messages: Sequence[Message], before: str) -> None:
    """Leave the audit entry of what was done to some messages that were all in one state before."""
    touched = [Touch("message", one.id, one.label, {"state": (str(before), one.state)}) for one in messages]
    audit.record(session, WORKER, verb=verb, touched=touched)
