"""The outbox: a message for each address and document, its attempts, and the contents that go out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.contacts.models import Contact
from app.core import clock
from app.core.addresses import domain_of
from app.core.records import Record, UtcDateTime, list_index
from app.customers.models import Customer
from app.extensions import Model


class Content(Model):
    """Bytes that go out, kept once by their SHA-256 (hex), however many messages carry them."""

    __tablename__ = "content"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    content_type: Mapped[str] = mapped_column(String(100), nullable=False)
    size: Mapped[int] = mapped_column(nullable=False)
    data: Mapped[bytes] = mapped_column(LargeBinary, nullable=False, deferred=True)


class ContentPart(Model):
    """Where in a stored mail another content belongs, encoded: a document is stored once, however many mails carry it.

    `place` is the offset in the mail's own bytes.
    """

    __tablename__ = "content_part"

    digest: Mapped[str] = mapped_column(ForeignKey("content.digest", ondelete="CASCADE"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    part_digest: Mapped[str] = mapped_column(ForeignKey("content.digest"), nullable=False, index=True)


class Rendition(Model):
    """A document rendered in one format and language: made once for each version, however many get it.

    What goes along with it has a `format` of its own, `usage_report:` and the id of its profile.
    """

    __tablename__ = "rendition"
    __table_args__ = (UniqueConstraint("document_kind", "document_id", "document_version", "format", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    document_kind: Mapped[str] = mapped_column(String(20), nullable=False)
    document_id: Mapped[int] = mapped_column(nullable=False)
    document_version: Mapped[int] = mapped_column(nullable=False)
    format: Mapped[str] = mapped_column(String(40), nullable=False)
    language: Mapped[str] = mapped_column(String(2), nullable=False)
    filename: Mapped[str] = mapped_column(String(200), nullable=False)
    digest: Mapped[str] = mapped_column(ForeignKey("content.digest"), nullable=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, nullable=False)


# The contacts that a message's reasons name, so that their messages are found without reading every one's reasons.
message_contact = Table(
    "message_contact",
    Model.metadata,
    Column("contact_id", ForeignKey("contact.id"), primary_key=True),
    Column("message_id", ForeignKey("message.id"), primary_key=True, index=True),
)


def _own_domain(context: Any) -> str:  # noqa: ANN401  # SQLAlchemy's context of one row that is written
    return domain_of(context.get_current_parameters()["address_normalised"])


class Message(Record):
    """One mail to one address about one document, kept as the record of what was sent.

    `reasons` keeps the roads that led to the address, as the plan lists its recipients. `revision` tells a copy sent
    again on purpose from the first. `lease_until` is how long the worker that claimed it may take. `lost_reasons` says
    what became of each of the reasons, in their order, when the message was cancelled because all of them had gone.
    `tries_from` is when a person had it tried anew: giving up counts from there, and else from the first attempt.
    `address_domain` is that of the normalised address: the lane that it goes by. `document_class` is a letter's.
    `failure_cause` is what a message that has failed or bounced has in common with others that did.
    """

    __tablename__ = "message"
    __table_args__ = (
        *(list_index("message", name, name) for name in ("address", "document_number", "created_at", "sent_at")),
        UniqueConstraint("document_kind", "document_id", "revision", "address_normalised"),
        # Counts by state, of one dealer's customers too, are read off it alone.
        Index(
            "ix_message_counted",
            "state",
            "customer_id",
            "document_kind",
            "document_class",
            "id",
            sqlite_where=text("deleted_at IS NULL"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_message_failure_cause",
            "failure_cause",
            "customer_id",
            "document_kind",
            "document_class",
            "id",
            sqlite_where=text("failure_cause IS NOT NULL AND deleted_at IS NULL"),
            postgresql_where=text("failure_cause IS NOT NULL AND deleted_at IS NULL"),
        ),
        Index(
            "ix_message_due",
            "next_attempt_at",
            "id",
            sqlite_where=text("state IN ('queued', 'waiting')"),
            postgresql_where=text("state IN ('queued', 'waiting')"),
        ),
        # The same by lane: what waits for one domain, and what lies between those that wait.
        Index(
            "ix_message_due_by_domain",
            "address_domain",
            "next_attempt_at",
            "id",
            sqlite_where=text("state IN ('queued', 'waiting')"),
            postgresql_where=text("state IN ('queued', 'waiting')"),
        ),
        Index("ix_message_customer_id", "customer_id"),
        # Found by their beginnings: PostgreSQL compares bytes with this operator class, whatever it sorts by.
        Index(
            "ix_message_address_normalised",
            "address_normalised",
            postgresql_ops={"address_normalised": "varchar_pattern_ops"},
        ),
        Index(
            "ix_message_document_number",
            "document_number",
            postgresql_ops={"document_number": "varchar_pattern_ops"},
        ),
        # How many updates of one ticket an address was sent lately.
        Index(
            "ix_message_thread",
            "thread_id",
            "address_normalised",
            "created_at",
            sqlite_where=text("thread_id IS NOT NULL"),
            postgresql_where=text("thread_id IS NOT NULL"),
        ),
    )

    address: Mapped[str] = mapped_column(String(320), nullable=False)
    address_normalised: Mapped[str] = mapped_column(String(320), nullable=False)
    address_domain: Mapped[str] = mapped_column(String(255), nullable=False, default=_own_domain, server_default="")
    recipient_name: Mapped[str] = mapped_column(String(250), nullable=False, default="")
    language: Mapped[str] = mapped_column(String(2), nullable=False)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), nullable=False)
    customer: Mapped[Customer] = relationship(Customer)
    document_kind: Mapped[str] = mapped_column(String(20), nullable=False)
    document_class: Mapped[str] = mapped_column(String(20), nullable=False, default="", server_default="")
    document_id: Mapped[int] = mapped_column(nullable=False)
    document_number: Mapped[str] = mapped_column(String(60), nullable=False)
    document_version: Mapped[int] = mapped_column(nullable=False)
    # What the document is an update of: the ticket, for a ticket update.
    thread_id: Mapped[int | None] = mapped_column()
    revision: Mapped[int] = mapped_column(nullable=False, default=0)
    format: Mapped[str | None] = mapped_column(String(8))
    usage_reports: Mapped[list[int]] = mapped_column(JSON, nullable=False, default=list)
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSON, nullable=False)
    lost_reasons: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    state: Mapped[str] = mapped_column(String(10), nullable=False)
    held_code: Mapped[str | None] = mapped_column(String(30))
    held_because: Mapped[str | None] = mapped_column(Text)
    failure_cause: Mapped[str | None] = mapped_column(String(90))
    message_id: Mapped[str] = mapped_column(String(200), nullable=False, unique=True)
    subject: Mapped[str | None] = mapped_column(String(300))
    next_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claimed_by: Mapped[str | None] = mapped_column(String(80))
    tries_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    content_digest: Mapped[str | None] = mapped_column(ForeignKey("content.digest"))
    attempts: Mapped[list[MessageAttempt]] = relationship(back_populates="message", order_by="MessageAttempt.id")
    # Lists are filtered by it; who reads them reads the reasons.
    contacts: Mapped[list[Contact]] = relationship(Contact, secondary=message_contact, viewonly=True, lazy="raise")

    @property
    def label(self) -> str:
        """Return how staff name the message: the document's number and the address."""
        return f"{self.document_number} to {self.address}"

    def __repr__(self) -> str:
        return self.label


