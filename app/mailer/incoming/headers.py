"""The fields of a mail's header: as text, as addresses, and what they say of who wrote it, a person or a program."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses

# What a mail of unknown making throws at who reads it.
UNREADABLE = (LookupError, ValueError, TypeError, AttributeError, RecursionError)
# Where servers write which address a mail was delivered to; the envelope's own name comes first.
DELIVERED = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "To", "Cc")
_BULK = frozenset({"bulk", "junk", "list", "auto_reply"})
_ANSWERS = ("X-Autoreply", "X-Autorespond", "X-Auto-Response", "X-AutoReply-From")
_OUT_OF_OFFICE = re.compile(
    r"^\W*(out of (the )?office|automatic reply|auto(matic)?[- ]?reply|autoreply|abwesenheit|automatische antwort)",
    re.IGNORECASE,
)
# Of a field so many characters are read: decoding takes a time that grows faster than its length.
_MAX_FIELD = 20_000
_ID = re.compile(r"<[!-;=?-~]{1,250}@[!-;=?-~]{1,253}>")


def text_of(mail: Message, name: str) -> str:
    """Return a field of the header as text (RFC 2047); what can't be decoded stays as it is."""
    value = mail.get(name)
    if value is None:
        return ""
    value = value[:_MAX_FIELD] if isinstance(value, str) else value
    try:
        return str(make_header(decode_header(value)))
    except (*UNREADABLE, UnicodeError):
        return str(value)


def addresses_in(mail: Message, names: Iterable[str]) -> Iterator[str]:
    """Yield the addresses that stand in some fields, in their order."""
    for name in names:
        values = [str(value) for value in mail.get_all(name, [])]
        yield from (address for _, address in getaddresses(values) if "@" in address)


def ids_in(text: str) -> list[str]:
    """Return the Message-IDs in a text, in their order."""
    return _ID.findall(text)


def first_id(text: str) -> str:
    """Return the first Message-ID in a text, or nothing."""
    found = _ID.search(text)
    return found[0] if found else ""


def is_automatic(mail: Message) -> bool:
    """Tell whether the header itself says that this is a program's answer, and not only that no person wrote it."""
    return (
        any(text_of(mail, name) for name in _ANSWERS)
        or text_of(mail, "Precedence").strip().lower() in _BULK
        or bool(_OUT_OF_OFFICE.match(text_of(mail, "Subject")))
    )


def is_submitted_by_program(mail: Message) -> bool:
    """Tell whether a program wrote this in a person's place, or to many (RFC 3834 section 5)."""
    submitted = text_of(mail, "Auto-Submitted").partition(";")[0].strip().lower()
    return submitted not in ("", "no") or is_automatic(mail)
