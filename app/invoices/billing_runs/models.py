"""Billing runs, the invoices of each, and what each invoice's plan came to when it was looked at."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.records import Record, UtcDateTime, list_index, trash_index
from app.extensions import Model
from app.invoices.models import Invoice


class BillingRun(Record):
    """Invoices that are sent together. `filters` and `account_numbers` are what they were chosen by.

    `dealer_code` is the one of whoever chose them: others of that dealer see the run, and a dealer's staff see no
    other. `planned_at` is when its plan was made. Whoever starts or resumes it is `started_by`; the worker sends in
    their name. `pause_reason` says why it paused by itself.
    """

    __tablename__ = "billing_run"
    __table_args__ = (
        trash_index("billing_run"),
        list_index("billing_run", "created_at", "created_at"),
        list_index("billing_run", "status", "status"),
    )

    status: Mapped[str] = mapped_column(String(10), nullable=False)
    filters: Mapped[dict[str, Any]] = mapped_column(JSON, nullable=False)
    account_numbers: Mapped[list[str]] = mapped_column(JSON, nullable=False)
    dealer_code: Mapped[str | None] = mapped_column(String(40))
    invoice_count: Mapped[int] = mapped_column(nullable=False)
    created_by: Mapped[str] = mapped_column(String(128), nullable=False)
    planned_at: Mapped[datetime] = mapped_column(UtcDateTime, nullable=False)
    # No key of the users' table: of one who is gone the id stays, so that the run never goes on without a name.
    started_by_id: Mapped[int | None] = mapped_column()
    started_by: Mapped[str | None] = mapped_column(String(128))
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    pause_reason: Mapped[str | None] = mapped_column(String(20))

    @property
    def label(self) -> str:
        """Return how the trail names the run."""
        return f"Billing run {self.id}"

    def __repr__(self) -> str:
        return self.label


class RunInvoice(Model):
    """An invoice of a run, in one of `RowState`; `reason` says why it ended so.

    `fingerprint` is that of the plan that was looked at, made of `seen_version` of the invoice. `seen_until` is the
    highest id of a message by then; 0 where no address had the invoice. `copies` is how many messages the plan has, and
    `reaches_nobody` what it says.
    """

    __tablename__ = "billing_run_invoice"
    __table_args__ = (
        UniqueConstraint("run_id", "invoice_id"),
        Index("ix_billing_run_invoice_turn", "run_id", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("billing_run.id", ondelete="CASCADE"), nullable=False)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), nullable=False, index=True)
    invoice: Mapped[Invoice] = relationship(Invoice)
    state: Mapped[str] = mapped_column(String(16), nullable=False)
    reason: Mapped[str | None] = mapped_column(String(20))
    fingerprint: Mapped[str] = mapped_column(String(64), nullable=False)
    seen_version: Mapped[int] = mapped_column(nullable=False)
    seen_until: Mapped[int] = mapped_column(nullable=False)
    copies: Mapped[int] = mapped_column(nullable=False)
    reaches_nobody: Mapped[bool] = mapped_column(nullable=False)


class RunOutcome(Model):
    """How often one thing stands in the plan of a run's invoice: a format that goes, or a reason for which none does.

    `outcome` is `gets:` with the format, or the reason's own code.
    """

    __tablename__ = "billing_run_outcome"

    row_id: Mapped[int] = mapped_column(ForeignKey("billing_run_invoice.id", ondelete="CASCADE"), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(30), primary_key=True)
    number: Mapped[int] = mapped_column(nullable=False)
