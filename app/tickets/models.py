"""Tickets, their updates, and the files that go along with these."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, and_
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from app.core import clock
from app.core.records import Record, UtcDateTime, list_index, trash_index
from app.customers.models import Customer
from app.extensions import Model
from app.lookups.models import TicketStatus, TicketType
from app.mailer.kept_files import KeptFile
from app.tickets.rules import UPDATE_VERSION, UpdateKind, update_number


class Ticket(Record):
    """A ticket. Its number is `ACCOUNT/T004`; `series` is the 4, counted from 1 for each customer, never used again.

    `requester_email` is who asks; without one, the customer's main address stands in.
    """

    __tablename__ = "ticket"
    __table_args__ = (
        UniqueConstraint("customer_id", "series"),
        Index("ix_ticket_ticket_status_id", "ticket_status_id", "last_modified_at"),
        Index("ix_ticket_ticket_type_id", "ticket_type_id"),
        trash_index("ticket"),
        *(list_index("ticket", name, name) for name in ("number", "created_at", "last_modified_at")),
    )

    number: Mapped[str] = mapped_column(String(60), nullable=False, unique=True)
    series: Mapped[int] = mapped_column(nullable=False)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), nullable=False)
    customer: Mapped[Customer] = relationship(Customer)
    ticket_type_id: Mapped[int] = mapped_column(ForeignKey("ticket_type.id"), nullable=False)
    ticket_type: Mapped[TicketType] = relationship(TicketType)
    ticket_status_id: Mapped[int] = mapped_column(ForeignKey("ticket_status.id"), nullable=False)
    ticket_status: Mapped[TicketStatus] = relationship(TicketStatus)
    subject: Mapped[str] = mapped_column(String(200), nullable=False)
    requester_email: Mapped[str | None] = mapped_column(String(320))
    updates: Mapped[list[TicketUpdate]] = relationship(
        back_populates="ticket", order_by="TicketUpdate.position", cascade="all, delete-orphan"
    )
    first_update: Mapped[TicketUpdate | None] = relationship(
        primaryjoin=lambda: and_(Ticket.id == foreign(TicketUpdate.ticket_id), TicketUpdate.position == 1),
        viewonly=True,
    )

    @property
    def label(self) -> str:
        """Return how staff name the ticket: its number and its subject."""
        return f"{self.number}: {self.subject}" if self.subject else self.number

    def __repr__(self) -> str:
        return self.label


class TicketUpdate(Model):
    """What was said on a ticket, or that it was closed or reopened; it is never changed.

    `position` counts a ticket's updates from 1. `internal` ones never leave. Who wrote it is kept with the name
    and the address of that day. `sent_from` is the address that a mail claimed to be from whose token proved another:
    staff read it, and it gets no copy.
    """

    __tablename__ = "ticket_update"
    __table_args__ = (
        UniqueConstraint("ticket_id", "position"),
        Index("ix_ticket_update_user_id", "user_id", "ticket_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), nullable=False)
    ticket: Mapped[Ticket] = relationship(back_populates="updates")
    position: Mapped[int] = mapped_column(nullable=False)
    kind: Mapped[str] = mapped_column(String(10), nullable=False, default=UpdateKind.TEXT.value)
    body: Mapped[str | None] = mapped_column(Text)
    internal: Mapped[bool] = mapped_column(nullable=False, default=False)
    user_id: Mapped[int | None] = mapped_column()
    author_name: Mapped[str] = mapped_column(String(200), nullable=False, default="")
    author_address: Mapped[str | None] = mapped_column(String(320))
    sent_from: Mapped[str | None] = mapped_column(String(320))
    door: Mapped[str] = mapped_column(String(10), nullable=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, nullable=False)

    attachments: Mapped[list[UpdateFile]] = relationship(
        order_by="UpdateFile.position", cascade="all, delete-orphan", back_populates="update"
    )

    @property
    def number(self) -> str:
        """Return how the outbox names the update: its ticket's number, and which of its updates it is."""
        return update_number(self.ticket.number, self.position)

    @property
    def version(self) -> int:
        """Return the version of what is never changed."""
        return UPDATE_VERSION

    @property
    def customer(self) -> Customer:
        """Return the ticket's customer."""
        return self.ticket.customer


class UpdateFile(KeptFile, Model):
    """A file that goes along with each copy of an update; an internal note's never leaves, as the note doesn't."""

    __tablename__ = "ticket_update_file"
    __table_args__ = (UniqueConstraint("ticket_update_id", "position"),)

    ticket_update_id: Mapped[int] = mapped_column(ForeignKey("ticket_update.id", ondelete="CASCADE"), nullable=False)
    update: Mapped[TicketUpdate] = relationship(back_populates="attachments")
