"""Why a message waits in the outbox before it may be tried: something that goes along can't be made yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from app.core.bill_format import BillFormat
from app.core.words import Words, say
from app.mailer.documents import DocumentSource, source_of
from app.mailer.models import Message

FORMAT_MISSING = "format_missing"
USAGE_REPORT_MISSING = "usage_report_missing"
RENDERING_FAILED = "rendering_failed"
LOOP_SUSPECTED = "loop_suspected"
# These leave by themselves once what is missing can be made; no person can hurry them.
MISSING = {FORMAT_MISSING: say("format"), USAGE_REPORT_MISSING: say("usage report")}
# These leave by a person's word alone; what people read is the same for each of them.
WORDS = {LOOP_SUSPECTED: say("Too many copies of this ticket went to this address; a loop is suspected.")}


class Wait(NamedTuple):
    """Why a message has to wait: the code that the outbox stores, and the sentence for people."""

    code: str
    because: Words


def wait_for(source: DocumentSource, *, format_: str | None, usage_reports: Iterable[int]) -> Wait | None:
    """Return why a message has to wait, or None: never a mail without what goes along with it."""
    if format_ is not None and format_ not in source.formats():
        return Wait(
            FORMAT_MISSING,
            say(
                "The {noun} can't be made in the {format} format yet.",
                noun=source.noun,
                format=BillFormat(format_).words,
            ),
        )
    asked = frozenset(usage_reports)
    if asked and not source.usage_reports().issuperset(asked):
        return Wait(USAGE_REPORT_MISSING, say("The usage report that goes along can't be made yet."))
    return None


def because(message: Message) -> Words | str:
    """Return why a held message has to wait, for people: made anew, so that it can be translated, or as it is kept."""
    if message.held_code in MISSING:
        wait = wait_for(source_of(message.document_kind), format_=message.format, usage_reports=message.usage_reports)
        if wait is not None and wait.code == message.held_code:
            return wait.because
    return WORDS.get(message.held_code or "") or message.held_because or ""
