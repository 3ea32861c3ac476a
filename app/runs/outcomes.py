"""The rows of a run, a page at a time: each with its state, and who of it gets no copy as things are now."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from app.core.errors import Invalid
from app.core.words import say
from app.mailer.planning.plan_model import Plan, Skip
from app.mailer.planning.reasons import Reason
from app.runs import queries
from app.runs.kind import SENT, RunKind
from app.runs.queries import REACHES_NOBODY
from app.runs.rules import AnyState


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a run, and the roads of its plan that are skipped, for the reason that was asked for or any."""

    kept: Any
    skipped: tuple[Skip, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a run's rows; `next` is what the one that follows is asked for by, None on the last."""

    rows: list[Row]
    next: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which rows are asked for: of all those after an id, those with an outcome or in a state, so many of them."""

    outcome: str | None
    state: str | None
    after: int
    size: int

    def ensure_known(self, *, outcomes: Collection[str], states: Collection[str]) -> None:
        """Raise Invalid for an outcome or a state that there isn't."""
        for name, given, known in (("outcome", self.outcome, outcomes), ("state", self.state, states)):
            if given is not None and given not in known:
                raise Invalid(say("Choose one of: {words}.", words=", ".join(known)), field=name)


def rows_after(kind: RunKind[Any], session: Session, rows: Select[Any], asked: Asked) -> tuple[list[Any], int | None]:
    """Return the rows that are asked for, and by what the page that follows is."""
    statement = rows.where(kind.row.id > asked.after)
    if asked.outcome:
        statement = statement.where(
            queries.with_outcome(kind, asked.outcome), kind.row.state != AnyState.UNTICKED.value
        )
    if asked.state:
        statement = statement.where(kind.row.state == asked.state)
    found = session.scalars(statement.order_by(kind.row.id).limit(asked.size + 1)).all()
    shown = list(found[: asked.size])
    return shown, shown[-1].id if len(found) > asked.size else None


def with_skipped(rows: Sequence[Any], plans: Sequence[Plan], outcome: str | None) -> list[Row]:
    """Put beside each row who gets no copy: names and addresses are not kept with a run."""
    return [Row(row, _told(row, plan, outcome)) for row, plan in zip(rows, plans, strict=True)]


def _told(row: Any, plan: Plan, outcome: str | None) -> tuple[Skip, ...]:  # noqa: ANN401  a row of some kind
    """Return the skipped roads to tell of; that those have it to whom the run has sent it says nothing."""
    if outcome not in {None, REACHES_NOBODY}:
        return tuple(skip for skip in plan.skipped if skip.reason == outcome)
    sent = row.state == SENT
    return tuple(skip for skip in plan.skipped if not (sent and skip.reason == Reason.ALREADY_SENT))
