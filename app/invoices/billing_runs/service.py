"""The verbs of billing runs that people use: choose and plan, leave out, start, pause, resume, delete, purge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import Operation
from app.core import audit, clock, purging, soft_delete
from app.core.actor import Actor
from app.core.audit import Touch, Verb
from app.core.cleaning import clean_values
from app.core.errors import Conflict, Invalid
from app.core.records import check_version
from app.core.words import say, say_count
from app.invoices.billing_runs import progress, queries
from app.invoices.billing_runs.fields import RUN_FIELDS, as_json, named_dealer, unknown_numbers
from app.invoices.billing_runs.keeping import keep_plans, keep_plans_anew, set_state
from app.invoices.billing_runs.models import BillingRun
from app.invoices.billing_runs.planning import planned
from app.invoices.billing_runs.rules import (
    AGAIN,
    MAX_INVOICES,
    RowState,
    RunStatus,
    ensure_may_become,
    ensure_may_choose,
    ensure_may_delete,
    ensure_may_resume,
    ensure_may_start,
)
from app.lookups.queries import dealer_by_code
from app.mailer.engines.work import there_is_work
from app.mailer.planning.facts import Defaults


def create_run(session: Session, actor: Actor, *, values: Mapping[str, object], defaults: Defaults) -> BillingRun:
    """Choose invoices by filters, account numbers or both, and plan them; nothing is sent.

    Raises Forbidden, Invalid (each filter at its name, unknown account numbers named; nothing matches; too many).
    """
    ensure(actor, Operation.CREATE, "billing_run")
    filters, numbers, customer_ids = _checked(session, actor, values)
    run = BillingRun(
        status=RunStatus.PLANNED.value,
        filters=as_json(filters),
        account_numbers=numbers,
        dealer_code=actor.dealer_code,
        created_by=actor.username,
        planned_at=clock.now(),
    )
    chosen = queries.chosen_invoices(session, actor, filters=filters, customer_ids=customer_ids, limit=MAX_INVOICES + 1)
    _ensure_some(chosen)
    run.invoice_count = len(chosen)
    session.add(run)
    session.flush()
    keep_plans(session, run, list(planned(session, chosen, defaults=defaults)))
    told = {"filters": run.filters, "account_numbers": numbers, "invoice_count": run.invoice_count}
    shown = {name: (None, value) for name, value in told.items() if value}
    audit.record(session, actor, verb=Verb.BILLING_RUN_CREATED, touched=[touch(run, shown)])
    return run


def plan_run_again(
    session: Session, actor: Actor, *, run_id: int, defaults: Defaults, version: int | None = None
) -> BillingRun:
    """Plan anew what has not left: all of it before the start, and of a finished run what has changed or failed.

    The run then waits for its start. Raises Forbidden, NotFound, Stale, Conflict (`not_possible`, `nothing_left`).
    """
    ensure(actor, Operation.UPDATE, "billing_run")
    run = _to_change(session, actor, run_id, version)
    ensure_may_become(run.status, RunStatus.PLANNED)
    run.planned_at = clock.now()
    invoices = queries.to_plan_again(session, actor, run.id)
    if not invoices:
        raise Conflict(say("Nothing is left of this run to plan again."), code="nothing_left")
    before = run.status
    counts = progress.states(session, run.id)
    keep_plans_anew(session, run, list(planned(session, invoices, defaults=defaults)))
    run.status, run.finished_at, run.pause_reason = RunStatus.PLANNED.value, None, None
    changes: dict[str, tuple[Any, Any]] = {"planned_at": (None, run.planned_at), "planned": (None, len(invoices))}
    changes |= {one.value: (counts[one.value], None) for one in AGAIN if counts[one.value]}
    if before != run.status:
        changes["status"] = (before, run.status)
    audit.record(session, actor, verb=Verb.BILLING_RUN_PLANNED, touched=[touch(run, changes)])
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
    ensure(actor, Operation.UPDATE, "billing_run")
    run = _to_change(session, actor, run_id, version)
    ensure_may_choose(run.status)
    values, errors = clean_values(
        {"account_numbers": RUN_FIELDS["account_numbers"]}, {"account_numbers": untick_accounts}
    )
    if errors:
        raise Invalid(errors["account_numbers"][0], errors=errors)
    customer_ids = _customer_ids(session, actor, values["account_numbers"])
    out = queries.row_ids(session, actor, run.id, RowState.WAITING, invoice_ids=untick)
    out |= queries.row_ids(session, actor, run.id, RowState.WAITING, customer_ids=customer_ids)
    back = queries.row_ids(session, actor, run.id, RowState.UNTICKED, invoice_ids=tick)
    set_state(session, out, RowState.UNTICKED)
    set_state(session, back, RowState.WAITING)
    if out or back:
        # Counted as a change of the run, so that nobody starts what somebody else has just left out.
        run.last_modified_at = clock.now()
        changes = {name: (None, len(ids)) for name, ids in (("unticked", out), ("ticked", back)) if ids}
        audit.record(session, actor, verb=Verb.BILLING_RUN_UPDATED, touched=[touch(run, changes)])
    return run


def start_run(session: Session, actor: Actor, *, run_id: int, version: int | None = None) -> BillingRun:
    """Have the worker send a run's invoices, in the actor's name; sending approves drafts, if the actor may approve.

    Raises Forbidden, NotFound, Stale, Conflict (`not_possible`, `nothing_left`).
    """
    run = _to_send(session, actor, run_id, version)
    ensure_may_start(run.status)
    if not progress.states(session, run.id)[RowState.WAITING.value]:
        raise Conflict(say("Every invoice of this run is left out. Tick one, then start it."), code="nothing_left")
    run.started_at = clock.now()
    return _set_going(session, actor, run, Verb.BILLING_RUN_STARTED)


def pause_run(session: Session, actor: Actor, *, run_id: int, version: int | None = None) -> BillingRun:
    """Have the worker put no more of a run's invoices into the outbox; what is in it leaves all the same.

    Raises Forbidden, NotFound, Stale, Conflict (`not_possible`).
    """
    ensure(actor, Operation.PAUSE, "billing_run")
    run = _to_change(session, actor, run_id, version)
    ensure_may_become(run.status, RunStatus.PAUSED)
    _set_status(session, actor, run, RunStatus.PAUSED, Verb.BILLING_RUN_PAUSED)
    return run


def resume_run(session: Session, actor: Actor, *, run_id: int, version: int | None = None) -> BillingRun:
    """Have a paused run go on, in the actor's name. Raises Forbidden, NotFound, Stale, Conflict (`not_possible`)."""
    ensure(actor, Operation.RESUME, "billing_run")
    run = _to_send(session, actor, run_id, version)
    ensure_may_resume(run.status)
    run.pause_reason = None
    return _set_going(session, actor, run, Verb.BILLING_RUN_RESUMED)


