"""Bulk letters, the customers of each, and what each customer's plan came to when it was looked at."""

from __future__ import annotations

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.access.table import document_resource
from app.core.records import list_index, trash_index
from app.correspondence.models import Correspondence
from app.customers.models import Customer
from app.lookups.models import CorrespondenceType
from app.runs.models import Outcome, Run, RunRow


class BulkLetter(Run):
    """One text for many customers. `send` tells whether the letters are mailed or made alone.

    `correspondence_class` is the type's class of the day that it was planned: who may see it can't change by a change
    of the list. With `link_invoices`, each letter is about the invoices that its customer was chosen by.
    """

    __tablename__ = "bulk_letter"
    __table_args__ = (
        Index("ix_bulk_letter_correspondence_type_id", "correspondence_type_id"),
        trash_index("bulk_letter"),
        *(list_index("bulk_letter", name, name) for name in ("created_at", "status", "subject")),
    )

    correspondence_type_id: Mapped[int] = mapped_column(ForeignKey("correspondence_type.id"), nullable=False)
    correspondence_type: Mapped[CorrespondenceType] = relationship(CorrespondenceType)
    correspondence_class: Mapped[str] = mapped_column(String(20), nullable=False)
    subject: Mapped[str] = mapped_column(String(160), nullable=False)
    body: Mapped[str] = mapped_column(Text, nullable=False)
    send: Mapped[bool] = mapped_column(nullable=False)
    link_invoices: Mapped[bool] = mapped_column(nullable=False)
    letter_count: Mapped[int] = mapped_column(nullable=False)

    @property
    def label(self) -> str:
        """Return how the trail names it."""
        return f"Bulk letter {self.id}"

    @property
    def letter_resource(self) -> str:
        """Return the resource whose permissions it takes: that of the class of its letters."""
        return document_resource("correspondence", self.correspondence_class)

    def __repr__(self) -> str:
        return self.label


class BulkLetterRow(RunRow):
    """A customer of bulk letters, in one of `RowState`; `letter_id` is the letter, once it is made.

    `invoice_ids` are the invoices that it will be about.
    """

    __tablename__ = "bulk_letter_row"
    __table_args__ = (
        UniqueConstraint("run_id", "customer_id"),
        Index("ix_bulk_letter_row_turn", "run_id", "state", "id"),
    )

    run_id: Mapped[int] = mapped_column(ForeignKey("bulk_letter.id", ondelete="CASCADE"), nullable=False)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), nullable=False, index=True)
    customer: Mapped[Customer] = relationship(Customer)
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("correspondence.id"), index=True)
    letter: Mapped[Correspondence | None] = relationship(Correspondence)
    invoice_ids: Mapped[list[int]] = mapped_column(JSON, nullable=False)


class BulkLetterOutcome(Outcome):
    """How often one thing stands in the plan of a customer, or why the customer gets no letter (`no_letter:`)."""

    __tablename__ = "bulk_letter_outcome"

    row_id: Mapped[int] = mapped_column(ForeignKey("bulk_letter_row.id", ondelete="CASCADE"), primary_key=True)
