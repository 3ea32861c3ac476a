"""Addresses of our own that name a message: the envelope sender that its bounce comes back to, and where answers go."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

# RFC 5321 section 4.5.3.1.1.
_MAX_LOCAL_OCTETS = 64
_SIGNATURE_OCTETS = 10
# Lower case alone, since servers on the way may fold it; the id is decimal.
_TOKEN = re.compile(r"([1-9][0-9]{0,18})-([a-z2-7]{16})")
# The longest token: nineteen digits, a hyphen, sixteen characters.
MAX_TOKEN_LENGTH = 36


class Purpose(Enum):
    """What a token is for; one that was made for something else opens nothing."""

    BOUNCE = b"counterpart: envelope sender of message "
    ANSWER = b"counterpart: answers to message "
    UNSUBSCRIBE = b"counterpart: unsubscribing by message "


def token_of(message_id: int, *, secret: str, purpose: Purpose = Purpose.BOUNCE) -> str:
    """Return the signed token of a message, the same at every call and in any process with the same secret key."""
    return f"{message_id}-{_signature(message_id, secret, purpose)}"


def message_named(token: str, *, secret: str, purpose: Purpose = Purpose.BOUNCE) -> int | None:
    """Return the id of the message that a token names, None where its signature is not ours; case doesn't matter."""
    found = _TOKEN.fullmatch(token.lower())
    if found is None:
        return None
    message_id = int(found[1])
    return message_id if hmac.compare_digest(found[2], _signature(message_id, secret, purpose)) else None


def message_among(addresses: Iterable[str], *, secret: str, purpose: Purpose = Purpose.BOUNCE) -> int | None:
    """Return the id of the message that one of the addresses a mail came to names, or None.

    The domain is not compared: a server may have rewritten it, and the signature says that the token is ours.
    """
    for address in addresses:
        token = address.rpartition("@")[0].rpartition("+")[2]
        message_id = message_named(token, secret=secret, purpose=purpose)
        if message_id is not None:
            return message_id
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnPaths:
    """Who a bounce of a message is sent to, and where its answers go.

    `base` is the address that tokens are added to; None stands for the sender of the mail, if `own_senders` says that
    its server knows subaddresses (RFC 5233).
    """

    secret: str = field(repr=False)
    base: str | None = None
    own_senders: bool = False

    def of(self, sender: str, message_id: int) -> str:
        """Return the envelope sender of a message; the plain sender where no token can be added to an address."""
        return self._tagged(sender, message_id, Purpose.BOUNCE) or self.base or sender

    def answers_to(self, sender: str, message_id: int) -> str | None:
        """Return where the answers to a message go; None where no token can be added to an address."""
        return self._tagged(sender, message_id, Purpose.ANSWER)

    def _tagged(self, sender: str, message_id: int, purpose: Purpose) -> str | None:
        base = self.base or (sender if self.own_senders else "")
        local, at, domain = base.rpartition("@")
        path = f"{local}+{token_of(message_id, secret=self.secret, purpose=purpose)}"
        if not at or len(path.encode()) > _MAX_LOCAL_OCTETS:
            return None
        return f"{path}@{domain}"


def _signature(message_id: int, secret: str, purpose: Purpose) -> str:
    mac = hmac.digest(secret.encode(), purpose.value + str(message_id).encode(), "sha256")
    return base64.b32encode(mac[:_SIGNATURE_OCTETS]).decode("ascii").lower()
