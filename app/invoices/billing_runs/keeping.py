"""What is written of a run's plan, and of its invoices' states, for many rows at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.core.bulk import insert_rows, take_ids
from app.invoices.billing_runs import queries
from app.invoices.billing_runs.models import BillingRun, RunInvoice, RunOutcome
from app.invoices.billing_runs.planning import Planned
from app.invoices.billing_runs.rules import RowState

# So many rows are changed with one statement.
PORTION = 500
_ROWS, _OUTCOMES = RunInvoice.__table__, RunOutcome.__table__


def keep_plans(session: Session, run: BillingRun, plans: Sequence[Planned]) -> None:
    """Write a row for each invoice of a run, with what its plan comes to."""
    ids = take_ids(session, _ROWS, len(plans))
    common = {"run_id": run.id, "state": RowState.WAITING.value, "reason": None}
    rows = [{"id": number, **common, **one.columns} for number, one in zip(ids, plans, strict=True)]
    insert_rows(session, _ROWS, rows)
    _keep_outcomes(session, zip(ids, plans, strict=True))


def keep_plans_anew(session: Session, run: BillingRun, plans: Sequence[Planned]) -> None:
    """Write over what was kept of some invoices' plans; what had changed or failed waits again."""
    rows = queries.rows_of_run(session, run.id)
    anew = [(rows[one.columns["invoice_id"]], one) for one in plans]
    for row, one in anew:
        for name, value in one.columns.items():
            setattr(row, name, value)
        if row.state != RowState.UNTICKED:
            row.state, row.reason = RowState.WAITING.value, None
    for portion in _portions(row.id for row, _ in anew):
        session.execute(delete(RunOutcome).where(RunOutcome.row_id.in_(portion)))
    _keep_outcomes(session, ((row.id, one) for row, one in anew))


def set_state(session: Session, ids: Iterable[int], state: RowState) -> None:
    """Put some rows into a state."""
    for portion in _portions(sorted(ids)):
        session.execute(update(RunInvoice).where(RunInvoice.id.in_(portion)).values(state=state.value))


def _keep_outcomes(session: Session, plans: Iterable[tuple[int, Planned]]) -> None:
    rows = [
        {"row_id": number, "outcome": outcome, "number": count}
        for number, one in plans
        for outcome, count in one.outcomes.items()
    ]
    insert_rows(session, _OUTCOMES, rows)


def _portions(ids: Iterable[int]) -> Iterable[list[int]]:
    every = list(ids)
    return (every[start : start + PORTION] for start in range(0, len(every), PORTION))
