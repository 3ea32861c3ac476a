"""The verbs of runs that are alike for each kind: keep, plan again, leave out, start, pause, resume, delete, purge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import Operation
from app.core import audit, clock, purging, soft_delete
from app.core.actor import Actor
from app.core.audit import Verb
from app.core.cleaning import clean_values
from app.core.errors import Conflict, Invalid
from app.core.fields import Field
from app.core.records import check_version
from app.core.words import Words, say
from app.mailer.engines.work import there_is_work
from app.runs import progress, queries
from app.runs.fields import AccountNumbers, unknown_numbers
from app.runs.keeping import keep_plans, keep_plans_anew, set_state
from app.runs.kind import R, RunKind
from app.runs.planning import Planned
from app.runs.rules import (
    AGAIN,
    AnyState,
    RunStatus,
    ensure_may_become,
    ensure_may_choose,
    ensure_may_delete,
    ensure_may_resume,
    ensure_may_start,
)


def run_to_change(
    kind: RunKind[R], session: Session, actor: Actor, operation: Operation, run_id: int, version: int | None
) -> R:
    """Return a run for a verb, locked. Raises Forbidden, NotFound, Stale."""
    ensure(actor, operation, kind.name)
    run = queries.run(kind, session, actor, run_id=run_id, lock=True)
    kind.ensure_on(actor, operation, run)
    check_version(run, version)
    return run


def keep_run(
    kind: RunKind[R], session: Session, actor: Actor, run: R, plans: Sequence[Planned], *, told: Mapping[str, Any]
) -> None:
    """Keep a run that is planned, with a row for each plan; `told` is what the trail says of it."""
    run.status, run.planned_at = RunStatus.PLANNED.value, clock.now()
    run.dealer_code, run.created_by = actor.dealer_code, actor.username
    setattr(run, kind.size, len(plans))
    session.add(run)
    session.flush()
    keep_plans(kind, session, run, plans)
    shown = {name: (None, value) for name, value in {**told, kind.size: len(plans)}.items() if value}
    audit.record(session, actor, verb=kind.verb("created"), touched=[kind.touch(run, shown)])


def keep_run_again(kind: RunKind[R], session: Session, actor: Actor, run: R, plans: Sequence[Planned]) -> None:
    """Keep the plans of what has not left anew; the run then waits for its start. Raises Conflict (`nothing_left`)."""
    if not plans:
        raise Conflict(say("Nothing is left of this run to plan again."), code="nothing_left")
    before = run.status
    counts = progress.states(kind, session, run.id, known=AGAIN)
    keep_plans_anew(kind, session, run, plans)
    run.planned_at = clock.now()
    run.status, run.finished_at, run.pause_reason = RunStatus.PLANNED.value, None, None
    changes: dict[str, tuple[Any, Any]] = {"planned_at": (None, run.planned_at), "planned": (None, len(plans))}
    changes |= {one.value: (counts[one], None) for one in AGAIN if counts[one]}
    if before != run.status:
        changes["status"] = (before, run.status)
    audit.record(session, actor, verb=kind.verb("planned"), touched=[kind.touch(run, changes)])


def run_to_plan(kind: RunKind[R], session: Session, actor: Actor, *, run_id: int, version: int | None) -> R:
    """Return a run that may be planned again, locked. Raises Forbidden, NotFound, Stale, Conflict (`not_possible`)."""
    run = run_to_change(kind, session, actor, Operation.UPDATE, run_id, version)
    ensure_may_become(run.status, RunStatus.PLANNED)
    return run


def run_to_choose(kind: RunKind[R], session: Session, actor: Actor, *, run_id: int, version: int | None) -> R:
    """Return a run whose rows may be ticked and unticked, locked. Raises Forbidden, NotFound, Stale, Conflict."""
    run = run_to_change(kind, session, actor, Operation.UPDATE, run_id, version)
    ensure_may_choose(run.status)
    return run


def choose_rows(
    kind: RunKind[R], session: Session, actor: Actor, run: R, *, out: Iterable[int], back: Iterable[int]
) -> None:
    """Leave rows out of a run, and take others in again, by the rows' own ids."""
    changed = {"unticked": (AnyState.UNTICKED, set(out)), "ticked": (AnyState.WAITING, set(back))}
    for state, ids in changed.values():
        set_state(kind, session, ids, state)
    changes = {name: (None, len(ids)) for name, (_, ids) in changed.items() if ids}
    if changes:
        # Counted as a change of the run, so that nobody starts what somebody else has just left out.
        run.last_modified_at = clock.now()
        audit.record(session, actor, verb=kind.verb("updated"), touched=[kind.touch(run, changes)])


