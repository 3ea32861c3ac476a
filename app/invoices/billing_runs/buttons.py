"""The buttons of a billing run's page: what makes sense where it stands, for those who may."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from flask import url_for

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.core.words import Words, say
from app.invoices.billing_runs.models import BillingRun
from app.invoices.billing_runs.rules import RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button: the statuses in which it makes sense, and the operations that it needs.

    One that asks first is a link to the page that does; the others do it at once. `for_trouble` is set where a finished
    run has it only while something of it has changed or failed.
    """

    name: str
    label: Words
    icon: str
    statuses: Collection[RunStatus]
    operations: Collection[Operation]
    asks_first: bool = False
    is_primary: bool = False
    for_trouble: bool = False


_BUTTONS = (
    Button(
        name="start",
        label=say("Start"),
        icon="player-play",
        statuses=(RunStatus.PLANNED,),
        operations=(Operation.SEND,),
        asks_first=True,
        is_primary=True,
    ),
    Button(
        name="pause",
        label=say("Pause"),
        icon="player-pause",
        statuses=(RunStatus.RUNNING,),
        operations=(Operation.PAUSE,),
    ),
    Button(
        name="resume",
        label=say("Resume"),
        icon="player-play",
        statuses=(RunStatus.PAUSED,),
        operations=(Operation.RESUME, Operation.SEND),
        is_primary=True,
    ),
    Button(
        name="plan_again",
        label=say("Plan again"),
        icon="refresh",
        statuses=(RunStatus.PLANNED, RunStatus.PAUSED, RunStatus.FINISHED),
        operations=(Operation.UPDATE,),
        for_trouble=True,
    ),
)


def buttons_of(actor: Actor, run: BillingRun, *, again: int) -> list[dict[str, Any]]:
    """Return the buttons of a run's page; `again` is how many of its invoices have changed or failed."""
    return [
        {
            "name": one.name,
            "label": one.label,
            "icon": one.icon,
            "method": "get" if one.asks_first else "post",
            "primary": one.is_primary,
            "url": url_for(f"BillingRunView.{one.name}", pk=run.id),
        }
        for one in _BUTTONS
        if run.status in one.statuses
        and all(may(actor, operation, "billing_run") for operation in one.operations)
        and not (one.for_trouble and run.status == RunStatus.FINISHED and not again)
    ]
