"""The figures of the whole outbox, out of the database: right for any number of processes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.mailer.message_states import STATES
from app.mailer.models import ACCOUNT, Lane, Message, MessageAttempt, WorkerHeartbeat
from app.mailer.watching.queries import DUE, is_paused


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How the outbox is. Ages are in seconds; `lanes` counts by `account` and `domain`."""

    states: Mapping[str, int]
    attempts: Mapping[str, int]
    due: int
    oldest_due: float
    lanes: Mapping[str, int]
    heartbeats: Mapping[str, float]
    paused: bool


def figures(session: Session, *, now: datetime) -> Figures:
    """Count everything; messages by an index alone, attempts by reading them all: ask for it once in some seconds."""
    living = Message.deleted_at.is_(None)
    states = session.execute(select(Message.state, func.count()).where(living).group_by(Message.state))
    attempts = session.execute(select(MessageAttempt.outcome, func.count()).group_by(MessageAttempt.outcome))
    due = session.execute(
        select(func.count(), func.min(Message.next_attempt_at)).where(
            Message.state.in_(DUE), Message.next_attempt_at <= now, living
        )
    ).one()
    lanes = {"account": 0, "domain": 0}
    for name in session.scalars(select(Lane.name).where(Lane.waits_until > now)):
        lanes["account" if name == ACCOUNT else "domain"] += 1
    beats = session.execute(select(WorkerHeartbeat.worker, WorkerHeartbeat.beat_at))
    return Figures(
        states={**{state.value: 0 for state in STATES}, **_by_name(states)},
        attempts=_by_name(attempts),
        due=due[0],
        oldest_due=(now - due[1]).total_seconds() if due[1] else 0.0,
        lanes=lanes,
        heartbeats={worker: max((now - beat).total_seconds(), 0.0) for worker, beat in beats},
        paused=is_paused(session),
    )


def _by_name(rows: Iterable[Any]) -> dict[str, int]:
    return {name: number for name, number in rows}  # noqa: C416  rows are no pairs to a type checker
