"""The states that a run of any kind goes through, and those that each of its rows begins and may end with."""

from collections.abc import Mapping
from enum import StrEnum

from app.core.errors import Conflict
from app.core.words import Words, say

# What an outcome of a plan begins with that is a format, and no reason for getting nothing.
GETS = "gets:"


class RunStatus(StrEnum):
    """Where a run stands, as it is stored and as REST names it."""

    PLANNED = "planned"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"

    @property
    def words(self) -> Words:
        """Return what people read for it."""
        return _STATUS_WORDS[self]


_STATUS_WORDS = {
    RunStatus.PLANNED: say("Planned"),
    RunStatus.RUNNING: say("Running"),
    RunStatus.PAUSED: say("Paused"),
    RunStatus.FINISHED: say("Finished"),
}
# A run that is planned again is looked at again before anything leaves.
FOLLOWS: Mapping[RunStatus, frozenset[RunStatus]] = {
    RunStatus.PLANNED: frozenset({RunStatus.RUNNING, RunStatus.PLANNED}),
    RunStatus.RUNNING: frozenset({RunStatus.PAUSED, RunStatus.FINISHED}),
    RunStatus.PAUSED: frozenset({RunStatus.RUNNING, RunStatus.PLANNED}),
    RunStatus.FINISHED: frozenset({RunStatus.PLANNED}),
}


class AnyState(StrEnum):
    """The states that a row has in a run of any kind; each kind has its own beside them for what came of it."""

    WAITING = "waiting"
    UNTICKED = "unticked"
    CHANGED = "changed"
    FAILED = "failed"


# These are looked at once more when a finished run is planned again; in a planned run, all that has not left is.
AGAIN = (AnyState.CHANGED, AnyState.FAILED)
PLANNED_ANEW = (AnyState.WAITING, AnyState.UNTICKED, *AGAIN)
# Why a row failed for which no rule has a reason.
UNFORESEEN = "unexpected"


class PauseReason(StrEnum):
    """Why a run paused by itself."""

    MAY_NOT_SEND = "may_not_send"


def ensure_may_become(status: str, after: RunStatus) -> None:
    """Raise Conflict (`not_possible`) unless a run of one status may become another."""
    if after not in FOLLOWS[RunStatus(status)]:
        raise Conflict(_REFUSALS[after][RunStatus(status)], code="not_possible")


_IS_RUNNING = say("This run is under way already.")
_IS_FINISHED = say("This run is finished.")
_IS_PLANNED = say("This run has not been started yet.")
_REFUSALS: Mapping[RunStatus, Mapping[RunStatus, Words]] = {
    RunStatus.RUNNING: {RunStatus.RUNNING: _IS_RUNNING, RunStatus.FINISHED: _IS_FINISHED},
    RunStatus.PAUSED: {
        RunStatus.PLANNED: _IS_PLANNED,
        RunStatus.PAUSED: say("This run is paused already."),
        RunStatus.FINISHED: _IS_FINISHED,
    },
    RunStatus.FINISHED: dict.fromkeys(RunStatus, say("This run is not under way.")),
    RunStatus.PLANNED: {RunStatus.RUNNING: say("This run is under way. Pause it first.")},
}


def ensure_may_start(status: str) -> None:
    """Raise Conflict unless a run may be started: a paused one is resumed, and that is another thing."""
    if RunStatus(status) is RunStatus.PAUSED:
        raise Conflict(say("This run is paused. Resume it."), code="not_possible")
    ensure_may_become(status, RunStatus.RUNNING)


def ensure_may_resume(status: str) -> None:
    """Raise Conflict unless a run is paused."""
    if RunStatus(status) is RunStatus.PLANNED:
        raise Conflict(_IS_PLANNED, code="not_possible")
    ensure_may_become(status, RunStatus.RUNNING)


def ensure_may_choose(status: str) -> None:
    """Raise Conflict unless rows of a run may be ticked and unticked: until it is started."""
    if RunStatus(status) is not RunStatus.PLANNED:
        raise Conflict(say("This run was started. Plan it again to choose what it leaves out."), code="not_possible")


def ensure_may_delete(status: str) -> None:
    """Raise Conflict while a run is under way."""
    if RunStatus(status) is RunStatus.RUNNING:
        raise Conflict(_REFUSALS[RunStatus.PLANNED][RunStatus.RUNNING], code="under_way")
