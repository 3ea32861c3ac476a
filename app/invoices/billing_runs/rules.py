"""The states that a billing run and its invoices go through, and what ends an invoice's."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.core.errors import Conflict
from app.core.words import Words, say

MAX_INVOICES = 20_000
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


class RowState(StrEnum):
    """What has become of an invoice in its run."""

    WAITING = "waiting"
    UNTICKED = "unticked"
    SENT = "sent"
    NOTHING_TO_SEND = "nothing_to_send"
    CHANGED = "changed"
    FAILED = "failed"

    @property
    def words(self) -> Words:
        """Return what people read for it."""
        return _ROW_WORDS[self]


_ROW_WORDS = {
    RowState.WAITING: say("Waiting"),
    RowState.UNTICKED: say("Left out"),
    RowState.SENT: say("Sent"),
    RowState.NOTHING_TO_SEND: say("Nothing to send"),
    RowState.CHANGED: say("Changed since"),
    RowState.FAILED: say("Failed"),
}
# These are looked at once more when a finished run is planned again; in a planned run, all that has not left is.
AGAIN = (RowState.CHANGED, RowState.FAILED)
PLANNED_ANEW = (RowState.WAITING, RowState.UNTICKED, *AGAIN)


class RowReason(StrEnum):
    """Why an invoice ended as it did; none where nothing is to be said."""

    HAVE_IT = "already_sent"
    NOBODY = "reaches_nobody"
    PLAN_CHANGED = "plan_changed"
    GONE = "gone"
    NOT_APPROVED = "not_approved"
    NO_LINES = "no_lines"
    UNEXPECTED = "unexpected"


# What happened, and what to do.
REASON_WORDS: Mapping[RowReason, tuple[Words, Words]] = {
    RowReason.HAVE_IT: (say("Everybody has it already."), say("Nothing. To really send it again, use Send Again.")),
    RowReason.NOBODY: (
        say("Nobody is left to get it."),
        say("Look at its plan, and give the customer or a contact an address and a format."),
    ),
    RowReason.PLAN_CHANGED: (
        say("Who gets it, or the invoice itself, has changed since it was looked at. It was not sent."),
        say("Plan this run again, look at it, and start it."),
    ),
    RowReason.GONE: (
        say("The invoice or its customer is deleted, or out of your sight."),
        say("Restore it, if it is to be sent, and plan this run again."),
    ),
    RowReason.NOT_APPROVED: (
        say("It is a draft, and whoever started the run may not approve it."),
        say("Have it approved, and plan this run again."),
    ),
    RowReason.NO_LINES: (say("It has no lines."), say("Add its lines, and plan this run again.")),
    RowReason.UNEXPECTED: (
        say("It could not be sent. The log of the worker has the details."),
        say("Plan this run again; if it fails once more, tell an administrator."),
    ),
}


class PauseReason(StrEnum):
    """Why a run paused by itself."""

    MAY_NOT_SEND = "may_not_send"


PAUSE_WORDS = {
    PauseReason.MAY_NOT_SEND: say(
        "It paused by itself: whoever started it can't log in any more, or may not send invoices any more. Resume it, "
        "and it goes on in your name."
    )
}


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
    """Raise Conflict unless invoices of a run may be ticked and unticked: until it is started."""
    if RunStatus(status) is not RunStatus.PLANNED:
        raise Conflict(say("This run was started. Plan it again to choose what it leaves out."), code="not_possible")


def ensure_may_delete(status: str) -> None:
    """Raise Conflict while a run is under way."""
    if RunStatus(status) is RunStatus.RUNNING:
        raise Conflict(_REFUSALS[RunStatus.PLANNED][RunStatus.RUNNING], code="under_way")


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What came of an invoice whose turn it was.

    `is_same` says that its plan is the one that was looked at; `only_sent` that it differs by copies alone that were
    made since; `copies` how many messages the plan has, and `have_it` whether any address has the invoice already.
    """

    is_same: bool
    only_sent: bool
    copies: int
    have_it: bool


def state_after(came: Came) -> tuple[RowState, RowReason | None]:
    """Return the state of an invoice after its turn, and why: never a silent sending of what was not looked at."""
    if came.is_same and came.copies:
        return RowState.SENT, None
    if came.is_same or (came.only_sent and not came.copies):
        return RowState.NOTHING_TO_SEND, RowReason.HAVE_IT if came.have_it else RowReason.NOBODY
    return RowState.CHANGED, RowReason.PLAN_CHANGED
