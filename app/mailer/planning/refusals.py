"""The refusals of sending, in words that say what to do: a plan that has changed, and what can't be sent again."""

from __future__ import annotations

from collections.abc import Iterable

from app.core.errors import Conflict, Invalid
from app.core.words import say
from app.mailer.message_states import PENDING, STATE_NAMES, MessageState
from app.mailer.models import Message
from app.mailer.planning.plan_output import as_dict
from app.mailer.planning.rules import Plan, explain

# A copy in one of these is still on its way, or may be.
ON_ITS_WAY = PENDING | {MessageState.SENDING, MessageState.UNCERTAIN}


def ensure_fingerprint(current: Plan, base: Plan, fingerprint: str | None) -> None:
    """Raise Conflict (`plan_changed`), with the plan as it is, when it isn't the one that was looked at.

    What was looked at may be the plan with the choices made in it (`current`), or the one without any (`base`), from
    which they were made: unticking an address of a plan that still holds changes nothing that wasn't seen.
    """
    if fingerprint is not None and fingerprint not in (current.fingerprint, base.fingerprint):
        raise Conflict(
            say("The plan has changed since you looked at it. Look at it as it is now, and send it again."),
            code="plan_changed",
            detail={"result": as_dict(current)},
        )


def refuse_again(wanted: Iterable[tuple[str, Message | None]]) -> None:
    """Raise Invalid for addresses that never had the document, Conflict (`on_its_way`) for copies yet to arrive."""
    chosen = list(wanted)
    never = [
        say("{address} has not had this document. Use Send, with this address typed in.", address=address)
        for address, message in chosen
        if message is None or message.state == MessageState.CANCELLED
    ]
    if never:
        raise Invalid(never[0], errors={"addresses": never})
    coming = [
        say(
            "The copy to {address} is still on its way ({state}). Wait for it, or look at its message.",
            address=address,
            state=STATE_NAMES[MessageState(message.state)],
        )
        for address, message in chosen
        if message is not None and message.state in ON_ITS_WAY
    ]
    if coming:
        raise Conflict(coming[0], code="on_its_way", errors={"addresses": coming})


def refuse_skipped(plan: Plan) -> None:
    """Raise Invalid when something stands in the way of an address that staff chose."""
    refused = [
        say("{address}: {reason} {detail}", address=skip.address, reason=explain(skip.reason), detail=skip.detail)
        if skip.detail
        else say("{address}: {reason}", address=skip.address, reason=explain(skip.reason))
        for skip in plan.skipped
    ]
    if refused:
        raise Invalid(refused[0], errors={"addresses": refused})
