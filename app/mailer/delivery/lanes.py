"""Lanes: after trouble with the mail server everything that goes its way waits, and one message probes it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.core import clock
from app.mailer.delivery import backoff
from app.mailer.models import Lane

ACCOUNT = "account"


def open_lanes(session: Session) -> bool:
    """Tell whether mails may go out at all just then."""
    waits = session.scalar(select(Lane.waits_until).where(Lane.name == ACCOUNT))
    return waits is None or waits <= clock.now()


def close_lane(session: Session, answer: str) -> datetime:
    """Note trouble with the mail server; return until when everything waits."""
    lane = session.get(Lane, ACCOUNT, with_for_update=True)
    if lane is None:
        lane = Lane(name=ACCOUNT, failures=0)
        session.add(lane)
    lane.failures += 1
    lane.answer = answer
    lane.waits_until = backoff.after_trouble(tries=lane.failures, now=clock.now())
    return lane.waits_until


def reopen_lane(session: Session) -> None:
    """Note that the mail server has taken a mail again."""
    session.execute(delete(Lane).where(Lane.name == ACCOUNT))
