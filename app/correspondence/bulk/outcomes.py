"""The customers of bulk letters, a page at a time: each with its state, and who gets no copy as things are now."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.words import Words, say
from app.correspondence.bulk import queries
from app.correspondence.bulk.kind import KIND
from app.correspondence.bulk.models import BulkLetter, BulkLetterRow
from app.correspondence.bulk.planning import draft_of
from app.correspondence.bulk.rules import NO_LETTER, REASON_WORDS, RowReason, RowState
from app.correspondence.service import document_of
from app.mailer.planning.facts import Defaults
from app.mailer.planning.many import Wanted, plans_of_many
from app.mailer.planning.plan_model import Document
from app.mailer.planning.reasons import Reason, explain
from app.runs.outcomes import Asked, Page, Row, rows_after, with_skipped
from app.runs.queries import REACHES_NOBODY

PAGE = 25
STATES = tuple(one.value for one in RowState)
# What may stand in the plan of a letter instead of a copy; no staff has typed anything in, or unticked an address.
_SKIPPED = (
    Reason.CUSTOMER_DELETED,
    Reason.STATUS_FORBIDS,
    Reason.NO_MARKETING_CONSENT,
    Reason.TYPE_NOT_SELECTED,
    Reason.BILLS_ONLY,
    Reason.NO_ADDRESS,
    Reason.SUPPRESSED,
)
OUTCOMES: dict[str, Words] = {
    REACHES_NOBODY: say("The letter reaches nobody by mail."),
    **{one.value: explain(one.value) for one in _SKIPPED},
    **{f"{NO_LETTER}{one.value}": REASON_WORDS[one][0] for one in (RowReason.STATUS_FORBIDS, RowReason.NO_CONSENT)},
}


def page(
    session: Session,
    actor: Actor,
    run: BulkLetter,
    *,
    outcome: str | None,
    state: str | None,
    after: int,
    defaults: Defaults,
) -> Page:
    """Return a page of the customers in sight, of all or of those with an outcome or in a state.

    Raises Forbidden, Invalid for an outcome or a state that there isn't.
    """
    asked = Asked(outcome=outcome, state=state, after=after, size=PAGE)
    asked.ensure_known(outcomes=OUTCOMES, states=STATES)
    shown, following = rows_after(KIND, session, queries.rows(actor, run.id), asked)
    if not run.send:
        return Page([Row(row, ()) for row in shown], following)
    wanted = [Wanted(_document(run, row), row.customer_id) for row in shown]
    plans = list(plans_of_many(session, wanted, defaults=defaults))
    return Page(with_skipped(shown, plans, outcome if outcome in _PLAIN else None), following)


_PLAIN = frozenset(one.value for one in _SKIPPED)


def _document(run: BulkLetter, row: BulkLetterRow) -> Document:
    return draft_of(run) if row.letter is None else document_of(row.letter)
