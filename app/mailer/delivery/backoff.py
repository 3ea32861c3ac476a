"""When a message that could not be delivered is tried again, and how long a lane waits."""

from __future__ import annotations

from datetime import datetime, timedelta

# A refusal of this one message: its server asks to come back later (RFC 5321, section 4.5.4.1).
DEFERRED = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
GIVE_UP_AFTER = timedelta(days=5)
# The server can't be reached: all messages leave within ten minutes of its return.
TROUBLE = tuple(timedelta(seconds=seconds) for seconds in (15, 30, 60, 120, 300))
# A server that takes a mail and never says so may deliver each: after so many a person has to look.
MOST_COPIES = 5
# A pause is this much longer at most, so that what failed together doesn't come back together.
JITTER = 0.25


def after_deferral(
    *, tries: int, first_try: datetime, now: datetime, share: float, of_lane: bool = False
) -> datetime | None:
    """Return when a deferred message is tried again, or None when it has waited long enough to be called failed.

    `tries` counts those that were made, the one just over among them. `share`, from 0 to 1, is how much of the jitter
    the pause gets. `of_lane` stands for a refusal that was the road's fault: then the pauses are those of its lane.
    """
    if now - first_try >= GIVE_UP_AFTER:
        return None
    return now + _pause(TROUBLE if of_lane else DEFERRED, tries, share)


def after_trouble(*, tries: int, now: datetime, share: float) -> datetime:
    """Return when a message, or a lane, is tried again after trouble with the server; nothing fails for that."""
    return now + _pause(TROUBLE, tries, share)


def after_doubt(*, times: int, now: datetime, share: float) -> datetime:
    """Return when a message is sent once more that may have been taken `times` already; at first it is at once."""
    return now if times <= 1 else now + _pause(DEFERRED, times - 1, share)


def _pause(pauses: tuple[timedelta, ...], tries: int, share: float) -> timedelta:
    return pauses[min(tries, len(pauses)) - 1] * (1 + JITTER * share)
