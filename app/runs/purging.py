"""What is left of a run that is purged: that there was one, when, and how many rows it had."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import object_session

from app.core.purging import Wiping, blank, register_wiping
from app.runs.kind import RunKind
from app.runs.models import Run

KEPT = ("status", "dealer_code", "planned_at", "started_at", "finished_at")


def register_runs(kind: RunKind[Any], *, keep: tuple[str, ...] = (), instead: Mapping[str, Any] | None = None) -> None:
    """Leave a purged run's dates and count, and `keep`; who made it, by what, and what its rows were about goes."""

    def wipe(run: Run) -> None:
        texts = {"filters": {}, "account_numbers": [], "created_by": "", **(instead or {})}
        blank(run, keep=(*KEPT, kind.size, *keep), instead=texts)
        session = object_session(run)
        if session is not None:
            session.execute(delete(kind.row).where(kind.row.run_id == run.id))

    register_wiping(kind.run, Wiping(lambda run: run.label, wipe))
