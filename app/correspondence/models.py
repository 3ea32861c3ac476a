"""Letters, and the files that go along with them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.access.table import document_resource
from app.core.records import Record, UtcDateTime, list_index, trash_index
from app.customers.models import Customer
from app.extensions import Model
from app.lookups.models import CorrespondenceType
from app.mailer.kept_files import KeptFile


class Correspondence(Record):
    """A letter. Its number is `ACCOUNT/C001`; `series` is the 1, counted for each customer, never used again.

    `correspondence_class` is the type's class of the day that the letter was made: who may see it can't change by a
    change of the list. `filled_subject` and `filled_body` are the texts with the values of the day that it was saved
    (`letter_date`), and `pdf_digest` the PDF that was made of them then; `language` is what that is in.
    """

    __tablename__ = "correspondence"
    __table_args__ = (
        UniqueConstraint("customer_id", "series"),
        Index("ix_correspondence_correspondence_type_id", "correspondence_type_id"),
        trash_index("correspondence"),
        *(list_index("correspondence", name, name) for name in ("number", "subject", "status", "created_at")),
    )

    number: Mapped[str] = mapped_column(String(60), nullable=False, unique=True)
    series: Mapped[int] = mapped_column(nullable=False)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), nullable=False)
    customer: Mapped[Customer] = relationship(Customer)
    correspondence_type_id: Mapped[int] = mapped_column(ForeignKey("correspondence_type.id"), nullable=False)
    correspondence_type: Mapped[CorrespondenceType] = relationship(CorrespondenceType)
    correspondence_class: Mapped[str] = mapped_column(String(20), nullable=False)
    subject: Mapped[str] = mapped_column(String(160), nullable=False)
    body: Mapped[str | None] = mapped_column(Text)
    filled_subject: Mapped[str] = mapped_column(Text, nullable=False, default="")
    filled_body: Mapped[str] = mapped_column(Text, nullable=False, default="")
    letter_date: Mapped[date | None] = mapped_column()
    language: Mapped[str] = mapped_column(String(35), nullable=False, default="")
    status: Mapped[str] = mapped_column(String(10), nullable=False, default="draft")
    pdf_digest: Mapped[str | None] = mapped_column(ForeignKey("content.digest"), index=True)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_note: Mapped[str | None] = mapped_column(Text)
    invoices: Mapped[list[LinkedInvoice]] = relationship(
        order_by="LinkedInvoice.invoice_id", cascade="all, delete-orphan"
    )
    attachments: Mapped[list[Attachment]] = relationship(
        order_by="Attachment.position", cascade="all, delete-orphan", back_populates="letter"
    )

    @property
    def label(self) -> str:
        """Return how staff name the letter: its number."""
        return self.number

    @property
    def resource(self) -> str:
        """Return the resource whose permissions the letter takes: that of its class."""
        return document_resource("correspondence", self.correspondence_class)

    def __repr__(self) -> str:
        return self.label


class LinkedInvoice(Model):
    """An invoice that a letter is about. Which it may be, the feature of invoices says (`linked.py`)."""

    __tablename__ = "correspondence_invoice"

    correspondence_id: Mapped[int] = mapped_column(ForeignKey("correspondence.id"), primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), primary_key=True, index=True)


class Attachment(KeptFile, Model):
    """A file that goes along with a letter, its bytes kept by their hash."""

    __tablename__ = "correspondence_attachment"
    __table_args__ = (UniqueConstraint("correspondence_id", "position"),)

    correspondence_id: Mapped[int] = mapped_column(ForeignKey("correspondence.id", ondelete="CASCADE"), nullable=False)
    letter: Mapped[Correspondence] = relationship(back_populates="attachments")
