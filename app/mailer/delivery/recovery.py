"""Put right what dead workers left, and release what had to wait: nothing stays in the outbox by mistake."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, String, cast, func, or_, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.audit import Verb
from app.core.unit_of_work import unit_of_work
from app.mailer.delivery import backoff
from app.mailer.delivery.claims import Sessions, note_all
from app.mailer.delivery.lanes import forget_slow_lanes, release_probes
from app.mailer.delivery.settling import cancel_what_lost_its_reasons, outcome_of, settle, unsettled
from app.mailer.documents import kinds, source_of
from app.mailer.holding import MISSING, RENDERING_FAILED
from app.mailer.message_states import MessageState
from app.mailer.models import Message, MessageAttempt
from app.mailer.service import change_state

SWEEP_ROWS = 500
# The longest that one mail can take, by the timeouts of its connection, and then some.
LONGEST_SENDING = timedelta(minutes=30)
# How often a server may have taken a message already, since a person last had it tried.
_COPIES = (
    select(func.count())
    .where(
        MessageAttempt.message_id == Message.id,
        MessageAttempt.outcome == MessageState.UNCERTAIN,
        or_(Message.tries_from.is_(None), MessageAttempt.started_at >= Message.tries_from),
    )
    .correlate(Message)
    .scalar_subquery()
)


def sent_once_more() -> ColumnElement[bool]:
    """Return the condition that an uncertain message is sent once more under `resend`: after some copies, no more."""
    return (Message.state == MessageState.UNCERTAIN) & (_COPIES < backoff.MOST_COPIES)


def sweep(sessions: Sessions, *, resend: bool) -> None:
    """Put right what a dead worker left, and release what can be made by now.

    A message that was being sent when its worker died is uncertain: the server may have taken it (RFC 1047). With
    `resend` it is queued again, with the same Message-ID, and its attempts keep the mark; after a few times it stays
    uncertain for a person to look at.
    """
    _expire_leases(sessions, worker=None)
    with unit_of_work(sessions) as session:
        forget_slow_lanes(session)
    if resend:
        _requeue(sessions, sent_once_more(), Verb.MESSAGE_RECOVERED, when=_after_doubt)
    for kind in kinds():
        held = (Message.document_kind == kind) & (Message.state == MessageState.HELD)
        ready = held & (
            (Message.held_code.in_(MISSING) & _can_be_made(sessions, kind))
            | ((Message.held_code == RENDERING_FAILED) & (Message.next_attempt_at <= clock.now()))
        )
        _requeue(sessions, ready, Verb.MESSAGE_RELEASED)


def _can_be_made(sessions: Sessions, kind: str) -> ColumnElement[bool]:
    """Return the condition that all that goes along with a message can be made by now."""
    source = source_of(kind)
    # As texts, since PostgreSQL compares no JSON; there are few different ones, however many messages wait.
    reports = cast(Message.usage_reports, String)
    held = (Message.document_kind == kind) & Message.held_code.in_(MISSING)
    with unit_of_work(sessions) as session:
        wanted = session.scalars(select(reports).where(held, Message.state == MessageState.HELD).distinct()).all()
        known = source.usage_reports() if wanted else frozenset()
    ready = [text for text in wanted if known.issuperset(json.loads(text))]
    return or_(Message.format.is_(None), Message.format.in_(source.formats())) & reports.in_(ready)


def claimants(sessions: Sessions) -> list[str]:
    """Return the workers that have claimed what is being sent."""
    with unit_of_work(sessions) as session:
        statement = select(Message.claimed_by).where(Message.state == MessageState.SENDING).distinct()
        return [name for name in session.scalars(statement) if name]


def recover(sessions: Sessions, *, worker: str) -> None:
    """Take over from a worker that died: it can't be sending any more."""
    _expire_leases(sessions, worker=worker)
    with unit_of_work(sessions) as session:
        release_probes(session, worker=worker)


def _expire_leases(sessions: Sessions, *, worker: str | None) -> None:
    """Take from dead workers what they had in hand: their leases are over, or we know of their death.

    What the worker had only claimed is due again: should it live after all, it sees so before it sends. What it was
    sending is uncertain, once that has taken longer than a mail can take. What it had sent, and had no time to settle,
    is settled.
    """
    over = Message.lease_until < clock.now()
    lost = over if worker is None else or_(over, Message.claimed_by == worker)
    with unit_of_work(sessions) as session:
        rows = session.scalars(
            select(Message)
            .where(Message.state == MessageState.SENDING, lost)
            .limit(SWEEP_ROWS)
            .with_for_update(skip_locked=True, of=Message)
            .execution_options(populate_existing=True)
        ).all()
        attempts = unsettled(session, [message.id for message in rows])
        outcomes = [outcome for one in attempts.values() if (outcome := outcome_of(one))]
        known = {outcome.message_id for outcome in outcomes}
        for message in rows:
            attempt = attempts.get(message.id)
            dead = worker is not None and message.claimed_by == worker
            if message.id not in known and (dead or not _may_still_be_sent(attempt)):
                _recover(message, attempt)
        for state in (MessageState.UNCERTAIN, MessageState.QUEUED):
            recovered = [message for message in rows if message.id not in known and message.state == state]
            if recovered:
                note_all(session, Verb.MESSAGE_RECOVERED, recovered, MessageState.SENDING)
                if state == MessageState.QUEUED:
                    cancel_what_lost_its_reasons(session, [message.id for message in recovered])
        session.flush()
        settle(session, outcomes)


def _may_still_be_sent(attempt: MessageAttempt | None) -> bool:
    return attempt is not None and attempt.started_at > clock.now() - LONGEST_SENDING


def _recover(message: Message, attempt: MessageAttempt | None) -> None:
    message.lease_until = message.claimed_by = None
    if attempt is None:
        change_state(message, MessageState.QUEUED)
        return
    change_state(message, MessageState.UNCERTAIN)
    attempt.settled = True
    attempt.finished_at = clock.now()
    attempt.outcome = MessageState.UNCERTAIN.value
    attempt.answer = "The worker stopped while it was sending; the server may have taken the mail."


def _after_doubt(session: Session, message: Message) -> datetime:
    times = session.scalar(select(_COPIES).where(Message.id == message.id))
    return backoff.after_doubt(times=times or 0, now=clock.now(), share=random.random())  # noqa: S311  # no secret


def _at_once(_session: Session, _message: Message) -> datetime:
    return clock.now()


def _requeue(
    sessions: Sessions,
    which: ColumnElement[bool],
    verb: Verb,
    *,
    when: Callable[[Session, Message], datetime] = _at_once,
) -> None:
    with unit_of_work(sessions) as session:
        statement = select(Message).where(which, Message.deleted_at.is_(None))
        rows = session.scalars(
            statement.order_by(Message.id).limit(SWEEP_ROWS).with_for_update(skip_locked=True, of=Message)
        ).all()
        before = rows[0].state if rows else ""
        for message in rows:
            change_state(message, MessageState.QUEUED)
            message.next_attempt_at = when(session, message)
        if rows:
            note_all(session, verb, rows, before)
            cancel_what_lost_its_reasons(session, [message.id for message in rows])
