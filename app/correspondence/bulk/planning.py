"""The plan of bulk letters: of each customer the one plan of a letter that is not written yet, kept with its row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy.orm import Session

from app.correspondence.bulk.models import BulkLetter
from app.correspondence.bulk.rules import NO_LETTER, looked_at, why_no_letter
from app.lookups.rules import CorrespondenceClass
from app.mailer.planning.facts import Defaults
from app.mailer.planning.many import Wanted, plans_of_many
from app.mailer.planning.plan_model import Document, DocumentKind
from app.runs.planning import Planned, outcomes_of

# What a letter is called before it is written, as an update of a ticket is.
DRAFT_ID, DRAFT_VERSION = 0, 1


def draft_of(run: BulkLetter) -> Document:
    """Return the letter of bulk letters as a plan asks for it before it is written, whoever's it will be."""
    return Document(
        kind=DocumentKind.CORRESPONDENCE,
        id=DRAFT_ID,
        number="",
        version=DRAFT_VERSION,
        type_id=run.correspondence_type_id,
        marketing=run.correspondence_class == CorrespondenceClass.MARKETING,
        document_class=run.correspondence_class,
    )


def planned(
    session: Session,
    run: BulkLetter,
    customer_ids: Sequence[int],
    invoices: Mapping[int, Sequence[int]],
    *,
    defaults: Defaults,
) -> Iterator[Planned]:
    """Give what is kept of the plans of customers, in their order; `invoices` are those of each letter."""
    draft = draft_of(run)
    wanted = [Wanted(draft, number) for number in customer_ids]
    plans = plans_of_many(session, wanted, defaults=defaults)
    for number, plan in zip(customer_ids, plans, strict=True):
        why = why_no_letter(plan, send=run.send)
        copies = len(plan.messages) if run.send else 0
        outcomes = outcomes_of(plan) if run.send else {}
        columns = {
            "customer_id": number,
            "letter_id": None,
            "invoice_ids": list(invoices.get(number, ())),
            "fingerprint": looked_at(plan, send=run.send),
            "copies": copies,
            "reaches_nobody": run.send and why is None and not copies,
        }
        yield Planned(columns, {**outcomes, **({f"{NO_LETTER}{why.value}": 1} if why else {})})
