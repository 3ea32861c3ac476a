"""What other servers have reported of messages: one row for each report, so that none counts twice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.records import UtcDateTime
from app.extensions import Model


class Bounce(Model):
    """One report of another server about one message.

    `severity` is that of `rules.py`; `identity` tells reports apart.
    """

    __tablename__ = "bounce"
    __table_args__ = (
        UniqueConstraint("message_id", "identity"),
        Index("ix_bounce_address_normalised_received_at", "address_normalised", "received_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), nullable=False)
    identity: Mapped[str] = mapped_column(String(64), nullable=False)
    address_normalised: Mapped[str] = mapped_column(String(320), nullable=False)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, nullable=False)
    severity: Mapped[str] = mapped_column(String(10), nullable=False)
    status: Mapped[str] = mapped_column(String(20), nullable=False, default="")
    diagnostic: Mapped[str] = mapped_column(Text, nullable=False, default="")
