"""The outbox: a message for each address and document, its attempts, and the contents that go out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import clock
from app.core.records import Record, UtcDateTime
from app.customers.models import Customer
from app.extensions import Model


class Content(Model):
    """Bytes that go out, kept once by their SHA-256 (hex), however many messages carry them."""

    __tablename__ = "content"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    content_type: Mapped[str] = mapped_column(String(100), nullable=False)
    size: Mapped[int] = mapped_column(nullable=False)
    data: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, deferred=True)


class Rendition(Model):
    """A document rendered in one format and language: made once for each version, however many get it."""

    __tablename__ = "rendition"
    __table_args__ = (UniqueConstraint("document_kind", "document_id", "document_version", "format", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    document_kind: Mapped[str] = mapped_column(String(20), nullable=False)
    document_id: Mapped[int] = mapped_column(nullable=False)
    document_version: Mapped[int] = mapped_column(nullable=False)
    format: Mapped[str] = mapped_column(String(8), nullable=False)
    language: Mapped[str] = mapped_column(String(2), nullable=False)
    filename: Mapped[str] = mapped_column(String(200), nullable=False)
    digest: Mapped[str] = mapped_column(ForeignKey("content.digest"), nullable=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, nullable=False)


class Suppression(Record):
    """An address that gets nothing until somebody lifts it; compared normalised."""

    __tablename__ = "suppression"

    address: Mapped[str] = mapped_column(String(320), nullable=False)
    address_normalised: Mapped[str] = mapped_column(String(320), nullable=False, index=True)
    reason: Mapped[str] = mapped_column(Text, nullable=False)


class Message(Record):
    """One mail to one address about one document, kept as the record of what was sent.

    `reasons` keeps the roads that led to the address, as the plan lists its recipients. `revision` tells a copy sent
    again on purpose from the first. `lease_until` is how long the worker that claimed it may take.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("document_kind", "document_id", "revision", "address_normalised"),
        Index("ix_message_state_next_attempt_at", "state", "next_attempt_at"),
        Index("ix_message_customer_id", "customer_id"),
        Index("ix_message_address_normalised", "address_normalised"),
    )

    address: Mapped[str] = mapped_column(String(320), nullable=False)
    address_normalised: Mapped[str] = mapped_column(String(320), nullable=False)
    recipient_name: Mapped[str] = mapped_column(String(250), nullable=False, default="")
    language: Mapped[str] = mapped_column(String(2), nullable=False)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), nullable=False)
    customer: Mapped[Customer] = relationship(Customer)
    document_kind: Mapped[str] = mapped_column(String(20), nullable=False)
    document_id: Mapped[int] = mapped_column(nullable=False)
    document_number: Mapped[str] = mapped_column(String(60), nullable=False)
    document_version: Mapped[int] = mapped_column(nullable=False)
    revision: Mapped[int] = mapped_column(nullable=False, default=0)
    format: Mapped[str | None] = mapped_column(String(8))
    usage_reports: Mapped[list[int]] = mapped_column(JSON, nullable=False, default=list)
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSON, nullable=False)
    state: Mapped[str] = mapped_column(String(10), nullable=False)
    held_code: Mapped[str | None] = mapped_column(String(30))
    held_because: Mapped[str | None] = mapped_column(Text)
    message_id: Mapped[str] = mapped_column(String(200), nullable=False, unique=True)
    subject: Mapped[str | None] = mapped_column(String(300))
    next_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claimed_by: Mapped[str | None] = mapped_column(String(80))
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    content_digest: Mapped[str | None] = mapped_column(ForeignKey("content.digest"))
    attempts: Mapped[list[MessageAttempt]] = relationship(back_populates="message", order_by="MessageAttempt.id")

    @property
    def label(self) -> str:
        """Return how staff name the message: the document's number and the address."""
        return f"{self.document_number} to {self.address}"

    def __repr__(self) -> str:
        return self.label


class MessageAttempt(Model):
    """One try to deliver a message: when, what came of it, and the server's words."""

    __tablename__ = "message_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), nullable=False, index=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(20), nullable=False)
    answer: Mapped[str | None] = mapped_column(Text)
    message: Mapped[Message] = relationship(back_populates="attempts")


class WorkerHeartbeat(Model):
    """When each worker was last at work; `/health` reads it."""

    __tablename__ = "worker_heartbeat"

    worker: Mapped[str] = mapped_column(String(80), primary_key=True)
    beat_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
