"""The invoices of a run, a page at a time: each with its state, and who of it gets no copy as things are now."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.words import Words, say
from app.invoices.billing_runs import queries
from app.invoices.billing_runs.kind import KIND
from app.invoices.billing_runs.models import BillingRun
from app.invoices.billing_runs.rules import RowState
from app.invoices.service import document_of
from app.mailer.planning.facts import Defaults
from app.mailer.planning.many import Wanted, plans_of_many
from app.mailer.planning.reasons import Reason, explain
from app.runs.outcomes import Asked, Page, Row, rows_after, with_skipped
from app.runs.queries import REACHES_NOBODY

__all__ = ["OUTCOMES", "PAGE", "REACHES_NOBODY", "STATES", "Page", "Row", "page"]

PAGE = 25
STATES = tuple(one.value for one in RowState)
# What may stand in the plan of an invoice instead of a copy; no staff has typed anything in, or unticked an address.
_SKIPPED = (
    Reason.CUSTOMER_DELETED,
    Reason.STATUS_FORBIDS,
    Reason.EMAIL_BILLING_OFF,
    Reason.FORMAT_NONE,
    Reason.NO_ADDRESS,
    Reason.SUPPRESSED,
    Reason.ALREADY_SENT,
)
OUTCOMES: dict[str, Words] = {REACHES_NOBODY: say("The invoice reaches nobody.")} | {
    one.value: explain(one.value) for one in _SKIPPED
}


def page(
    session: Session,
    actor: Actor,
    run: BillingRun,
    *,
    outcome: str | None,
    state: str | None,
    after: int,
    defaults: Defaults,
) -> Page:
    """Return a page of a run's invoices in sight, of all or of those with an outcome or in a state.

    Raises Forbidden, Invalid for an outcome or a state that there isn't.
    """
    asked = Asked(outcome=outcome, state=state, after=after, size=PAGE)
    asked.ensure_known(outcomes=OUTCOMES, states=STATES)
    shown, following = rows_after(KIND, session, queries.rows(actor, run.id), asked)
    wanted = [Wanted(document_of(row.invoice), row.invoice.customer_id) for row in shown]
    plans = list(plans_of_many(session, wanted, defaults=defaults))
    return Page(with_skipped(shown, plans, outcome), following)
