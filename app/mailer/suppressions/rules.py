"""The rules of suppressed addresses: why one is, what is checked before, and the reasons that people give."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from app.core.addresses import check_address
from app.core.errors import Invalid
from app.core.words import Words, said, say

MAX_REASON = 500


class SuppressionKind(StrEnum):
    """Why an address is suppressed, as the database keeps it and REST names it."""

    HARD_BOUNCE = "hard_bounce"
    SOFT_BOUNCES = "soft_bounces"
    BY_HAND = "by_hand"


KIND_LABELS: Mapping[str, Words] = MappingProxyType(
    {
        SuppressionKind.HARD_BOUNCE: say("Bounced for good"),
        SuppressionKind.SOFT_BOUNCES: say("Bounced again and again"),
        SuppressionKind.BY_HAND: say("Suppressed by hand"),
    }
)


def checked_address(given: object) -> str:
    """Return the address that somebody asks to suppress, as it is stored. Raises Invalid, naming the field."""
    if not isinstance(given, str):
        raise Invalid(say("Enter an email address."), field="address")
    try:
        return check_address(given)
    except ValueError as error:
        raise Invalid(said(error), field="address") from error


def checked_reason(given: object) -> str:
    """Return the reason that somebody gives for suppressing or lifting. Raises Invalid, naming the field."""
    text = " ".join(given.split()) if isinstance(given, str) else ""
    if not text or len(text) > MAX_REASON or not text.isprintable():
        raise Invalid(say("Give a reason, in at most {limit} characters.", limit=MAX_REASON), field="reason")
    return text
