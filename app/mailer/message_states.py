"""The states of a message, and which may follow which."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from app.core.words import Words, say


class MessageState(StrEnum):
    """A message's state, as the outbox stores it and REST names it."""

    HELD = "held"
    QUEUED = "queued"
    SENDING = "sending"
    WAITING = "waiting"
    UNCERTAIN = "uncertain"
    SENT = "sent"
    FAILED = "failed"
    BOUNCED = "bounced"
    CANCELLED = "cancelled"


STATES = tuple(MessageState)

# How people call them, in the middle of a sentence.
STATE_NAMES: Mapping[str, Words] = MappingProxyType(
    {
        MessageState.HELD: say("held"),
        MessageState.QUEUED: say("queued"),
        MessageState.SENDING: say("sending"),
        MessageState.WAITING: say("waiting"),
        MessageState.UNCERTAIN: say("uncertain"),
        MessageState.SENT: say("sent"),
        MessageState.FAILED: say("failed"),
        MessageState.BOUNCED: say("bounced"),
        MessageState.CANCELLED: say("cancelled"),
    }
)

# The same, where they stand alone.
STATE_LABELS: Mapping[str, Words] = MappingProxyType(
    {
        MessageState.HELD: say("Held"),
        MessageState.QUEUED: say("Queued"),
        MessageState.SENDING: say("Sending"),
        MessageState.WAITING: say("Waiting"),
        MessageState.UNCERTAIN: say("Uncertain"),
        MessageState.SENT: say("Sent"),
        MessageState.FAILED: say("Failed"),
        MessageState.BOUNCED: say("Bounced"),
        MessageState.CANCELLED: say("Cancelled"),
    }
)

# Not on its way yet: it can still be kept from leaving.
PENDING = frozenset({MessageState.HELD, MessageState.QUEUED, MessageState.WAITING})

# A message starts in one of these.
INITIAL = frozenset({MessageState.HELD, MessageState.QUEUED})

# Nothing happens to these by themselves any more: no worker owns them, and they have no next time.
FINAL = frozenset({MessageState.SENT, MessageState.FAILED, MessageState.BOUNCED, MessageState.CANCELLED})

# The final states in which the mail has reached nobody.
LOST = frozenset({MessageState.FAILED, MessageState.BOUNCED, MessageState.CANCELLED})

# A copy in one of these has left, or never will: it may be sent again on purpose.
SENT_AGAIN = frozenset({MessageState.SENT, MessageState.FAILED, MessageState.BOUNCED})

_FOLLOWERS = MappingProxyType(
    {
        # Put right by a person, or given up.
        MessageState.HELD: frozenset({MessageState.QUEUED, MessageState.CANCELLED}),
        # Claimed by a worker; held when its document can't be made; cancelled when its every reason has gone.
        MessageState.QUEUED: frozenset({MessageState.SENDING, MessageState.HELD, MessageState.CANCELLED}),
        # Back to queued when the worker died before the server could have accepted anything.
        MessageState.SENDING: frozenset(
            {
                MessageState.SENT,
                MessageState.WAITING,
                MessageState.FAILED,
                MessageState.UNCERTAIN,
                MessageState.HELD,
                MessageState.QUEUED,
            }
        ),
        # Tried anew when its time has come (queued: a person says "now"), or given up after the last try.
        MessageState.WAITING: frozenset(
            {
                MessageState.SENDING,
                MessageState.QUEUED,
                MessageState.HELD,
                MessageState.FAILED,
                MessageState.CANCELLED,
            }
        ),
        # Sent again by the stated policy, or settled by a person or by what the receiver's server tells later.
        MessageState.UNCERTAIN: frozenset(
            {
                MessageState.QUEUED,
                MessageState.SENT,
                MessageState.BOUNCED,
                MessageState.HELD,
                MessageState.CANCELLED,
            }
        ),
        # A server may accept a mail and return it days later.
        MessageState.SENT: frozenset({MessageState.BOUNCED}),
        # "Retry".
        MessageState.FAILED: frozenset({MessageState.QUEUED}),
        MessageState.BOUNCED: frozenset(),
        # Its address is owed the document again, say because the contact was restored.
        MessageState.CANCELLED: frozenset({MessageState.QUEUED, MessageState.HELD}),
    }
)


def may_follow(before: str | None, after: str) -> bool:
    """Tell whether a message may go from one state to another; `before` None stands for a message being made.

    Raises:
        ValueError: when one of them is no state.

    """
    if before is None:
        return MessageState(after) in INITIAL
    return MessageState(after) in _FOLLOWERS[MessageState(before)]
