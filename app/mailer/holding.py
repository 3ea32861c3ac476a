"""Why a message waits in the outbox before it may be tried: something that goes along can't be made yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from app.mailer.documents import DocumentSource

FORMAT_MISSING = "format_missing"
USAGE_REPORT_MISSING = "usage_report_missing"
RENDERING_FAILED = "rendering_failed"
# These leave by themselves once what is missing can be made; no person can hurry them.
MISSING = {FORMAT_MISSING: "format", USAGE_REPORT_MISSING: "usage report"}


class Wait(NamedTuple):
    """Why a message has to wait: the code that the outbox stores, and the sentence for people."""

    code: str
    because: str


def wait_for(source: DocumentSource, *, format_: str | None, usage_reports: Iterable[int]) -> Wait | None:
    """Return why a message has to wait, or None: never a mail without what goes along with it."""
    if format_ is not None and format_ not in source.formats():
        return Wait(FORMAT_MISSING, f"The {source.noun} can't be made in the {format_.capitalize()} format yet.")
    if not source.usage_reports().issuperset(usage_reports):
        return Wait(USAGE_REPORT_MISSING, "The usage report that goes along can't be made yet.")
    return None
