"""What a report of another server means: is the copy lost, is the address to be trusted no more, or neither."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from app.core.addresses import normalise
from app.core.words import Words, say

# So many soft bounces of different messages within so many days, and no delivery between, make an address suppressed.
SOFT_LIMIT = 5
SOFT_WINDOW = timedelta(days=14)
_STATUS = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})")
# Permanent for this mail, and yet nothing that says the address is wrong: a full mailbox, a mail that is too big, a
# system in trouble, a time that ran out, a mail or a sender that somebody's filter dislikes (RFC 3463).
_SAYS_NOTHING_OF_THE_ADDRESS = re.compile(r"5\.(2\.[23]|3\.\d+|4\.[3567]|5\.\d+|6\.\d+|7\.\d+)")
_FULL = re.compile(r"(mailbox|inbox|account|quota)\b.{0,40}\b(full|exceeded|over quota)|over ?quota", re.IGNORECASE)
# RFC 3464 section 2.3.3; what else stands there says that nothing is wrong.
_FAILED, _DELAYED = "failed", "delayed"


class Severity(StrEnum):
    """How bad a report is: the address is wrong; this copy is lost; the copy is late; nothing is wrong."""

    HARD = "hard"
    SOFT = "soft"
    DELAYED = "delayed"
    NONE = "none"


_ORDER = tuple(Severity)

SEVERITY_LABELS: Mapping[str, Words] = MappingProxyType(
    {
        Severity.HARD: say("Came back: the address is wrong"),
        Severity.SOFT: say("Came back"),
        Severity.DELAYED: say("Delayed by another server"),
        Severity.NONE: say("Delivered"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What a report says of one recipient; each is empty where it says nothing (RFC 3464 section 2.3)."""

    recipient: str
    original_recipient: str = ""
    action: str = _FAILED
    status: str = ""
    diagnostic: str = ""

    @property
    def words(self) -> str:
        """The other server's words, in one line."""
        return " ".join((self.diagnostic or self.status or self.action).split())


def severity(failure: Failure) -> Severity:
    """Return how bad a report of one recipient is. Never raises."""
    action = failure.action.strip().lower()
    if action == _DELAYED:
        return Severity.DELAYED
    if action != _FAILED:
        return Severity.NONE
    # The server's own answer is nearer to the matter than a status that some only fill in with 5.0.0.
    found = _STATUS.search(failure.status)
    status = found[0] if found else ""
    if status in ("", "5.0.0") and (told := _STATUS.search(failure.diagnostic)):
        status = told[0]
    if status.startswith("4") or _SAYS_NOTHING_OF_THE_ADDRESS.fullmatch(status) or _FULL.search(failure.diagnostic):
        return Severity.SOFT
    return Severity.HARD


def concerning(address: str, failures: Sequence[Failure]) -> tuple[Failure, Severity] | None:
    """Return what a report says of the one address that the mail went to, and how bad it is; None for nothing.

    A report that names one other recipient comes from behind a forwarding. Where it names several others, none of
    them speaks for the address.
    """
    key = normalise(address)
    ours = [one for one in failures if key in (normalise(one.original_recipient), normalise(one.recipient))]
    told = ours or list(failures)
    if not told:
        return None
    worst = min(told, key=lambda one: _ORDER.index(severity(one)))
    bad = severity(worst)
    if bad == Severity.HARD and not ours and len(failures) > 1:
        bad = Severity.SOFT
    return worst, bad


def suppresses(bad: Severity, *, soft_bounces: int) -> bool:
    """Tell whether an address gets nothing more: a hard bounce, or one soft one too many in a row."""
    return bad == Severity.HARD or (bad in (Severity.SOFT, Severity.DELAYED) and soft_bounces >= SOFT_LIMIT)
