"""What is left of a billing run that is purged: that there was one, when, and how many invoices it took."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.orm import object_session

from app.core.purging import Wiping, blank, register_wiping
from app.invoices.billing_runs.models import BillingRun, RunInvoice

KEPT = ("status", "dealer_code", "invoice_count", "planned_at", "started_at", "finished_at")


def register() -> None:
    """Put it in place."""
    register_wiping(BillingRun, Wiping(lambda run: run.label, wipe))


def wipe(run: BillingRun) -> None:
    """Leave dates and the count; who made it, by what, and which invoices they were goes."""
    blank(run, keep=KEPT, instead={"filters": {}, "account_numbers": [], "created_by": ""})
    session = object_session(run)
    if session is not None:
        session.execute(delete(RunInvoice).where(RunInvoice.run_id == run.id))
