"""Claims: a worker takes what is due in batches, each message with a lease, and returns what it doesn't get to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import Integer, String, bindparam, func, update
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session, scoped_session

from app.core import audit, clock
from app.core.actor import Actor, Door
from app.core.audit import Touch, Verb
from app.core.bulk import as_table
from app.core.errors import Conflict
from app.core.events import Event, log_event
from app.core.unit_of_work import unit_of_work
from app.mailer.delivery.due import due_messages
from app.mailer.delivery.mails import Mails, StoredMail
from app.mailer.holding import RENDERING_FAILED
from app.mailer.message_states import MessageState
from app.mailer.models import Message
from app.mailer.service import change_state
from app.mailer.smtp.signing import Signer
from app.mailer.watching.queries import is_paused

# How long a worker may keep what it has claimed without a sign; what it hasn't begun to send is then free again.
LEASE = timedelta(minutes=1)
RENDERING_PAUSE = timedelta(minutes=15)
WORKER = Actor.system(Door.WORKER)
_EVENTS = {Verb.MESSAGE_RECOVERED: Event.MESSAGE_RECOVERED, Verb.MESSAGE_RELEASED: Event.MESSAGE_RELEASED}

Sessions = Session | scoped_session[Session]

_messages = Message.__table__


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this worker may send: its label for the trail, the state it was in, its mail, and its lane."""

    message_id: int
    label: str
    before: str
    address: str
    mail: StoredMail
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one claim has taken; `found` counts those too that could not be made and are held."""

    claimed: Sequence[Claimed]
    found: int


def claim(sessions: Sessions, *, worker: str, sender: str | None, size: int, signer: Signer | None = None) -> Batch:
    """Take the messages that have been due longest, make their mails, and commit that they are in hand.

    None is tried yet. One whose mail can't be made is held, with the error.
    """
    make = partial(Mails, sender=sender, signer=signer)
    try:
        return _claim(sessions, worker=worker, make=make, size=size, careful=False)
    except (OperationalError, InterfaceError):
        # The database's trouble says nothing about a document: the messages stay due.
        raise
    except (DBAPIError, Conflict) as error:
        if isinstance(error, Conflict) and error.code == "busy":
            raise
        # A statement of one document has spoilt the transaction of all: each has its own savepoint this time.
        return _claim(sessions, worker=worker, make=make, size=size, careful=True)


def renew(sessions: Sessions, *, worker: str, ids: Sequence[int]) -> None:
    """Extend the lease of what is still in hand."""
    with unit_of_work(sessions) as session:
        mine = (_messages.c.id.in_(ids), _messages.c.claimed_by == worker)
        session.execute(update(_messages).where(*mine).values(lease_until=clock.now() + LEASE))


def give_back(session: Session, rest: Sequence[Claimed], *, worker: str) -> None:
    """Return what was claimed and not tried to the state that it was in; it is due as it was."""
    for state in {one.before for one in rest}:
        ids = [one.message_id for one in rest if one.before == state]
        mine = (_messages.c.id.in_(ids), _messages.c.claimed_by == worker)
        given = {"state": state, "lease_until": None, "claimed_by": None, "version": _messages.c.version + 1}
        session.execute(update(_messages).where(*mine, _messages.c.state == MessageState.SENDING).values(given))


def _claim(sessions: Sessions, *, worker: str, make: Callable[[Session], Mails], size: int, careful: bool) -> Batch:
    with unit_of_work(sessions) as session:
        if is_paused(session):
            return Batch((), 0)
        messages = due_messages(session, worker=worker, size=size)
        mails = make(session)
        mails.find(messages)
        claimed = []
        with session.no_autoflush:
            for message in messages:
                mail = _mail(session, mails, message, careful=careful)
                if mail is not None:
                    claimed.append(
                        Claimed(message.id, message.label, message.state, message.address, mail, message.address_domain)
                    )
        mails.store()
        if claimed:
            _take(session, claimed, worker=worker)
        # Nobody reads these any more, and the commit need not prepare for it.
        session.flush()
        session.expunge_all()
        return Batch(claimed, len(messages))


def _take(session: Session, claimed: Sequence[Claimed], *, worker: str) -> None:
    """Put what was found into the hand of a worker, each with its mail."""
    now = clock.now()
    rows = [{"of": one.message_id, "digest": one.mail.digest, "about": one.mail.subject or None} for one in claimed]
    values: dict[str, Any] = {
        "state": MessageState.SENDING.value,
        "held_code": None,
        "held_because": None,
        "lost_reasons": None,
        "lease_until": now + LEASE,
        "claimed_by": worker,
        "version": _messages.c.version + 1,
        "last_modified_at": now,
    }
    if session.get_bind().dialect.name != "postgresql":
        one = {"content_digest": bindparam("digest"), "subject": func.coalesce(_messages.c.subject, bindparam("about"))}
        session.execute(update(_messages).where(_messages.c.id == bindparam("of")).values(**values, **one), rows)
        return
    given = as_table(rows, {"of": Integer(), "digest": String(), "about": String()}).c
    each = {"content_digest": given.digest, "subject": func.coalesce(_messages.c.subject, given.about)}
    session.execute(update(_messages).where(_messages.c.id == given.of).values(**values, **each))


def _mail(session: Session, mails: Mails, message: Message, *, careful: bool) -> StoredMail | None:
    """Return the mail of a message, or None after holding it because its mail can't be made."""
    try:
        if careful:
            with session.begin_nested():
                return mails.mail(message)
        return mails.mail(message)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        if isinstance(error, DBAPIError) and not careful:
            raise
        mails.forget()
        log_event(Event.MESSAGE_HELD, message_id=message.id, error=error)
        _hold(session, message, error=error)
        return None


def _hold(session: Session, message: Message, *, error: Exception) -> None:
    before = message.state
    change_state(message, MessageState.HELD)
    message.held_code = RENDERING_FAILED
    # The words of the database would show its statements to people.
    words = "the database refused it." if isinstance(error, SQLAlchemyError) else str(error)
    message.held_because = f"The document could not be made: {words}"[:500]
    message.next_attempt_at = clock.now() + RENDERING_PAUSE
    note_all(session, Verb.MESSAGE_HELD, [message], before)


def note_all(session: Session, verb: Verb, messages: Sequence[Message], before: str) -> None:
    """Leave the audit entry of what was done to some messages that were all in one state before."""
    touched = [Touch("message", one.id, one.label, {"state": (str(before), one.state)}) for one in messages]
    audit.record(session, WORKER, verb=verb, touched=touched)
    if verb in _EVENTS:
        for one in messages:
            log_event(_EVENTS[verb], message_id=one.id, state=one.state)
