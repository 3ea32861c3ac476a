"""A run's summed plan and its invoices as REST gives them, and the schemas of both."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.invoices.billing_runs import outcomes, progress, queries
from app.invoices.billing_runs.models import BillingRun, RunInvoice
from app.invoices.billing_runs.rules import RowReason
from app.runs.outcomes import Row
from app.runs.output import COUNTS, MAX_NAMED, outcome_as_dict, plan_schema, rows_schema, sums_as_dict

_NAMES = {
    "invoice_id": {"type": "integer"},
    "number": {"type": "string"},
    "customer_id": {"type": "integer"},
    "account_number": {"type": "string"},
    "name": {"type": "string"},
}
PLAN_SCHEMA = plan_schema(
    "invoices",
    _NAMES,
    {
        "formats": {**COUNTS, "description": "Copies by format", "example": {"short": 12, "full": 3}},
        "already_sent": {"type": "integer", "description": "Of how many invoices some address has a copy already"},
    },
)
ROWS_SCHEMA = rows_schema(_NAMES, states=outcomes.STATES, reasons=[one.value for one in RowReason])


def plan_as_dict(session: Session, actor: Actor, run: BillingRun) -> dict[str, Any]:
    """Return a run's summed plan and its progress."""
    sums = progress.sums(session, run)
    nobody = queries.rows(actor, run.id).where(*progress.taken(run), RunInvoice.reaches_nobody.is_(True))
    first = session.scalars(nobody.order_by(RunInvoice.id).limit(MAX_NAMED)).all()
    return {
        **sums_as_dict(run, sums, plural="invoices"),
        "formats": dict(sums.by_format),
        "reaches_nobody": {"count": sums.reaching_nobody, "first": [_named(row) for row in first]},
        "already_sent": sums.invoices_by_reason.get("already_sent", 0),
        "states": progress.states(session, run.id),
        "message_states": progress.message_states(session, actor, run.id),
    }


def row_as_dict(row: Row) -> dict[str, Any]:
    """Return an invoice of a run."""
    return {**_named(row.kept), **outcome_as_dict(row)}


def _named(row: RunInvoice) -> dict[str, Any]:
    customer = row.invoice.customer
    return {
        "invoice_id": row.invoice_id,
        "number": row.invoice.number,
        "customer_id": customer.id,
        "account_number": customer.account_number,
        "name": customer.name,
    }
