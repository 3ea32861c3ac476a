"""Whose fault it is that a mail was not taken: the message's own, that of the road behind the server, or the server's.

What is said before the recipient is named can't be about the recipient. What is said about the road to a recipient's
domain (RFC 3463: X.3 the system, X.4 network and routing, X.7 policy, which is where servers put "too fast") is about
all mails that go there. Everything else is about this one mail.
"""

from __future__ import annotations

from enum import StrEnum

from app.mailer.smtp.answers import ConnectionTrouble, Deferred, Undelivered, Unknown

# Two mails in a row, to two domains: that is more than bad luck.
IN_A_ROW = 2
_OF_THE_ROAD = ("4.3.", "4.4.", "4.7.")
# RFC 5321 section 4.2.3: 450 is about the mailbox, 451 and 452 about the system; they count without a finer code.
_OF_THE_MAILBOX = 450
_TOO_LARGE = 552
# RFC 6647: a greylisting server wants each sender and recipient to come back, however well the others fare.
_GREYLISTING = ("greylist", "graylist", "grey-list", "gray-list")


class Blame(StrEnum):
    """Who is at fault; `sender` is what a server says before any recipient is named, which may be about one mail."""

    MESSAGE = "message"
    DOMAIN = "domain"
    SENDER = "sender"
    ACCOUNT = "account"


def blame_of(error: Undelivered) -> Blame:
    """Return who is at fault for what came of a mail."""
    if isinstance(error, ConnectionTrouble):
        return Blame.ACCOUNT if error.step in {"connect", "mail"} else Blame.DOMAIN
    if isinstance(error, Unknown):
        return Blame.DOMAIN
    if error.step == "mail" and not (error.answer and error.answer.code == _TOO_LARGE):
        return Blame.SENDER
    if isinstance(error, Deferred) and is_about_the_road(str(error)):
        return Blame.DOMAIN
    return Blame.MESSAGE


def is_about_the_road(answer: str) -> bool:
    """Tell whether a deferral (`451 4.4.1 No answer from host`) is about the road, and so about more than one mail."""
    code, _, words = answer.partition(" ")
    if any(mark in words.lower() for mark in _GREYLISTING):
        return False
    enhanced = words.partition(" ")[0]
    if enhanced.startswith("4.") and enhanced.count(".") == 2:  # noqa: PLR2004  # RFC 3463: class, subject, detail
        return enhanced.startswith(_OF_THE_ROAD)
    return code != str(_OF_THE_MAILBOX)
