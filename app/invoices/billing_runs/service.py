"""The verbs of billing runs that people use: choose and plan, leave out, start, pause, resume, delete, purge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import Operation
from app.core.actor import Actor
from app.core.cleaning import clean_values
from app.core.errors import Invalid
from app.core.words import say, say_count
from app.invoices.billing_runs import queries
from app.invoices.billing_runs.fields import RUN_FIELDS
from app.invoices.billing_runs.kind import KIND
from app.invoices.billing_runs.models import BillingRun
from app.invoices.billing_runs.planning import planned
from app.invoices.billing_runs.rules import MAX_INVOICES, RowState
from app.lookups.queries import dealer_by_code
from app.mailer.planning.facts import Defaults
from app.runs import service as shared
from app.runs.fields import as_json, named_dealer

# Sending approves drafts, if the actor may approve.
start_run = partial(
    shared.start_run, KIND, nothing_left=say("Every invoice of this run is left out. Tick one, then start it.")
)
pause_run = partial(shared.pause_run, KIND)
resume_run = partial(shared.resume_run, KIND)
delete_run = partial(shared.delete_run, KIND)
restore_run = partial(shared.restore_run, KIND)
purge_run = partial(shared.purge_run, KIND)


def create_run(session: Session, actor: Actor, *, values: Mapping[str, object], defaults: Defaults) -> BillingRun:
    """Choose invoices by filters, account numbers or both, and plan them; nothing is sent.

    Raises Forbidden, Invalid (each filter at its name, unknown account numbers named; nothing matches; too many).
    """
    ensure(actor, Operation.CREATE, "billing_run")
    filters, numbers, customer_ids = _checked(session, actor, values)
    run = BillingRun(filters=as_json(filters), account_numbers=numbers)
    chosen = queries.chosen_invoices(session, actor, filters=filters, customer_ids=customer_ids, limit=MAX_INVOICES + 1)
    _ensure_some(chosen)
    told = {"filters": run.filters, "account_numbers": numbers}
    shared.keep_run(KIND, session, actor, run, list(planned(session, chosen, defaults=defaults)), told=told)
    return run


def plan_run_again(
    session: Session, actor: Actor, *, run_id: int, defaults: Defaults, version: int | None = None
) -> BillingRun:
    """Plan anew what has not left: all of it before the start, and of a finished run what has changed or failed.

    The run then waits for its start. Raises Forbidden, NotFound, Stale, Conflict (`not_possible`, `nothing_left`).
    """
    run: BillingRun = shared.run_to_plan(KIND, session, actor, run_id=run_id, version=version)
    invoices = queries.to_plan_again(session, actor, run.id)
    shared.keep_run_again(KIND, session, actor, run, list(planned(session, invoices, defaults=defaults)))
    return run


def choose_invoices(
    session: Session,
    actor: Actor,
    *,
    run_id: int,
    tick: Sequence[int] = (),
    untick: Sequence[int] = (),
    untick_accounts: object = None,
    version: int | None = None,
) -> BillingRun:
    """Leave invoices out of a run by their ids, or whole customers by account numbers, and take others in again.

    Ids of invoices that are not in the run change nothing. Raises Forbidden, NotFound, Stale, Invalid (unknown account
    numbers named), Conflict (`not_possible`).
    """
    run: BillingRun = shared.run_to_choose(KIND, session, actor, run_id=run_id, version=version)
    customer_ids = shared.customers_named(session, actor, untick_accounts)
    out = queries.row_ids(session, actor, run.id, RowState.WAITING, invoice_ids=untick)
    out |= queries.row_ids(session, actor, run.id, RowState.WAITING, customer_ids=customer_ids)
    back = queries.row_ids(session, actor, run.id, RowState.UNTICKED, invoice_ids=tick)
    shared.choose_rows(KIND, session, actor, run, out=out, back=back)
    return run


def _checked(
    session: Session, actor: Actor, given: Mapping[str, object]
) -> tuple[dict[str, Any], list[str], Sequence[int]]:
    """Return checked filters and account numbers, and the customers of these. Raises Invalid, all errors at once."""
    values, errors = clean_values(RUN_FIELDS, given)
    filters, numbers = values.get("filters") or {}, values.get("account_numbers") or []
    dealer = named_dealer(given.get("filters"))
    if dealer and dealer_by_code(session, dealer) is None:
        errors["filters.dealer_code"] = [say("There is no dealer with this code.")]
    found, unknown = shared.known_customers(session, actor, numbers)
    if unknown:
        errors["account_numbers"] = [unknown]
    if errors:
        raise Invalid(say("Some of this can't be used to choose invoices."), errors=errors)
    if not filters and not numbers:
        words = say("Choose by at least one filter, or name account numbers: without any, it would be every invoice.")
        raise Invalid(words, field="filters")
    return filters, numbers, found


def _ensure_some(chosen: Sequence[Any]) -> None:
    if not chosen:
        raise Invalid(say("No invoice matches this. Change what you choose by."), code="nothing_matches")
    if len(chosen) > MAX_INVOICES:
        words = say_count(
            "A run takes at most {count} invoice. Choose fewer, and make several runs.",
            "A run takes at most {count} invoices. Choose fewer, and make several runs.",
            MAX_INVOICES,
        )
        raise Invalid(words, code="too_many")
