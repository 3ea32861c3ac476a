"""What comes of sending one mail: the server's answer, or one of four kinds of failure."""

from __future__ import annotations

import re
import smtplib
from dataclasses import dataclass

_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)")
SHUTTING_DOWN = 421
# RFC 4954: the server wants a login first, or refuses the one it got. No other mail would fare better.
LOGIN_CODES = frozenset({454, 530, 534, 535, 538})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said: reply code (RFC 5321), text, enhanced status code (RFC 3463) if it gave one."""

    code: int
    text: str
    enhanced: str | None = None

    @classmethod
    def of(cls, code: int, reply: bytes) -> Answer:
        """Read a reply; the enhanced code opens its text."""
        text = reply.decode("utf-8", "replace").strip()
        found = _ENHANCED.match(text)
        return cls(code, text[:1000], found.group(1) if found else None)

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class Undelivered(Exception):
    """A mail that the server has not accepted, as far as is known.

    `answer` is the server's, or None if it said nothing; `step` is where it happened: `connect`, `mail` (the sender),
    `rcpt` (the recipient), `data` (the content) or `size` (found out before sending).
    """

    def __init__(self, message: str, *, step: str, answer: Answer | None = None) -> None:
        super().__init__(message)
        self.step = step
        self.answer = answer


class Refused(Undelivered):
    """The server refuses this mail for good (5yz)."""


class Deferred(Undelivered):
    """The server refuses this mail for a while (4yz)."""


class ConnectionTrouble(Undelivered):
    """No mail can be sent by this server just then: unreachable, too slow, shutting down, or wanting another login."""


class Unknown(Undelivered):
    """The connection was lost between the end of the mail and the server's answer (RFC 1047): nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds to wait: for the connection, for each command, and for the answer to a whole mail.

    RFC 5321 section 4.5.3.2 allows servers minutes for each command and ten for the last answer. Hanging up early on
    that one makes mails uncertain, so it is the longest; after the others a mail is simply tried again.
    """

    connect: float = 15.0
    command: float = 60.0
    answer: float = 300.0


def words(error: Exception) -> str:
    """Return a network error's own words; a timeout and a lost connection have none to speak of."""
    if isinstance(error, TimeoutError):
        return "The mail server didn't answer in time."
    if isinstance(error, ConnectionError | smtplib.SMTPServerDisconnected):
        return f"The connection was lost ({error})." if str(error) else "The connection was lost."
    return str(error) or type(error).__name__
