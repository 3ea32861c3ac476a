"""The invoices of a run, a page at a time: each with its state, and who of it gets no copy as things are now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import Invalid
from app.core.words import Words, say
from app.invoices.billing_runs import queries
from app.invoices.billing_runs.models import BillingRun, RunInvoice
from app.invoices.billing_runs.rules import RowState
from app.invoices.service import document_of
from app.mailer.planning.facts import Defaults
from app.mailer.planning.many import Wanted, plans_of_many
from app.mailer.planning.plan_model import Plan, Skip
from app.mailer.planning.reasons import Reason, explain

PAGE = 25
REACHES_NOBODY = "reaches_nobody"
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


@dataclass(frozen=True, slots=True)
class Row:
    """An invoice of a run, and the roads of its plan that are skipped, for the reason that was asked for or any."""

    kept: RunInvoice
    skipped: tuple[Skip, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a run's invoices; `next` is what the one that follows is asked for by, None on the last."""

    rows: list[Row]
    next: int | None


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
    for name, given, known in (("outcome", outcome, OUTCOMES), ("state", state, STATES)):
        if given is not None and given not in known:
            raise Invalid(say("Choose one of: {words}.", words=", ".join(known)), field=name)
    statement = queries.rows(actor, run.id).where(RunInvoice.id > after)
    if outcome:
        statement = statement.where(queries.with_outcome(outcome), RunInvoice.state != RowState.UNTICKED.value)
    if state:
        statement = statement.where(RunInvoice.state == state)
    found = session.scalars(statement.order_by(RunInvoice.id).limit(PAGE + 1)).all()
    shown = found[:PAGE]
    return Page(_with_plans(session, shown, outcome, defaults), shown[-1].id if len(found) > PAGE else None)


def _with_plans(session: Session, rows: Sequence[RunInvoice], outcome: str | None, defaults: Defaults) -> list[Row]:
    """Put beside each invoice who gets no copy: names and addresses are not kept with a run."""
    wanted = [Wanted(document_of(row.invoice), row.invoice.customer_id) for row in rows]
    plans = list(plans_of_many(session, wanted, defaults=defaults))
    return [Row(row, _told(row, plan, outcome)) for row, plan in zip(rows, plans, strict=True)]


def _told(row: RunInvoice, plan: Plan, outcome: str | None) -> tuple[Skip, ...]:
    """Return the skipped roads to tell of; that those have it to whom the run has sent it says nothing."""
    if outcome not in {None, REACHES_NOBODY}:
        return tuple(skip for skip in plan.skipped if skip.reason == outcome)
    sent = row.state == RowState.SENT
    return tuple(skip for skip in plan.skipped if not (sent and skip.reason == Reason.ALREADY_SENT))
