"""The plan of a run: of each of its invoices the one plan, kept with the invoice's row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.invoices.billing_runs import queries
from app.invoices.billing_runs.rules import GETS
from app.mailer.planning.facts import Defaults
from app.mailer.planning.many import Wanted, plans_of_many
from app.mailer.planning.plan_model import Document, DocumentKind, Plan
from app.mailer.planning.reasons import Reason


class Planned(NamedTuple):
    """What is kept of the plan of an invoice: its row's columns, and how often each outcome stands in it."""

    columns: dict[str, Any]
    outcomes: dict[str, int]


def planned(session: Session, invoices: Sequence[Any], *, defaults: Defaults) -> Iterator[Planned]:
    """Give what is kept of the plans of invoices, rows with an id, number, version and customer_id, in their order."""
    until = queries.highest_message(session)
    wanted = [
        Wanted(Document(kind=DocumentKind.INVOICE, id=row.id, number=row.number, version=row.version), row.customer_id)
        for row in invoices
    ]
    for plan in plans_of_many(session, wanted, defaults=defaults):
        outcomes = outcomes_of(plan)
        columns = {
            "invoice_id": plan.document.id,
            "fingerprint": plan.fingerprint,
            "seen_version": plan.document.version,
            # Where nobody had it, whatever has been made is since then, in whichever order ids were given out.
            "seen_until": until if Reason.ALREADY_SENT.value in outcomes else 0,
            "copies": len(plan.messages),
            "reaches_nobody": plan.reaches_nobody,
        }
        yield Planned(columns, outcomes)


def outcomes_of(plan: Plan) -> dict[str, int]:
    """Return how many copies of each format a plan has, and how many roads it skips for each reason."""
    formats = Counter(f"{GETS}{one.format.value if one.format else ''}" for one in plan.messages)
    return {**formats, **Counter(skip.reason.value for skip in plan.skipped)}
