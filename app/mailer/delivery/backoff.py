"""When a message that could not be delivered is tried again."""

from __future__ import annotations

from datetime import datetime, timedelta

# A refusal of this one message: its server asks to come back later (RFC 5321, section 4.5.4.1).
DEFERRED = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
GIVE_UP_AFTER = timedelta(days=5)
# The server can't be reached: all messages leave within ten minutes of its return.
TROUBLE = tuple(timedelta(seconds=seconds) for seconds in (15, 30, 60, 120, 300))


def after_deferral(*, tries: int, first_try: datetime, now: datetime) -> datetime | None:
    """Return when a deferred message is tried again, or None when it has waited long enough to be called failed.

    `tries` counts those that were made, the one just over among them.
    """
    if now - first_try >= GIVE_UP_AFTER:
        return None
    return now + DEFERRED[min(tries, len(DEFERRED)) - 1]


def after_trouble(*, tries: int, now: datetime) -> datetime:
    """Return when a message is tried again after the server could not be reached; it never fails for that."""
    return now + TROUBLE[min(tries, len(TROUBLE)) - 1]
