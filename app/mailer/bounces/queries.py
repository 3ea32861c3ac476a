"""Reads of the reports of mails that came back. That their message is in sight is for the caller to see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.mailer.bounces.models import Bounce


def bounces_of(session: Session, *, message_id: int) -> Sequence[Bounce]:
    """Return what other servers reported of a message, oldest first."""
    return session.scalars(select(Bounce).where(Bounce.message_id == message_id).order_by(Bounce.id)).all()


def as_dict(bounce: Bounce) -> dict[str, Any]:
    """Return a report as REST shows it."""
    return {
        "received_at": bounce.received_at,
        "severity": bounce.severity,
        "status": bounce.status,
        "diagnostic": bounce.diagnostic,
    }
