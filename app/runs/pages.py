"""What tells the pages of one kind of run from another's: the words of its rows, and its buttons."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy import Select
from sqlalchemy.orm import Session

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.core.words import Words, say
from app.runs.kind import RunKind
from app.runs.models import Run
from app.runs.outcomes import Page, Row
from app.runs.progress import Sums
from app.runs.rules import RunStatus

Counted = Callable[[int], Words]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWords:
    """The sentences that a run's page says of its rows. Those that are `Counted` depend on how many there are."""

    plural: Words
    one: Words
    rows_of_run: Words
    counted: Counted
    left_out: Counted
    reach_nobody: Counted
    show: Counted
    finished: Counted
    running: Callable[[str, str], Words]
    paused: Callable[[str, str], Words]
    not_started: Words
    messages: Words
    trouble: Words
    nothing_matches: Words
    take: Callable[[str], Words]
    plan_of: Callable[[str], Words]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPages:
    """What the pages of a kind of run are made from.

    `states` are those of its rows in their order, with `tones` for their marks; `trouble` those that somebody has to
    look at; `advice` says for each reason what happened and what to do. `rows` selects a run's rows in sight, `page`
    gives some of them, `named` what one is known by on the page.
    """

    kind: RunKind[Any]
    view: str
    words: RunWords
    states: Sequence[Any]
    tones: Mapping[Any, str]
    trouble: Sequence[Any]
    advice: Mapping[Any, tuple[Words, Words]]
    pause_words: Mapping[Any, Words]
    outcomes: Mapping[str, Words]
    rows: Callable[[Actor, int], Select[Any]]
    page: Callable[..., Page]
    sums: Callable[[Session, Any], Sums]
    named: Callable[[Any], dict[str, Any]]
    tab: str
    shown: Callable[[Row], dict[str, Any]]
    more: Callable[[Session, Actor, Any, Sums], dict[str, Any]]

    def url(self, task: str, run: Run, **given: Any) -> str:  # noqa: ANN401  words of an address
        """Return the address of a task's page."""
        return url_for(f"{self.view}.{task}", pk=run.id, **given)

    def rows_url(self, run: Run, **filters: Any) -> str:  # noqa: ANN401  the same
        """Return the address of the tab with a run's rows."""
        return self.url("show", run, tab=self.tab, **{name: value for name, value in filters.items() if value})


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


def buttons_of(pages: RunPages, actor: Actor, run: Run, *, again: int) -> list[dict[str, Any]]:
    """Return the buttons of a run's page; `again` is how many of its rows have changed or failed."""
    return [
        {
            "name": one.name,
            "label": one.label,
            "icon": one.icon,
            "method": "get" if one.asks_first else "post",
            "primary": one.is_primary,
            "url": pages.url(one.name, run),
        }
        for one in _BUTTONS
        if run.status in one.statuses
        and all(allowed(pages.kind, actor, operation, run) for operation in one.operations)
        and not (one.for_trouble and run.status == RunStatus.FINISHED and not again)
    ]


def allowed(kind: RunKind[Any], actor: Actor, operation: Operation, run: Run) -> bool:
    """Tell whether an actor may do something to a run."""
    return may(actor, operation, kind.name) and kind.may_on(actor, operation, run)
