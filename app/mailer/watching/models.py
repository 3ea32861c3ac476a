"""The pause switch of the outbox, as a row."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.records import UtcDateTime
from app.extensions import Model


class OutboxPause(Model):
    """That the outbox is paused: since when, by whom and why. There is a row, and one alone, while it is."""

    __tablename__ = "outbox_pause"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    paused_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, nullable=False)
    username: Mapped[str] = mapped_column(String(200), nullable=False)
    reason: Mapped[str] = mapped_column(String(500), nullable=False)
