"""Settling: what came of a batch's attempts becomes the state of its messages, with one entry in the audit trail."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.core import audit, clock
from app.core.audit import Touch, Verb
from app.mailer.delivery import backoff
from app.mailer.delivery.blame import is_about_the_road
from app.mailer.delivery.claims import WORKER
from app.mailer.delivery.journal import Outcome
from app.mailer.message_states import MessageState, may_follow
from app.mailer.models import Message, MessageAttempt
from app.mailer.planning.lost import cancel_lost
from app.mailer.service import change_state
from app.mailer.watching.causes import cause_of

_chance = random.Random()  # noqa: S311  # no secret: it spreads what failed together
_messages = Message.__table__
_attempts = MessageAttempt.__table__


def settle(session: Session, outcomes: Sequence[Outcome]) -> None:
    """Give messages the states that their attempts have come to, in the transaction of the caller.

    An answer that comes after the lease counts as well: the message is known to be sent, whatever was made of it.
    """
    if not outcomes:
        return
    columns = select(_messages.c.id, _messages.c.state, _messages.c.document_number, _messages.c.address)
    ids = sorted(one.message_id for one in outcomes)
    rows = {row.id: row for row in session.execute(columns.where(_messages.c.id.in_(ids)).with_for_update())}
    touched = []
    sent = [
        one
        for one in outcomes
        if one.state == MessageState.SENT and may_follow(rows[one.message_id].state, MessageState.SENT)
    ]
    if sent:
        _mark_as_sent(session, sent)
        for one in sent:
            row = rows[one.message_id]
            label = f"{row.document_number} to {row.address}"
            touched.append(Touch("message", row.id, label, {"state": (row.state, one.state)}))
    done = {one.attempt_id for one in sent}
    others = [one for one in outcomes if one.attempt_id not in done]
    touched += [touch for one in others if (touch := _settle_one(session, one))]
    # The others are marked as their messages are; here go those of which nothing more is to be said.
    session.execute(update(_attempts).where(_attempts.c.id.in_(done)).values(settled=True))
    if touched:
        audit.record(session, WORKER, verb=Verb.MESSAGE_ATTEMPTED, touched=touched)
    waiting = [one.message_id for one in others if one.state == MessageState.WAITING]
    if waiting:
        cancel_what_lost_its_reasons(session, waiting)


def _mark_as_sent(session: Session, outcomes: Sequence[Outcome]) -> None:
    """Turn messages sent, each at the time that its attempt was over."""
    at = func.coalesce(_attempts.c.finished_at, clock.now())
    session.execute(
        update(_messages)
        .where(_messages.c.id == _attempts.c.message_id, _attempts.c.id.in_([one.attempt_id for one in outcomes]))
        .values(
            state=MessageState.SENT.value,
            sent_at=at,
            next_attempt_at=None,
            lease_until=None,
            claimed_by=None,
            version=_messages.c.version + 1,
            last_modified_at=at,
        )
    )


def cancel_what_lost_its_reasons(session: Session, ids: Sequence[int]) -> None:
    """Cancel those messages whose reasons went while a worker had them: they are about to be tried once more."""
    session.flush()
    touched = cancel_lost(session, Message.id.in_(ids))
    if touched:
        audit.record(session, WORKER, verb=Verb.MESSAGE_CANCELLED, touched=touched)


def _settle_one(session: Session, outcome: Outcome) -> Touch | None:
    """Settle what was not sent: it waits with a time, has failed with the server's words, or nobody knows."""
    message = session.get_one(Message, outcome.message_id, populate_existing=True)
    attempt = session.get_one(MessageAttempt, outcome.attempt_id, populate_existing=True)
    attempt.settled = True
    before, state, next_attempt_at = message.state, outcome.state, None
    if state == MessageState.WAITING:
        next_attempt_at = _next_try(message, outcome, now=outcome.at)
        state = MessageState.WAITING if next_attempt_at else MessageState.FAILED
    attempt.outcome = state.value
    if not may_follow(before, state):
        # Its lease was over meanwhile, and it was put right without us.
        return None
    change_state(message, state)
    if state == MessageState.FAILED:
        message.failure_cause = cause_of(outcome.answer)
    message.lease_until = message.claimed_by = None
    message.next_attempt_at = next_attempt_at
    return Touch("message", message.id, message.label, {"state": (before, state.value)})


def _next_try(message: Message, outcome: Outcome, *, now: datetime) -> datetime | None:
    """Return when a message is tried again, or None to give up; tries before a person's retry don't count."""
    counted = [one for one in message.attempts if message.tries_from is None or one.started_at >= message.tries_from]
    tries = max(1, len(counted))
    if not outcome.deferred:
        return backoff.after_trouble(tries=tries, now=now, share=_chance.random())
    return backoff.after_deferral(
        tries=tries,
        first_try=counted[0].started_at if counted else now,
        now=now,
        share=_chance.random(),
        of_lane=is_about_the_road(outcome.answer),
    )


def unsettled(session: Session, message_ids: Sequence[int]) -> dict[int, MessageAttempt]:
    """Return the attempts of messages of which the messages don't say yet what came of them."""
    statement = select(MessageAttempt).where(
        MessageAttempt.message_id.in_(message_ids), MessageAttempt.settled.is_(False)
    )
    return {one.message_id: one for one in session.scalars(statement)}


def outcome_of(attempt: MessageAttempt) -> Outcome | None:
    """Read an attempt that a dead worker has left: None while it was being sent, and so nobody knows."""
    if attempt.outcome == MessageState.SENDING:
        return None
    answer = attempt.answer or ""
    return Outcome(
        attempt_id=attempt.id,
        message_id=attempt.message_id,
        state=MessageState(attempt.outcome),
        answer=answer,
        at=attempt.finished_at or clock.now(),
        deferred=answer.startswith("4") and not answer.startswith("421"),
    )
