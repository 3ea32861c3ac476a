"""What the page of a plan shows: who gets it and who does not, what has changed, and what became of it."""

from __future__ import annotations

from typing import Any

from app.core.addresses import normalise
from app.core.bill_format import BillFormat
from app.core.words import Words, in_a_row, say, say_count
from app.mailer.documents import DocumentSource, source_of
from app.mailer.holding import FORMAT_MISSING, USAGE_REPORT_MISSING, Wait, wait_for
from app.mailer.message_states import MessageState
from app.mailer.planning.rules import Message as Planned
from app.mailer.planning.rules import Plan, explain

_WAITS = {
    FORMAT_MISSING: say("Waits: format not available yet."),
    USAGE_REPORT_MISSING: say("Waits: usage report not available yet."),
}


def plan_context(plan: Plan, *, untick: tuple[str, ...]) -> dict[str, Any]:
    """Return what the page of a plan shows."""
    unticked = {normalise(address) for address in untick}
    source = source_of(plan.document.kind.value)
    return {
        "noun": source.noun,
        "plan": plan,
        "fingerprint": plan.fingerprint,
        "planned": [_planned(message, source) for message in plan.messages],
        "skipped": [
            {
                "address": skip.address,
                "name": skip.name,
                "reason": explain(skip.reason),
                "detail": skip.detail,
                "unticked": skip.key in unticked and skip.reason == "unticked",
            }
            for skip in plan.skipped
        ],
        "reaches_nobody": plan.reaches_nobody,
    }


def _planned(message: Planned, source: DocumentSource) -> dict[str, Any]:
    """Return a row of a plan's page; `waits` says what keeps the copy from leaving at once, or is empty."""
    wait = _wait(message, source)
    return {
        "address": message.address,
        "name": message.name,
        "format": message.format.words if message.format else None,
        "usage_reports": len(message.usage_reports),
        "withheld": _withheld(len(message.withheld_reports)),
        "waits": _WAITS[wait.code] if wait else "",
        "looked_at": f"{message.format or ''} {message.address}",
        "reasons": [say("{name}: {reason}", name=way.name, reason=explain(way.reason)) for way in message.recipients],
    }


def _withheld(count: int) -> Words | str:
    """Say that usage reports that are asked for stay behind, and why; nothing where none does."""
    if not count:
        return ""
    return say_count(
        "Without a usage report: it is not available to this customer.",
        "Without {count} usage reports: they are not available to this customer.",
        count,
    )


def _wait(message: Planned, source: DocumentSource) -> Wait | None:
    return wait_for(source, format_=message.format, usage_reports=message.usage_reports)


def sending_summary(done: Plan) -> Words | str:
    """Say what became of the copies of a plan that was executed: how many are on the way, how many are held, and why.

    A plan without messages has nothing to say: the text is empty.
    """
    source = source_of(done.document.kind.value)
    held = [message for message in done.messages if message.state == MessageState.HELD]
    away = len(done.messages) - len(held)
    texts = [say_count("{count} copy is on the way.", "{count} copies are on the way.", away)] if away else []
    if held:
        texts.append(_held({wait.code for message in held if (wait := _wait(message, source))}, len(held)))
    return in_a_row(texts) if texts else ""


def _held(missing: set[str], count: int) -> Words:
    """Say how many copies are held, and what for."""
    if missing == {FORMAT_MISSING}:
        return say_count(
            "{count} copy is held until its format can be made.",
            "{count} copies are held until their format can be made.",
            count,
        )
    if missing == {USAGE_REPORT_MISSING}:
        return say_count(
            "{count} copy is held until its usage report can be made.",
            "{count} copies are held until their usage report can be made.",
            count,
        )
    return say_count(
        "{count} copy is held until its format or usage report can be made.",
        "{count} copies are held until their format or usage report can be made.",
        count,
    )


def plan_changes(looked_at: list[str], plan: Plan) -> list[Words]:
    """Say in sentences how a plan differs from the one that was looked at.

    `looked_at` holds what its page posted for each message: the format, a space, and the address.
    """
    before = {normalise(address): (address, form) for form, _, address in (one.partition(" ") for one in looked_at)}
    after = {message.key: (message.address, message.format or "") for message in plan.messages}
    changes = [
        say("{address} gets a copy, and did not before.", address=address)
        for key, (address, _) in after.items()
        if key not in before
    ]
    for key, (address, form) in before.items():
        if key not in after:
            why = next((explain(skip.reason) for skip in plan.skipped if skip.key == key), say("Nothing leads there."))
            changes.append(say("{address} no longer gets a copy. {why}", address=address, why=why))
        elif after[key][1] != form:
            changes.append(
                say(
                    "{address} gets the {after} format instead of {before}.",
                    address=address,
                    after=_format_words(after[key][1]),
                    before=_format_words(form),
                )
            )
    return changes or [say("The document itself, or a reason, has changed; the same addresses get it.")]


def _format_words(form: str) -> Words | str:
    return BillFormat(form).words if form in set(BillFormat) else form or say("plain")
