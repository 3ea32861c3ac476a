"""A run's summed plan and its invoices as REST gives them, and the schemas of both."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.invoices.billing_runs import outcomes, progress, queries
from app.invoices.billing_runs.models import BillingRun, RunInvoice
from app.invoices.billing_runs.outcomes import Row
from app.invoices.billing_runs.rules import RowReason
from app.web.resource import plain

# So many of those that reach nobody are named; the rest are pages of `invoices?outcome=reaches_nobody`.
MAX_NAMED = 100

_COUNTS = {"type": "object", "additionalProperties": {"type": "integer"}}
_NAMES = {
    "invoice_id": {"type": "integer"},
    "number": {"type": "string"},
    "customer_id": {"type": "integer"},
    "account_number": {"type": "string"},
    "name": {"type": "string"},
}
_NAMED = {"type": "object", "properties": _NAMES}
PLAN_SCHEMA = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "status": {"type": "string", "enum": ["planned", "running", "paused", "finished"]},
        "planned_at": {"type": "string", "format": "date-time"},
        "invoices": {"type": "integer", "description": "How many invoices it takes"},
        "unticked": {"type": "integer", "description": "How many it leaves out"},
        "messages": {"type": "integer", "description": "How many copies it sends"},
        "formats": {**_COUNTS, "description": "Copies by format", "example": {"short": 12, "full": 3}},
        "skipped": {
            "type": "object",
            "description": "Who gets no copy, by reason: roads, and the invoices that they are of",
            "additionalProperties": {
                "type": "object",
                "properties": {"roads": {"type": "integer"}, "invoices": {"type": "integer"}},
            },
            "example": {"no_address": {"roads": 2, "invoices": 2}},
        },
        "reaches_nobody": {
            "type": "object",
            "properties": {"count": {"type": "integer"}, "first": {"type": "array", "items": _NAMED}},
        },
        "already_sent": {"type": "integer", "description": "Of how many invoices some address has a copy already"},
        "states": {**_COUNTS, "description": "Invoices by state", "example": {"waiting": 15}},
        "message_states": {**_COUNTS, "description": "Messages of the invoices sent, by state", "example": {"sent": 3}},
    },
}
_ROW = {
    "type": "object",
    "properties": {
        **_NAMES,
        "state": {"type": "string", "enum": list(outcomes.STATES)},
        "reason": {"type": "string", "nullable": True, "enum": [*(one.value for one in RowReason), None]},
        "messages": {"type": "integer"},
        "reaches_nobody": {"type": "boolean"},
        "skipped": {
            "type": "array",
            "description": "Who gets no copy as things are now",
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "address": {"type": "string", "nullable": True},
                    "contact_id": {"type": "integer", "nullable": True},
                    "reason": {"type": "string"},
                },
            },
        },
    },
}
ROWS_SCHEMA = {
    "type": "object",
    "properties": {
        "result": {"type": "array", "items": _ROW},
        "next": {"type": "integer", "nullable": True},
    },
}


def plan_as_dict(session: Session, actor: Actor, run: BillingRun) -> dict[str, Any]:
    """Return a run's summed plan and its progress."""
    sums = progress.sums(session, run)
    nobody = queries.rows(actor, run.id).where(*progress.taken(run), RunInvoice.reaches_nobody.is_(True))
    first = session.scalars(nobody.order_by(RunInvoice.id).limit(MAX_NAMED)).all()
    return {
        "id": run.id,
        "status": run.status,
        "planned_at": plain(run.planned_at),
        "invoices": sums.invoices,
        "unticked": sums.unticked,
        "messages": sums.copies,
        "formats": dict(sums.by_format),
        "skipped": {
            name: {"roads": number, "invoices": sums.invoices_by_reason[name]}
            for name, number in sums.by_reason.items()
        },
        "reaches_nobody": {"count": sums.reaching_nobody, "first": [_named(row) for row in first]},
        "already_sent": sums.invoices_by_reason.get("already_sent", 0),
        "states": progress.states(session, run.id),
        "message_states": progress.message_states(session, actor, run.id),
    }


def row_as_dict(row: Row) -> dict[str, Any]:
    """Return an invoice of a run."""
    kept = row.kept
    return {
        **_named(kept),
        "state": kept.state,
        "reason": kept.reason,
        "messages": kept.copies,
        "reaches_nobody": kept.reaches_nobody,
        "skipped": [
            {"name": skip.name, "address": skip.address, "contact_id": skip.contact_id, "reason": skip.reason.value}
            for skip in row.skipped
        ],
    }


def _named(row: RunInvoice) -> dict[str, Any]:
    customer = row.invoice.customer
    return {
        "invoice_id": row.invoice_id,
        "number": row.invoice.number,
        "customer_id": customer.id,
        "account_number": customer.account_number,
        "name": customer.name,
    }
