"""The states that the customers of bulk letters go through, what ends a customer's turn, and who gets no letter."""

from collections.abc import Mapping
from enum import StrEnum

from app.core.words import Words, say
from app.mailer.planning.plan_model import Plan, Road
from app.mailer.planning.reasons import Reason
from app.runs.rules import UNFORESEEN, AnyState, PauseReason

MAX_LETTERS = 20_000
# What an outcome begins with that says why a customer gets no letter at all.
NO_LETTER = "no_letter:"


class RowState(StrEnum):
    """What has become of a customer in bulk letters."""

    WAITING = AnyState.WAITING.value
    UNTICKED = AnyState.UNTICKED.value
    SENT = "sent"
    CREATED = "created"
    NO_LETTER = "no_letter"
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
    RowState.CREATED: say("Written"),
    RowState.NO_LETTER: say("No letter"),
    RowState.CHANGED: say("Changed since"),
    RowState.FAILED: say("Failed"),
}


class RowReason(StrEnum):
    """Why a customer's turn ended as it did; none where nothing is to be said."""

    NOBODY = "reaches_nobody"
    STATUS_FORBIDS = "status_forbids"
    NO_CONSENT = "no_consent"
    PLAN_CHANGED = "plan_changed"
    INVOICES_CHANGED = "invoices_changed"
    GONE = "gone"
    NOT_PRINTABLE = "not_printable"
    EMPTY = "empty"
    UNEXPECTED = UNFORESEEN


# What happened, and what to do.
REASON_WORDS: Mapping[RowReason, tuple[Words, Words]] = {
    RowReason.NOBODY: (say("It reaches nobody by mail: print it."), say("Its PDF is on the letter's page.")),
    RowReason.STATUS_FORBIDS: (
        say("The customer's status allows no correspondence."),
        say("Nothing, unless the status is wrong: then change it, and write to this customer alone."),
    ),
    RowReason.NO_CONSENT: (
        say("The customer has not agreed to marketing."),
        say("Nothing. With the customer's consent on record, write to this customer alone."),
    ),
    RowReason.PLAN_CHANGED: (
        say("Who gets it has changed since it was looked at. No letter was made."),
        say("Plan these again, look at them, and start them."),
    ),
    RowReason.INVOICES_CHANGED: (
        say("An invoice that it is about is deleted, or out of your sight. No letter was made."),
        say("Plan these again, look at them, and start them."),
    ),
    RowReason.GONE: (
        say("The customer is deleted, or out of your sight."),
        say("Restore it, if it is to be written to, and plan these again."),
    ),
    RowReason.NOT_PRINTABLE: (
        say("Its PDF can't be made: the issuer's logo can't be read."),
        say("Have an administrator set the logo anew, and plan these again."),
    ),
    RowReason.EMPTY: (
        say("Nothing stands in it: its placeholders have no values for this customer."),
        say("Write to this customer alone."),
    ),
    RowReason.UNEXPECTED: (
        say("It could not be made. The log of the worker has the details."),
        say("Plan these again; if it fails once more, tell an administrator."),
    ),
}
PAUSE_WORDS = {
    PauseReason.MAY_NOT_SEND: say(
        "They paused by themselves: whoever started them can't log in any more, or may not write or send such letters "
        "any more. Resume them, and they go on in your name."
    )
}


def why_no_letter(plan: Plan, *, send: bool) -> RowReason | None:
    """Return why a customer is not to be written to at all, by mail or by post; None where a letter is made.

    That a letter reaches nobody by mail is no reason: it can be posted. It must not be where the customer's status
    forbids correspondence, or where it is marketing that the customer has not agreed to.
    """
    reasons = {(skip.reason, skip.road) for skip in plan.skipped}
    if {reason for reason, _ in reasons} & {Reason.STATUS_FORBIDS, Reason.CUSTOMER_DELETED}:
        return RowReason.STATUS_FORBIDS
    is_posted = not send or not plan.messages
    return RowReason.NO_CONSENT if is_posted and (Reason.NO_MARKETING_CONSENT, Road.CUSTOMER) in reasons else None


def looked_at(plan: Plan, *, send: bool) -> str:
    """Return what must be the same at a customer's turn: the plan where it is to be sent, else whether it is made."""
    return plan.fingerprint if send else str(why_no_letter(plan, send=send) or "")


def state_after(plan: Plan, *, send: bool) -> tuple[RowState, RowReason | None]:
    """Return how a turn ends whose plan is the one that was looked at, and why."""
    why = why_no_letter(plan, send=send)
    if why is not None:
        return RowState.NO_LETTER, why
    if not send:
        return RowState.CREATED, None
    return (RowState.SENT, None) if plan.messages else (RowState.CREATED, RowReason.NOBODY)