def customers_named(session: Session, actor: Actor, raw: object) -> Sequence[int]:
    """Return the ids of the customers that account numbers name. Raises Invalid (unknown ones named)."""
    fields: Mapping[str, Field] = {"account_numbers": AccountNumbers()}
    values, errors = clean_values(fields, {"account_numbers": raw})
    if errors:
        raise Invalid(errors["account_numbers"][0], errors=errors)
    found, unknown = known_customers(session, actor, values["account_numbers"])
    if unknown:
        raise Invalid(unknown, field="account_numbers")
    return found


def known_customers(session: Session, actor: Actor, numbers: Sequence[str]) -> tuple[Sequence[int], Words | None]:
    """Return the customers of account numbers, each once, and what is to be said of unknown numbers, if there are."""
    found = queries.customers_of_numbers(session, actor, numbers)
    unknown = [one for one in numbers if one not in found]
    return list(dict.fromkeys(found.values())), unknown_numbers(unknown) if unknown else None


def start_run(
    kind: RunKind[R], session: Session, actor: Actor, *, run_id: int, version: int | None = None, nothing_left: Words
) -> R:
    """Have the worker advance a run, in the actor's name.

    Raises Forbidden, NotFound, Stale, Conflict (`not_possible`, `nothing_left`).
    """
    run = run_to_change(kind, session, actor, Operation.SEND, run_id, version)
    ensure_may_start(run.status)
    if not queries.waiting(kind, session, run.id, limit=1):
        raise Conflict(nothing_left, code="nothing_left")
    run.started_at = clock.now()
    _set_going(kind, session, actor, run, kind.verb("started"))
    return run


def pause_run(kind: RunKind[R], session: Session, actor: Actor, *, run_id: int, version: int | None = None) -> R:
    """Have the worker do no more of a run; what is in the outbox already leaves all the same.

    Raises Forbidden, NotFound, Stale, Conflict (`not_possible`).
    """
    run = run_to_change(kind, session, actor, Operation.PAUSE, run_id, version)
    ensure_may_become(run.status, RunStatus.PAUSED)
    _set_status(kind, session, actor, run, RunStatus.PAUSED, kind.verb("paused"))
    return run


def resume_run(kind: RunKind[R], session: Session, actor: Actor, *, run_id: int, version: int | None = None) -> R:
    """Have a paused run go on, in the actor's name. Raises Forbidden, NotFound, Stale, Conflict (`not_possible`)."""
    ensure(actor, Operation.SEND, kind.name)
    run = run_to_change(kind, session, actor, Operation.RESUME, run_id, version)
    ensure_may_resume(run.status)
    run.pause_reason = None
    _set_going(kind, session, actor, run, kind.verb("resumed"))
    return run


def delete_run(kind: RunKind[R], session: Session, actor: Actor, *, run_id: int, version: int | None = None) -> R:
    """Delete a run that isn't under way; what it has sent stays sent. Raises as `pause_run`, Conflict (`under_way`)."""
    run = run_to_change(kind, session, actor, Operation.DELETE, run_id, version)
    ensure_may_delete(run.status)
    soft_delete.delete(session, actor, record=run, touch=kind.touch(run), verb=kind.verb("deleted"))
    return run


def restore_run(
    kind: RunKind[R], session: Session, actor: Actor, *, run_id: int, version: int | None = None, act: int | None = None
) -> R:
    """Bring back a deleted run. Raises Forbidden, NotFound, Stale, Conflict (`not_deleted`, `other_deletion`)."""
    ensure(actor, Operation.RESTORE, kind.name)
    run = queries.deleted_run(kind, session, actor, run_id=run_id)
    kind.ensure_on(actor, Operation.RESTORE, run)
    verb = kind.verb("restored")
    soft_delete.restore(session, actor, record=run, touch=kind.touch(run), verb=verb, version=version, act=act)
    return run


def purge_run(
    kind: RunKind[R], session: Session, actor: Actor, *, run_id: int, reason: object, version: int | None = None
) -> None:
    """Wipe a deleted run for good: what it took, and by what that was chosen.

    Raises Forbidden, NotFound, Invalid, Stale, Conflict (`not_deleted`).
    """
    ensure(actor, Operation.PURGE, kind.name)
    run = queries.deleted_run(kind, session, actor, run_id=run_id)
    kind.ensure_on(actor, Operation.PURGE, run)
    purging.purge(session, actor, record=run, verb=kind.verb("purged"), reason=reason, version=version)


def _set_going(kind: RunKind[R], session: Session, actor: Actor, run: R, verb: Verb) -> None:
    run.started_by_id, run.started_by = actor.user_id, actor.username
    _set_status(kind, session, actor, run, RunStatus.RUNNING, verb)
    there_is_work(session)


def _set_status(kind: RunKind[R], session: Session, actor: Actor, run: R, after: RunStatus, verb: Verb) -> None:
    before, run.status = run.status, after.value
    audit.record(session, actor, verb=verb, touched=[kind.touch(run, {"status": (before, run.status)})])
