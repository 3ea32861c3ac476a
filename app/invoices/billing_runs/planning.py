"""The plan of a run: of each of its invoices the one plan, kept with the invoice's row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.mailer.planning.facts import Defaults
from app.mailer.planning.many import Wanted, plans_of_many
from app.mailer.planning.plan_model import Document, DocumentKind
from app.mailer.planning.reasons import Reason
from app.runs.planning import Planned, outcomes_of
from app.runs.queries import highest_message


def planned(session: Session, invoices: Sequence[Any], *, defaults: Defaults) -> Iterator[Planned]:
    """Give what is kept of the plans of invoices, rows with an id, number, version and customer_id, in their order."""
    until = highest_message(session)
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
