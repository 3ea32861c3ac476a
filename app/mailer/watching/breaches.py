"""Whether something in the outbox is stuck in silence: without an owner, or past its time with nobody taking it up."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from app.mailer import queries
from app.mailer.delivery.recovery import LONGEST_SENDING, sent_once_more
from app.mailer.holding import RENDERING_FAILED
from app.mailer.message_states import MessageState
from app.mailer.models import Message, MessageAttempt
from app.mailer.watching.queries import DUE, is_paused

# How long something may wait past its time before it is named.
PATIENCE = timedelta(minutes=2)


def breaches(session: Session, *, now: datetime, resend: bool) -> list[str]:
    """Return the kinds of what is stuck, by the names below; `resend` is the policy for uncertain messages.

    What a person decided is no breach: a paused outbox, a message that is held for a person or uncertain under `hold`.
    Nor is trouble with the mail server: lanes wait with a time.
    """
    late = now - PATIENCE
    kinds: dict[str, ColumnElement[bool]] = {
        "no_next_time": Message.state.in_(DUE) & Message.next_attempt_at.is_(None),
        "lease_over": (Message.state == MessageState.SENDING)
        & or_(Message.lease_until.is_(None), Message.lease_until < late)
        & ~_may_still_be_sent(now),
        "held_past_its_time": (Message.state == MessageState.HELD)
        & (Message.held_code == RENDERING_FAILED)
        & or_(Message.next_attempt_at.is_(None), Message.next_attempt_at < late),
    }
    if resend:
        kinds["uncertain"] = sent_once_more() & (Message.last_modified_at < late)
    asked = [exists().where(Message.deleted_at.is_(None), condition).label(name) for name, condition in kinds.items()]
    found = [name for name, stuck in session.execute(select(*asked)).one()._mapping.items() if stuck]  # noqa: SLF001  SQLAlchemy's name for a row's public mapping
    due = queries.oldest_due(session, now=now)
    if due is not None and due < late and not is_paused(session):
        found.append("due")
    return found


def _may_still_be_sent(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a worker may have the mail in hand: its lease is renewed between two mails alone."""
    return exists().where(
        MessageAttempt.message_id == Message.id,
        MessageAttempt.settled.is_(False),
        MessageAttempt.started_at > now - LONGEST_SENDING - PATIENCE,
    )
