"""The audit trail's tables: one entry a verb, and a row for each record that it touched."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import clock
from app.core.records import UtcDateTime
from app.extensions import Model


class AuditEntry(Model):
    """One act: who, when, which verb, by which door. Triggers in the database refuse its change and its removal."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_at", "at"),
        Index("ix_audit_entry_verb", "verb", "id"),
        Index("ix_audit_entry_username", "username", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, nullable=False)
    user_id: Mapped[int | None] = mapped_column()
    username: Mapped[str] = mapped_column(String(128), nullable=False)
    door: Mapped[str] = mapped_column(String(16), nullable=False)
    verb: Mapped[str] = mapped_column(String(64), nullable=False)
    reason: Mapped[str | None] = mapped_column(Text)
    touched: Mapped[list[AuditRecord]] = relationship(
        back_populates="entry", order_by="AuditRecord.id", passive_deletes="all"
    )


class AuditRecord(Model):
    """A record that an act touched, and what changed on it: `{"field": [from, to]}`."""

    __tablename__ = "audit_record"
    __table_args__ = (Index("ix_audit_record_of_record", "resource", "record_id", "entry_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("audit_entry.id"), nullable=False, index=True)
    resource: Mapped[str] = mapped_column(String(40), nullable=False)
    record_id: Mapped[int] = mapped_column(nullable=False)
    label: Mapped[str] = mapped_column(String(300), nullable=False)
    changes: Mapped[dict[str, Any]] = mapped_column(JSON, nullable=False)
    entry: Mapped[AuditEntry] = relationship(back_populates="touched")
