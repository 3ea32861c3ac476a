"""The table of API keys: of a key itself only its SHA-256 and its beginning are kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.access.models import StaffUser
from app.core.records import Record, UtcDateTime


class ApiKey(Record):
    """A key of a program. It acts as a user, with that user's roles and dealer code, or only reads as one.

    `last_used_at` is right to the minute. A revoked key is a deleted one; nothing brings it back.
    """

    __tablename__ = "api_key"
    __table_args__ = (
        Index(
            "uq_api_key_living_label",
            "label",
            unique=True,
            sqlite_where=text("deleted_at IS NULL"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )

    label: Mapped[str] = mapped_column(String(50), nullable=False)
    key_hash: Mapped[str] = mapped_column(String(64), nullable=False, unique=True)
    beginning: Mapped[str] = mapped_column(String(12), nullable=False)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), nullable=False, index=True)
    read_only: Mapped[bool] = mapped_column(nullable=False, default=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    user: Mapped[StaffUser] = relationship(lazy="select")

    def __repr__(self) -> str:
        return self.label
