"""Billing runs, the invoices of each, and what each invoice's plan came to when it was looked at."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.records import list_index, trash_index
from app.invoices.models import Invoice
from app.runs.models import Outcome, Run, RunRow


class BillingRun(Run):
    """Invoices that are sent together."""

    __tablename__ = "billing_run"
    __table_args__ = (
        trash_index("billing_run"),
        list_index("billing_run", "created_at", "created_at"),
        list_index("billing_run", "status", "status"),
    )

    invoice_count: Mapped[int] = mapped_column(nullable=False)

    @property
    def label(self) -> str:
        """Return how the trail names the run."""
        return f"Billing run {self.id}"

    def __repr__(self) -> str:
        return self.label


class RunInvoice(RunRow):
    """An invoice of a run, in one of `RowState`; `reason` says why it ended so.

    `fingerprint` is that of the plan that was looked at, made of `seen_version` of the invoice. `seen_until` is the
    highest id of a message by then; 0 where no address had the invoice.
    """

    __tablename__ = "billing_run_invoice"
    __table_args__ = (
        UniqueConstraint("run_id", "invoice_id"),
        Index("ix_billing_run_invoice_turn", "run_id", "state", "id"),
    )

    run_id: Mapped[int] = mapped_column(ForeignKey("billing_run.id", ondelete="CASCADE"), nullable=False)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"), nullable=False, index=True)
    invoice: Mapped[Invoice] = relationship(Invoice)
    seen_version: Mapped[int] = mapped_column(nullable=False)
    seen_until: Mapped[int] = mapped_column(nullable=False)


class RunOutcome(Outcome):
    """How often one thing stands in the plan of a run's invoice."""

    __tablename__ = "billing_run_outcome"

    row_id: Mapped[int] = mapped_column(ForeignKey("billing_run_invoice.id", ondelete="CASCADE"), primary_key=True)
