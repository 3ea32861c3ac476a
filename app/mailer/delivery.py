"""Delivery: claim a message, commit the intent, send its stored bytes, and commit what came of it."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session, scoped_session

from app.core import audit, clock
from app.core.actor import Actor, Door
from app.core.audit import Touch, Verb
from app.core.unit_of_work import unit_of_work
from app.mailer import backoff
from app.mailer.compose import Mail, compose
from app.mailer.documents import Letter, source_of
from app.mailer.holding import RENDERING_FAILED, wait_for
from app.mailer.message_states import MessageState
from app.mailer.models import Content, Message, MessageAttempt, Rendition, WorkerHeartbeat
from app.mailer.service import change_state
from app.mailer.smtp import Connection
from app.mailer.smtp_answers import ConnectionTrouble, Deferred, Refused, Undelivered, Unknown

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
            data, envelope = _bytes_of(session, message, sender=sender)
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
        tries = len(message.attempts)
        message.lease_until = message.claimed_by = message.next_attempt_at = None
        if error is None:
            change_state(message, MessageState.SENT)
            message.sent_at = now
        elif isinstance(error, Unknown):
            change_state(message, MessageState.UNCERTAIN)
        elif isinstance(error, Refused):
            change_state(message, MessageState.FAILED)
        else:
            first = message.attempts[0].started_at
            if isinstance(error, Deferred):
                message.next_attempt_at = backoff.after_deferral(tries=tries, first_try=first, now=now)
            else:
                message.next_attempt_at = backoff.after_trouble(tries=tries, now=now)
            change_state(message, MessageState.WAITING if message.next_attempt_at else MessageState.FAILED)
        attempt.finished_at = now
        attempt.outcome = message.state
        attempt.answer = answer
        _note(session, Verb.MESSAGE_ATTEMPTED, message, before)


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


def _bytes_of(session: Session, message: Message, *, sender: str | None) -> tuple[bytes, str]:
    """Return a message's bytes and its envelope sender.

    When another worker has just stored the same document, that one is taken.
    """
    try:
        with session.begin_nested():
            return _made_or_stored(session, message, sender=sender)
    except IntegrityError:
        with session.begin_nested():
            return _made_or_stored(session, message, sender=sender)


def _made_or_stored(session: Session, message: Message, *, sender: str | None) -> tuple[bytes, str]:
    """Return a message's bytes, made at its first try and stored: a retry sends the very same ones."""
    source = source_of(message.document_kind)
    letter = source.letter(session, message=message)
    sender_address = sender or letter.sender_address
    if message.content_digest is None:
        data = compose(_mail(session, message, letter, sender_address))
        message.content_digest = _store(session, data, "message/rfc822")
        message.subject = letter.subject
        return data, sender_address
    return session.get_one(Content, message.content_digest).data, sender_address


def _mail(session: Session, message: Message, letter: Letter, sender_address: str) -> Mail:
    return Mail(
        sender_name=letter.sender_name,
        sender_address=sender_address,
        recipient_name=message.recipient_name,
        recipient_address=message.address,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        message_id=message.message_id,
        date=clock.now(),
        attachments=_attachments(session, message),
    )


def _attachments(session: Session, message: Message) -> tuple[tuple[str, str, bytes], ...]:
    """Return what goes along: the document and its usage reports. Raises ValueError when one can't be made."""
    source = source_of(message.document_kind)
    wait = wait_for(source, format_=message.format, usage_reports=message.usage_reports)
    if wait:
        raise ValueError(wait.because)
    attachments = []
    if message.format is not None:
        rendition = _rendition(session, message)
        content = session.get_one(Content, rendition.digest)
        attachments.append((rendition.filename, content.content_type, content.data))
    for profile_id in message.usage_reports:
        report = source.render_usage_report(
            session, document_id=message.document_id, profile_id=profile_id, language=message.language
        )
        attachments.append((report.filename, report.content_type, report.data))
    return tuple(attachments)


def _rendition(session: Session, message: Message) -> Rendition:
    """Return the document in the message's format and language, made once for each version."""
    found = session.scalar(
        select(Rendition).where(
            Rendition.document_kind == message.document_kind,
            Rendition.document_id == message.document_id,
            Rendition.document_version == message.document_version,
            Rendition.format == message.format,
            Rendition.language == message.language,
        )
    )
    if found is not None:
        return found
    made = source_of(message.document_kind).render(
        session, document_id=message.document_id, format_=message.format or "", language=message.language
    )
    rendition = Rendition(
        document_kind=message.document_kind,
        document_id=message.document_id,
        document_version=message.document_version,
        format=message.format,
        language=message.language,
        filename=made.filename,
        digest=_store(session, made.data, made.content_type),
    )
    session.add(rendition)
    session.flush()
    return rendition


def _store(session: Session, data: bytes, content_type: str) -> str:
    digest = hashlib.sha256(data).hexdigest()
    if session.get(Content, digest) is None:
        session.add(Content(digest=digest, content_type=content_type, size=len(data), data=data))
        session.flush()
    return digest


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
