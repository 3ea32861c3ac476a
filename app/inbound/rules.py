"""What becomes of a mail that came in, why it matched no ticket, and how much of it is read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from app.core.errors import Invalid
from app.core.fields import Text
from app.core.words import Words, said, say

# What mail servers take at most, or thereabouts. Of a larger mail the mailbox hands out this much and an octet.
MAX_OCTETS = 25 * 1024 * 1024
# How much text is kept beside the raw mail, in characters.
MAX_TEXT = 100_000
MAX_NOTE = 500
# No conversation between people has so many answers in so short a time.
CAP = 20
WITHIN = timedelta(hours=1)
CUT_MARK = "\n\n[\u2026]"


class Became(StrEnum):
    """What became of a mail that `flask inbound` read, beside what `flask bounces` says of reports."""

    ANSWERED = "answered"
    LISTED = "listed"
    REPEATED = "repeated"
    AUTOMATIC = "automatic"
    OWN = "own"
    # Something went wrong that nobody foresaw: it is to be read once more later.
    TROUBLE = "trouble"


class MailState(StrEnum):
    """What staff have to do about a mail, as the database keeps it and REST names it."""

    WAITING = "waiting"
    AUTOMATIC = "automatic"
    ADDED = "added"
    DONE = "done"

    @property
    def words(self) -> Words:
        """Return what people read for it."""
        return STATE_LABELS[self]


STATE_LABELS: Mapping[str, Words] = MappingProxyType(
    {
        MailState.WAITING: say("Waits for staff"),
        MailState.AUTOMATIC: say("Automatic, nothing to do"),
        MailState.ADDED: say("Added to a ticket"),
        MailState.DONE: say("Done"),
    }
)
# Those that staff may add to a ticket, or be done with.
OPEN = (MailState.WAITING, MailState.AUTOMATIC, MailState.DONE)


class Unmatched(StrEnum):
    """Why a mail became no update by itself, as the database keeps it and REST names it."""

    NO_TOKEN = "no_token"  # noqa: S105  the name of a reason, no password
    FOREIGN_TOKEN = "foreign_token"  # noqa: S105  the same
    MESSAGE_GONE = "message_gone"
    NO_TICKET = "no_ticket"
    TICKET_DELETED = "ticket_deleted"
    AUTOMATIC = "automatic"
    BOUNCE = "bounce"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"
    EMPTY = "empty"
    SAME_ID = "same_id"
    TOO_MANY = "too_many"
    REFUSED = "refused"

    @property
    def words(self) -> Words:
        """Return the sentence that staff read."""
        return REASON_LABELS[self]


REASON_LABELS: Mapping[str, Words] = MappingProxyType(
    {
        Unmatched.NO_TOKEN: say("It was sent to an address without a token, so nothing proves whose answer it is."),
        Unmatched.FOREIGN_TOKEN: say("The token of the address that it was sent to is none of ours."),
        Unmatched.MESSAGE_GONE: say("The mail that it answers was purged."),
        Unmatched.NO_TICKET: say("The mail that it answers is about no ticket, or about one that was purged."),
        Unmatched.TICKET_DELETED: say("The ticket that it answers is deleted."),
        Unmatched.AUTOMATIC: say("A program sent it, such as the answer of somebody who is away."),
        Unmatched.BOUNCE: say("A mail server reports something, of none of our mails."),
        Unmatched.TOO_LARGE: say("It is larger than {limit} MB.", limit=MAX_OCTETS // 1024**2),
        Unmatched.UNREADABLE: say("It can't be read: it keeps to no standard."),
        Unmatched.EMPTY: say("It says nothing but what it quotes."),
        Unmatched.SAME_ID: say("A mail with the same Message-ID was taken in before, with another text."),
        Unmatched.TOO_MANY: say("The ticket got more than {cap} answers by mail within an hour.", cap=CAP),
        Unmatched.REFUSED: say("The ticket did not take it."),
    }
)


def state_of(reason: Unmatched) -> MailState:
    """Return whether staff have to look at a mail that became no update."""
    return MailState.AUTOMATIC if reason is Unmatched.AUTOMATIC else MailState.WAITING


def shortened(text: str, limit: int) -> tuple[str, bool]:
    """Return a text of at most so many characters, with a mark where it was cut; and whether it was."""
    if len(text) <= limit:
        return text, False
    return text[: limit - len(CUT_MARK)].rstrip() + CUT_MARK, True


_NOTE = Text(limit=MAX_NOTE, multiline=True)


def checked_note(raw: object) -> str:
    """Return the note with which a mail is done. Raises Invalid, naming the field."""
    try:
        text = _NOTE.clean(raw)
    except ValueError as error:
        raise Invalid(said(error), field="note") from error
    if not isinstance(text, str):
        raise Invalid(say("Say what was done about it, such as: advertising; answered by phone."), field="note")
    return text
