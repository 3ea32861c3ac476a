"""The states that the invoices of a billing run go through, and what ends an invoice's."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.core.words import Words, say
from app.runs.rules import (
    AGAIN,
    FOLLOWS,
    GETS,
    PLANNED_ANEW,
    UNFORESEEN,
    AnyState,
    PauseReason,
    RunStatus,
    ensure_may_become,
    ensure_may_choose,
    ensure_may_delete,
    ensure_may_resume,
    ensure_may_start,
)

__all__ = [
    "AGAIN",
    "FOLLOWS",
    "GETS",
    "MAX_INVOICES",
    "PAUSE_WORDS",
    "PLANNED_ANEW",
    "REASON_WORDS",
    "Came",
    "PauseReason",
    "RowReason",
    "RowState",
    "RunStatus",
    "ensure_may_become",
    "ensure_may_choose",
    "ensure_may_delete",
    "ensure_may_resume",
    "ensure_may_start",
    "state_after",
]

MAX_INVOICES = 20_000


class RowState(StrEnum):
    """What has become of an invoice in its run."""

    WAITING = AnyState.WAITING.value
    UNTICKED = AnyState.UNTICKED.value
    SENT = "sent"
    NOTHING_TO_SEND = "nothing_to_send"
    CHANGED = AnyState.CHANGED.value
    FAILED = AnyState.FAILED.value

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


class RowReason(StrEnum):
    """Why an invoice ended as it did; none where nothing is to be said."""

    HAVE_IT = "already_sent"
    NOBODY = "reaches_nobody"
    PLAN_CHANGED = "plan_changed"
    GONE = "gone"
    NOT_APPROVED = "not_approved"
    NO_LINES = "no_lines"
    UNEXPECTED = UNFORESEEN


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


PAUSE_WORDS = {
    PauseReason.MAY_NOT_SEND: say(
        "It paused by itself: whoever started it can't log in any more, or may not send invoices any more. Resume it, "
        "and it goes on in your name."
    )
}


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
