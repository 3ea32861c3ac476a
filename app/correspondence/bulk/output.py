"""The summed plan of bulk letters and their customers as REST gives them, and the schemas of both."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.correspondence.bulk import outcomes, progress, queries
from app.correspondence.bulk.models import BulkLetter, BulkLetterRow
from app.correspondence.bulk.rules import RowReason
from app.runs.outcomes import Row
from app.runs.output import COUNTS, MAX_NAMED, outcome_as_dict, plan_schema, rows_schema, sums_as_dict

_NAMES = {
    "letter_id": {"type": "integer", "nullable": True},
    "number": {"type": "string", "nullable": True},
    "customer_id": {"type": "integer"},
    "account_number": {"type": "string"},
    "name": {"type": "string"},
}
PLAN_SCHEMA = plan_schema(
    "customers",
    _NAMES,
    {
        "letters": {"type": "integer", "description": "How many letters are made"},
        "no_letter": {
            **COUNTS,
            "description": "Customers to whom no letter is made, by reason",
            "example": {"status_forbids": 1},
        },
    },
)
ROWS_SCHEMA = rows_schema(_NAMES, states=outcomes.STATES, reasons=[one.value for one in RowReason])


def plan_as_dict(session: Session, actor: Actor, run: BulkLetter) -> dict[str, Any]:
    """Return the summed plan and the progress."""
    sums = progress.sums(session, run)
    nobody = queries.rows(actor, run.id).where(*progress.taken(run), BulkLetterRow.reaches_nobody.is_(True))
    first = session.scalars(nobody.order_by(BulkLetterRow.id).limit(MAX_NAMED)).all()
    return {
        **sums_as_dict(run, sums, plural="customers"),
        "letters": sums.letters,
        "no_letter": dict(sums.no_letter),
        "reaches_nobody": {"count": sums.reaching_nobody, "first": [_named(row) for row in first]},
        "states": progress.states(session, run.id),
        "message_states": progress.message_states(session, actor, run.id),
    }


def row_as_dict(row: Row) -> dict[str, Any]:
    """Return a customer of bulk letters."""
    return {**_named(row.kept), **outcome_as_dict(row)}


def _named(row: BulkLetterRow) -> dict[str, Any]:
    return {
        "letter_id": row.letter_id,
        "number": row.letter.number if row.letter else None,
        "customer_id": row.customer_id,
        "account_number": row.customer.account_number,
        "name": row.customer.name,
    }
