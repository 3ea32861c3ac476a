"""How a run's plan sums up, and how far the run is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.mailer.models import Message
from app.runs.kind import SENT, RunKind
from app.runs.models import Run
from app.runs.rules import GETS, AnyState, RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """A run's plan summed up: how many copies, in which formats; how many roads are skipped, for which reason.

    `rows` are those that it takes, `unticked` those that it leaves out; `by_reason` and `rows_by_reason` count roads
    and rows. `reaching_nobody` are rows.
    """

    rows: int = 0
    unticked: int = 0
    copies: int = 0
    reaching_nobody: int = 0
    by_format: Mapping[str, int] = field(default_factory=dict)
    by_reason: Mapping[str, int] = field(default_factory=dict)
    rows_by_reason: Mapping[str, int] = field(default_factory=dict)


def taken(kind: RunKind[Any], run: Run) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that a row is one that a run takes; before its start, that it waits for it."""
    waits = kind.row.state == AnyState.WAITING.value
    planned = run.status == RunStatus.PLANNED
    return kind.row.run_id == run.id, waits if planned else kind.row.state != AnyState.UNTICKED.value


def sums(kind: RunKind[Any], session: Session, run: Run) -> Sums:
    """Return a run's plan summed up as it was looked at; of one that waits for its start, what will leave."""
    of_run = taken(kind, run)
    counted = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(kind.row.copies), 0),
            func.count().filter(kind.row.reaches_nobody.is_(True)),
        ).where(*of_run)
    ).one()
    parts = session.execute(
        select(kind.outcome.outcome, func.sum(kind.outcome.number), func.count())
        .join(kind.row, kind.row.id == kind.outcome.row_id)
        .where(*of_run)
        .group_by(kind.outcome.outcome)
        .order_by(kind.outcome.outcome)
    ).all()
    return Sums(
        rows=counted[0],
        unticked=states(kind, session, run.id, known=(AnyState.UNTICKED,))[AnyState.UNTICKED],
        copies=counted[1],
        reaching_nobody=counted[2],
        by_format={name.removeprefix(GETS): number for name, number, _ in parts if name.startswith(GETS)},
        by_reason={name: number for name, number, _ in parts if not name.startswith(GETS)},
        rows_by_reason={name: count for name, _, count in parts if not name.startswith(GETS)},
    )


def states(kind: RunKind[Any], session: Session, run_id: int, *, known: Sequence[str]) -> dict[str, int]:
    """Return how many rows of a run are in each state, those `known` that none is in included."""
    counted = session.execute(
        select(kind.row.state, func.count()).where(kind.row.run_id == run_id).group_by(kind.row.state)
    )
    return dict.fromkeys(known, 0) | {state: count for state, count in counted}  # noqa: C416  dict() of rows has no type


def reasons(kind: RunKind[Any], session: Session, run_id: int, states: Sequence[str]) -> list[tuple[str, str, int]]:
    """Return state, reason and how many rows of a run ended so, for some states."""
    wanted = (kind.row.run_id == run_id, kind.row.state.in_([str(one) for one in states]))
    counted = select(kind.row.state, func.coalesce(kind.row.reason, ""), func.count()).where(*wanted)
    return [
        (state, reason, count)
        for state, reason, count in session.execute(counted.group_by(kind.row.state, kind.row.reason))
    ]


def message_states(kind: RunKind[Any], session: Session, actor: Actor, run_id: int) -> dict[str, int]:
    """Return how many messages of the documents that a run has sent are in each state, as far as they are in sight."""
    if not may(actor, Operation.READ, "message"):
        return {}
    counted = (
        select(Message.state, func.count())
        .join(kind.row, getattr(kind.row, kind.document) == Message.document_id)
        .where(
            Message.document_kind == kind.document_kind.value,
            Message.deleted_at.is_(None),
            kind.row.run_id == run_id,
            kind.row.state == SENT,
        )
        .group_by(Message.state)
    )
    return {state: count for state, count in session.execute(counted)}  # noqa: C416  dict() of rows has no type
