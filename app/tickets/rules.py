"""What a ticket is made of: its number, its updates, what may follow on what, and how its mails hang together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.core.words import Words, say

# An update is never changed, so its version is always this.
UPDATE_VERSION = 1
MAX_SUBJECT = 200
MAX_BODY = 20_000
# RFC 5322 section 2.1.1 bounds a line, and mail programs need the root and the latest alone.
MAX_REFERENCES = 20
_LINK = re.compile(r"\bhttps?://[^\s<>\"]+", re.IGNORECASE)
# A sentence's own marks after a link are none of the link's.
_AFTER_LINK = ".,;:!?'\u201d\u2019)]}"
_PAIRS = {")": "(", "]": "[", "}": "{"}


class UpdateKind(StrEnum):
    """What an update is, as it is stored and as REST names it."""

    TEXT = "text"
    CLOSED = "closed"
    REOPENED = "reopened"

    @property
    def words(self) -> Words:
        """Return what people read for it."""
        return _KIND_WORDS[self]


_KIND_WORDS = {
    UpdateKind.TEXT: say("Update"),
    UpdateKind.CLOSED: say("Ticket closed"),
    UpdateKind.REOPENED: say("Ticket reopened"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A row of the list of ticket statuses, as far as the rules ask."""

    id: int
    closed: bool
    active: bool = True


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text: plain, or a link's address."""

    text: str
    is_link: bool = False


def next_number(account_number: str, count: int) -> str:
    """Return the number of a customer's next ticket: "ACCOUNT/T004" after three.

    `count` is how many numbers of this series have been given, deleted tickets included: none is used again.
    """
    return f"{account_number}/T{count + 1:03}"


def update_number(ticket_number: str, position: int) -> str:
    """Return the number of a ticket's update: "ACCOUNT/T004/2" for the second."""
    return f"{ticket_number}/{position}"


def default_status(statuses: Iterable[Status], *, closed: bool) -> Status | None:
    """Return the status that a ticket gets when none is chosen: the first active one that is closed, or is not.

    `statuses` come in the order of their list.
    """
    return next((one for one in statuses if one.active and one.closed == closed), None)


def opening_error(chosen: Status) -> Words | None:
    """Return what keeps a ticket from being opened, or reopened, with a status, if anything."""
    return say("Choose a status that is not closed.") if chosen.closed else None


def closing_error(chosen: Status) -> Words | None:
    """Return what keeps a ticket from being closed with a status, if anything."""
    return None if chosen.closed else say("Choose a status that is closed.")


def edit_error(before: Status, after: Status) -> Words | None:
    """Return what keeps a status from being edited into another: closing and reopening are updates of their own."""
    if before.closed == after.closed:
        return None
    if after.closed:
        return say("This status is closed: use Close, which tells those who get copies.")
    return say("This status is open: use Reopen, which tells those who get copies.")


def thread_headers(before: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the fields that put a mail below those before it to the same address (RFC 5322 section 3.6.4).

    `before` are their Message-IDs, oldest first. Of very many, the first and the latest stay: by them mail programs
    find the thread.
    """
    if not before:
        return ()
    kept = [before[0], *before[1:][-(MAX_REFERENCES - 1) :]]
    return (("In-Reply-To", before[-1]), ("References", " ".join(kept)))


def thread_subject(subject: str, before: Sequence[str]) -> str:
    """Return a mail's subject: that of the first one to an address, and "Re:" and the same for those after it."""
    return f"Re: {subject}" if before else subject


def pieces(text: str) -> list[Piece]:
    """Return a text in its order as plain pieces and links; together they are the text, to the letter."""
    found: list[Piece] = []
    end = 0
    for match in _LINK.finditer(text):
        link = _trimmed(match[0])
        if not link.partition("://")[2]:
            continue
        found += [Piece(text[end : match.start()]), Piece(link, is_link=True)]
        end = match.start() + len(link)
    found.append(Piece(text[end:]))
    return [one for one in found if one.text]


def _trimmed(link: str) -> str:
    """Take off what closes the sentence and not the link; a bracket that was opened in it stays."""
    while link and link[-1] in _AFTER_LINK:
        opened = _PAIRS.get(link[-1])
        if opened and link.count(opened) >= link.count(link[-1]):
            return link
        link = link[:-1]
    return link
