"""The verbs of the worker that are alike for each kind of run: its end, its pause by itself, and a row that fails."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.core import audit, clock
from app.core.actor import Actor
from app.runs import queries
from app.runs.kind import RunKind
from app.runs.rules import UNFORESEEN, AnyState, PauseReason, RunStatus, ensure_may_become


def finish_run(kind: RunKind[Any], session: Session, actor: Actor, *, run_id: int) -> bool:
    """Note that no row of a run waits any more; return whether it was so."""
    run = queries.in_turn(kind, session, run_id)
    if run is None or queries.waiting(kind, session, run.id, limit=1):
        return False
    ensure_may_become(run.status, RunStatus.FINISHED)
    run.status, run.finished_at = RunStatus.FINISHED.value, clock.now()
    changes = {"status": (RunStatus.RUNNING.value, run.status)}
    audit.record(session, actor, verb=kind.verb("finished"), touched=[kind.touch(run, changes)])
    return True


def pause_by_itself(kind: RunKind[Any], session: Session, actor: Actor, *, run_id: int, reason: PauseReason) -> bool:
    """Pause a run that can't go on in the name of whoever started it; return whether it was under way."""
    run = queries.in_turn(kind, session, run_id)
    if run is None:
        return False
    ensure_may_become(run.status, RunStatus.PAUSED)
    run.status, run.pause_reason = RunStatus.PAUSED.value, reason.value
    changes = {"status": (RunStatus.RUNNING.value, run.status)}
    audit.record(session, actor, verb=kind.verb("paused"), touched=[kind.touch(run, changes)])
    return True


def fail_next(kind: RunKind[Any], session: Session, *, run_id: int) -> bool:
    """Leave the next row of a run out, since it could not be done; return whether there was one."""
    run = queries.in_turn(kind, session, run_id)
    rows = queries.waiting(kind, session, run.id, limit=1) if run is not None else ()
    for row in rows:
        row.state, row.reason = AnyState.FAILED.value, UNFORESEEN
    return bool(rows)