def delete_run(session: Session, actor: Actor, *, run_id: int, version: int | None = None) -> BillingRun:
    """Delete a run that isn't under way; what it has sent stays sent. Raises as `pause_run`, Conflict (`under_way`)."""
    ensure(actor, Operation.DELETE, "billing_run")
    run = _to_change(session, actor, run_id, version)
    ensure_may_delete(run.status)
    soft_delete.delete(session, actor, record=run, touch=touch(run), verb=Verb.BILLING_RUN_DELETED)
    return run


def restore_run(
    session: Session, actor: Actor, *, run_id: int, version: int | None = None, act: int | None = None
) -> BillingRun:
    """Bring back a deleted run. Raises Forbidden, NotFound, Stale, Conflict (`not_deleted`, `other_deletion`)."""
    ensure(actor, Operation.RESTORE, "billing_run")
    run = queries.deleted_run(session, actor, run_id=run_id)
    soft_delete.restore(
        session, actor, record=run, touch=touch(run), verb=Verb.BILLING_RUN_RESTORED, version=version, act=act
    )
    return run


def purge_run(session: Session, actor: Actor, *, run_id: int, reason: object, version: int | None = None) -> None:
    """Wipe a deleted run for good: which invoices it took, and by what they were chosen.

    Raises Forbidden, NotFound, Invalid, Stale, Conflict (`not_deleted`).
    """
    ensure(actor, Operation.PURGE, "billing_run")
    run = queries.deleted_run(session, actor, run_id=run_id)
    purging.purge(session, actor, record=run, verb=Verb.BILLING_RUN_PURGED, reason=reason, version=version)


def touch(run: BillingRun, changes: audit.Changes | None = None) -> Touch:
    """Return how the audit trail names a run."""
    return Touch("billing_run", run.id, run.label, changes or {})


def _checked(
    session: Session, actor: Actor, given: Mapping[str, object]
) -> tuple[dict[str, Any], list[str], Sequence[int]]:
    """Return checked filters and account numbers, and the customers of these. Raises Invalid, all errors at once."""
    values, errors = clean_values(RUN_FIELDS, given)
    filters, numbers = values.get("filters") or {}, values.get("account_numbers") or []
    dealer = named_dealer(given.get("filters"))
    if dealer and dealer_by_code(session, dealer) is None:
        errors["filters.dealer_code"] = [say("There is no dealer with this code.")]
    found = queries.customers_of_numbers(session, actor, numbers)
    unknown = [one for one in numbers if one not in found]
    if unknown:
        errors["account_numbers"] = [unknown_numbers(unknown)]
    if errors:
        raise Invalid(say("Some of this can't be used to choose invoices."), errors=errors)
    if not filters and not numbers:
        words = say("Choose by at least one filter, or name account numbers: without any, it would be every invoice.")
        raise Invalid(words, field="filters")
    return filters, numbers, list(dict.fromkeys(found.values()))


def _customer_ids(session: Session, actor: Actor, numbers: Sequence[str]) -> Sequence[int]:
    found = queries.customers_of_numbers(session, actor, numbers)
    unknown = [one for one in numbers if one not in found]
    if unknown:
        raise Invalid(unknown_numbers(unknown), field="account_numbers")
    return list(found.values())


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


def _to_change(session: Session, actor: Actor, run_id: int, version: int | None) -> BillingRun:
    run = queries.run(session, actor, run_id=run_id, lock=True)
    check_version(run, version)
    return run


def _to_send(session: Session, actor: Actor, run_id: int, version: int | None) -> BillingRun:
    ensure(actor, Operation.SEND, "billing_run")
    ensure(actor, Operation.SEND, "invoice")
    return _to_change(session, actor, run_id, version)


def _set_going(session: Session, actor: Actor, run: BillingRun, verb: Verb) -> BillingRun:
    run.started_by_id, run.started_by = actor.user_id, actor.username
    _set_status(session, actor, run, RunStatus.RUNNING, verb)
    there_is_work(session)
    return run


def _set_status(session: Session, actor: Actor, run: BillingRun, after: RunStatus, verb: Verb) -> None:
    before, run.status = run.status, after.value
    audit.record(session, actor, verb=verb, touched=[touch(run, {"status": (before, run.status)})])