class MessageAttempt(Model):
    """One try to deliver a message: when, what came of it, and the server's words.

    It is written before the mail is sent, and once more with what came of it; `settled` once the message says so too.
    """

    __tablename__ = "message_attempt"
    __table_args__ = (
        Index(
            "ix_message_attempt_unsettled",
            "message_id",
            sqlite_where=text("NOT settled"),
            postgresql_where=text("NOT settled"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), nullable=False, index=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(20), nullable=False)
    answer: Mapped[str | None] = mapped_column(Text)
    settled: Mapped[bool] = mapped_column(nullable=False, default=True, server_default=true())
    message: Mapped[Message] = relationship(back_populates="attempts")


class SkippedRoad(Model):
    """A road that led to no message when a document was sent, and why, as it was then; kept beside the messages."""

    __tablename__ = "skipped_road"
    __table_args__ = (
        Index("ix_skipped_road_document_kind_document_id", "document_kind", "document_id"),
        Index("ix_skipped_road_customer_id", "customer_id"),
        Index("ix_skipped_road_contact_id", "contact_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, nullable=False)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), nullable=False)
    customer: Mapped[Customer] = relationship(Customer)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))
    document_kind: Mapped[str] = mapped_column(String(20), nullable=False)
    document_class: Mapped[str] = mapped_column(String(20), nullable=False, default="", server_default="")
    document_id: Mapped[int] = mapped_column(nullable=False)
    document_number: Mapped[str] = mapped_column(String(60), nullable=False)
    road: Mapped[str] = mapped_column(String(20), nullable=False)
    link: Mapped[str | None] = mapped_column(String(10))
    address: Mapped[str | None] = mapped_column(String(320))
    name: Mapped[str] = mapped_column(String(250), nullable=False)
    reason: Mapped[str] = mapped_column(String(30), nullable=False)
    detail: Mapped[str] = mapped_column(Text, nullable=False, default="")


# The name of the lane that all mails go by: the mail server's.
ACCOUNT = "account"


class Lane(Model):
    """A way that mails go, which waits after trouble; its messages wait with it, untouched.

    `name` is `account` for the mail server that everything is handed to, and else the recipients' domain behind it.
    `failures` counts those in a row; 0 stands for a lane that is over its rate, and opens by itself. Otherwise one
    message probes it when `waits_until` is over: `probed_by` is the worker that has it in hand, until `probe_until` at
    most.
    """

    __tablename__ = "lane"

    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    waits_until: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    failures: Mapped[int] = mapped_column(nullable=False)
    answer: Mapped[str] = mapped_column(Text, nullable=False)
    closed_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    probed_by: Mapped[str | None] = mapped_column(String(80))
    probe_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class WorkerHeartbeat(Model):
    """When each worker was last at work; `/health` reads it."""

    __tablename__ = "worker_heartbeat"

    worker: Mapped[str] = mapped_column(String(80), primary_key=True)
    beat_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
