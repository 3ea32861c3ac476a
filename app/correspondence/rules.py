"""What letters are: their numbers, their states, the placeholders of their texts, and the files that go along."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

from app.core.errors import Conflict, Invalid
from app.core.markdown import escaped
from app.core.words import Words, say

MAX_SUBJECT = 160
MAX_BODY = 20_000
MAX_NOTE = 500
MAX_LINKED = 50


class LetterStatus(StrEnum):
    """A letter's status, as it is stored and as REST names it."""

    DRAFT = "draft"
    READY = "ready"
    EMAILED = "emailed"
    DELIVERED = "delivered"

    @property
    def words(self) -> Words:
        """Return what people read for it."""
        return _STATUS_WORDS[self]


_STATUS_WORDS = {
    LetterStatus.DRAFT: say("Draft"),
    LetterStatus.READY: say("Ready"),
    LetterStatus.EMAILED: say("Emailed"),
    LetterStatus.DELIVERED: say("Delivered"),
}
# The closed list of what a letter's text may name, each with its meaning.
PLACEHOLDERS: Mapping[str, Words] = {
    "customer": say("The customer's name"),
    "account_number": say("The customer's account number"),
    "title": say("How the customer's person is addressed"),
    "first_name": say("The first name of the customer's person"),
    "last_name": say("The last name of the customer's person"),
    "company_name": say("The customer's company"),
    "date": say("The day on which the letter is saved"),
    "issuer": say("The name of the company that sends"),
}
# What begins with two braces is meant to be a placeholder, whether it is one or not.
_BRACES = re.compile(r"\{\{(.*?)(\}\}|$)", re.MULTILINE)
_NAME = re.compile(r"\s*([a-z_]+)\s*", re.ASCII)


def next_number(account_number: str, used: int) -> str:
    """Return the number after so many of a customer's series: `ACCOUNT/C001`, with more digits where it needs them."""
    return f"{account_number}/C{used + 1:03}"


def may_edit(status: str) -> bool:
    """Tell whether a letter may be changed and deleted: until it has left the house."""
    return status in (LetterStatus.DRAFT, LetterStatus.READY)


def may_send(status: str) -> bool:
    """Tell whether a letter may be sent, or handed over: once there is a PDF of it."""
    return status != LetterStatus.DRAFT


def status_after_sending(status: str) -> LetterStatus:
    """Return the status of a letter that was emailed; one that was handed over stays delivered."""
    return LetterStatus.DELIVERED if status == LetterStatus.DELIVERED else LetterStatus.EMAILED


def placeholder_error(text: str) -> Words | None:
    """Return what is wrong with a text's placeholders: the first that isn't closed, or isn't on the list."""
    known = ", ".join(PLACEHOLDERS)
    for found in _BRACES.finditer(text):
        named = _NAME.fullmatch(found.group(1))
        if not found.group(2) or named is None:
            return say("A placeholder is one of these words in two braces: {known}.", known=known)
        if named.group(1) not in PLACEHOLDERS:
            return say("There is no placeholder {name}. There are: {known}.", name=named.group(1), known=known)
    return None


def filled(text: str, values: Mapping[str, str], *, markdown: bool) -> str:
    """Return a text with the values in the places of its placeholders; in Markdown, each stands for itself alone."""

    def value(found: re.Match[str]) -> str:
        plain = " ".join(values[found.group(1).strip()].split())
        return escaped(plain) if markdown else plain

    return " ".join(_BRACES.sub(value, text).split()) if not markdown else _BRACES.sub(value, text)


def foreign_invoices(customer_id: int, owners: Mapping[int, int], chosen: Iterable[int]) -> list[int]:
    """Return those of the chosen invoices that are not there, or are another customer's; `owners` by invoice."""
    return [number for number in chosen if owners.get(number) != customer_id]


def ensure_bulk(*, kind_bulk: bool, marketing: bool, public_url: str | None) -> None:
    """Refuse letters to many at once where their type isn't for that, or where recipients couldn't unsubscribe.

    `kind_bulk` is `bulk` of the letters' type, `public_url` the setting. Marketing in bulk needs a way to unsubscribe
    by one click, which mailboxes use over https alone (RFC 8058 section 3.1). Raises Invalid at `correspondence_type`,
    Conflict (`no_public_url`).
    """
    if not kind_bulk:
        text = say(
            "Letters of this type are not for many customers at once. Choose another type, or have an administrator "
            "turn Bulk on for this one."
        )
        raise Invalid(text, code="not_bulk", field="correspondence_type")
    if marketing and not (public_url or "").lower().startswith("https://"):
        raise Conflict(
            say(
                "Marketing letters to many need an address where recipients can unsubscribe. Have "
                "COUNTERPART_PUBLIC_URL set to an address that begins with https://, then try again."
            ),
            code="no_public_url",
        )
