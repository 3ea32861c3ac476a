"""What is written of a run's plan, and of its rows' states, for many rows at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.core.bulk import insert_rows, take_ids
from app.runs import queries
from app.runs.kind import RunKind
from app.runs.models import Run
from app.runs.planning import Planned
from app.runs.rules import AnyState

# So many rows are changed with one statement.
PORTION = 500


def keep_plans(kind: RunKind[Any], session: Session, run: Run, plans: Sequence[Planned]) -> None:
    """Write a row for each subject of a run, with what its plan comes to."""
    ids = take_ids(session, kind.row.__table__, len(plans))
    common = {"run_id": run.id, "state": AnyState.WAITING.value, "reason": None}
    rows = [{"id": number, **common, **one.columns} for number, one in zip(ids, plans, strict=True)]
    insert_rows(session, kind.row.__table__, rows)
    _keep_outcomes(kind, session, zip(ids, plans, strict=True))


def keep_plans_anew(kind: RunKind[Any], session: Session, run: Run, plans: Sequence[Planned]) -> None:
    """Write over what was kept of some rows' plans; what had changed or failed waits again."""
    rows = queries.rows_of_run(kind, session, run.id)
    anew = [(rows[one.columns[kind.subject]], one) for one in plans]
    for row, one in anew:
        for name, value in one.columns.items():
            setattr(row, name, value)
        if row.state != AnyState.UNTICKED:
            row.state, row.reason = AnyState.WAITING.value, None
    for portion in _portions(row.id for row, _ in anew):
        session.execute(delete(kind.outcome).where(kind.outcome.row_id.in_(portion)))
    _keep_outcomes(kind, session, ((row.id, one) for row, one in anew))


def set_state(kind: RunKind[Any], session: Session, ids: Iterable[int], state: AnyState) -> None:
    """Put some rows into a state."""
    for portion in _portions(sorted(ids)):
        session.execute(update(kind.row).where(kind.row.id.in_(portion)).values(state=state.value))


def _keep_outcomes(kind: RunKind[Any], session: Session, plans: Iterable[tuple[int, Planned]]) -> None:
    rows = [
        {"row_id": number, "outcome": outcome, "number": count}
        for number, one in plans
        for outcome, count in one.outcomes.items()
    ]
    insert_rows(session, kind.outcome.__table__, rows)


def _portions(ids: Iterable[int]) -> Iterable[list[int]]:
    every = list(ids)
    return (every[start : start + PORTION] for start in range(0, len(every), PORTION))
