"""The rules of suppressed addresses: why one is, what it is made from, and the reason that lifting asks for."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from app.core.errors import Invalid
from app.core.fields import Email, Fields, Text
from app.core.words import Words, said, say

MAX_REASON = 500

SUPPRESSION_FIELDS: Fields = {
    "address": Email(required=True, once=True),
    "reason": Text(limit=MAX_REASON, required=True, once=True),
}


class SuppressionKind(StrEnum):
    """Why an address is suppressed, as the database keeps it and REST names it."""

    HARD_BOUNCE = "hard_bounce"
    SOFT_BOUNCES = "soft_bounces"
    BY_HAND = "by_hand"


# An address that came back by itself, however often it took.
BOUNCES = (SuppressionKind.HARD_BOUNCE, SuppressionKind.SOFT_BOUNCES)

KIND_LABELS: Mapping[str, Words] = MappingProxyType(
    {
        SuppressionKind.HARD_BOUNCE: say("Bounced for good"),
        SuppressionKind.SOFT_BOUNCES: say("Bounced again and again"),
        SuppressionKind.BY_HAND: say("Suppressed by hand"),
    }
)


def checked_reason(given: object) -> str:
    """Return the reason that somebody gives for lifting. Raises Invalid, naming the field."""
    try:
        text = SUPPRESSION_FIELDS["reason"].clean(given)
    except ValueError as error:
        raise Invalid(said(error), field="reason") from error
    if not isinstance(text, str):
        raise Invalid(say("Say why this address is to get mail again."), field="reason")
    return text
