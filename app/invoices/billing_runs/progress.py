"""How a run's plan sums up, and how far the run is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.invoices.billing_runs.models import BillingRun, RunInvoice, RunOutcome
from app.invoices.billing_runs.rules import GETS, RowState, RunStatus
from app.mailer.models import Message
from app.mailer.planning.plan_model import DocumentKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """A run's plan summed up: how many copies, in which formats; how many roads are skipped, for which reason.

    `invoices` are those that it takes, `unticked` those that it leaves out; `by_reason` and `invoices_by_reason` count
    roads and invoices. `reaching_nobody` are invoices.
    """

    invoices: int = 0
    unticked: int = 0
    copies: int = 0
    reaching_nobody: int = 0
    by_format: Mapping[str, int] = field(default_factory=dict)
    by_reason: Mapping[str, int] = field(default_factory=dict)
    invoices_by_reason: Mapping[str, int] = field(default_factory=dict)


def taken(run: BillingRun) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that an invoice is one that a run takes; before its start, that it waits for it."""
    waits = RunInvoice.state == RowState.WAITING.value
    planned = run.status == RunStatus.PLANNED
    return RunInvoice.run_id == run.id, waits if planned else RunInvoice.state != RowState.UNTICKED.value


def sums(session: Session, run: BillingRun) -> Sums:
    """Return a run's plan summed up as it was looked at; of one that waits for its start, what will leave."""
    of_run = taken(run)
    counted = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(RunInvoice.copies), 0),
            func.count().filter(RunInvoice.reaches_nobody.is_(True)),
        ).where(*of_run)
    ).one()
    parts = session.execute(
        select(RunOutcome.outcome, func.sum(RunOutcome.number), func.count())
        .join(RunInvoice, RunInvoice.id == RunOutcome.row_id)
        .where(*of_run)
        .group_by(RunOutcome.outcome)
        .order_by(RunOutcome.outcome)
    ).all()
    return Sums(
        invoices=counted[0],
        unticked=states(session, run.id)[RowState.UNTICKED.value],
        copies=counted[1],
        reaching_nobody=counted[2],
        by_format={name.removeprefix(GETS): number for name, number, _ in parts if name.startswith(GETS)},
        by_reason={name: number for name, number, _ in parts if not name.startswith(GETS)},
        invoices_by_reason={name: count for name, _, count in parts if not name.startswith(GETS)},
    )


def states(session: Session, run_id: int) -> dict[str, int]:
    """Return how many invoices of a run are in each state, those that none is in included."""
    counted = session.execute(
        select(RunInvoice.state, func.count()).where(RunInvoice.run_id == run_id).group_by(RunInvoice.state)
    )
    return {one.value: 0 for one in RowState} | {state: count for state, count in counted}  # noqa: C416  dict() of rows has no type


def reasons(session: Session, run_id: int, states: Sequence[RowState]) -> list[tuple[str, str, int]]:
    """Return state, reason and how many invoices of a run ended so, for some states."""
    wanted = (RunInvoice.run_id == run_id, RunInvoice.state.in_([one.value for one in states]))
    counted = select(RunInvoice.state, func.coalesce(RunInvoice.reason, ""), func.count()).where(*wanted)
    return [
        (state, reason, count)
        for state, reason, count in session.execute(counted.group_by(RunInvoice.state, RunInvoice.reason))
    ]


def message_states(session: Session, actor: Actor, run_id: int) -> dict[str, int]:
    """Return how many messages of the invoices that a run has sent are in each state, as far as they are in sight."""
    if not may(actor, Operation.READ, "message"):
        return {}
    counted = (
        select(Message.state, func.count())
        .join(RunInvoice, RunInvoice.invoice_id == Message.document_id)
        .where(
            Message.document_kind == DocumentKind.INVOICE.value,
            Message.deleted_at.is_(None),
            RunInvoice.run_id == run_id,
            RunInvoice.state == RowState.SENT.value,
        )
        .group_by(Message.state)
    )
    return {state: count for state, count in session.execute(counted)}  # noqa: C416  dict() of rows has no type
