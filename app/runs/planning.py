"""What is kept of the plan of a run's row: its columns, and how often each outcome stands in it."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from app.mailer.planning.plan_model import Plan
from app.runs.rules import GETS


class Planned(NamedTuple):
    """What is kept of a plan: its row's columns, and how often each outcome stands in it."""

    columns: dict[str, Any]
    outcomes: dict[str, int]


def outcomes_of(plan: Plan) -> dict[str, int]:
    """Return how many copies of each format a plan has, and how many roads it skips for each reason."""
    formats = Counter(f"{GETS}{one.format.value if one.format else ''}" for one in plan.messages)
    return {**formats, **Counter(skip.reason.value for skip in plan.skipped)}
