"""Reading a mail that may be an answer: who it says it is from, where it was sent, what it says, and its files."""

from __future__ import annotations

import email
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import getaddresses, parsedate_to_datetime

from app.inbound.quoting import own_words
from app.inbound.rules import MAX_OCTETS, MAX_TEXT, shortened
from app.inbound.texts import line, paragraphs, text_of_html, text_of_part
from app.mailer.incoming.headers import (
    DELIVERED,
    UNREADABLE,
    addresses_in,
    first_id,
    is_submitted_by_program,
    text_of,
)

MAX_ADDRESS = 320
MAX_NAME = 200
MAX_SUBJECT = 300
_MAX_HEADER = 128 * 1024
_MAX_PARTS = 200
_END_OF_HEADER = re.compile(rb"\r?\n\r?\n")
# What our own mails carry, those of another instance too.
_OURS = "X-Counterpart-Reason"
_WORDS = {"plain", "html"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A file that came with a mail: its name as the mail has it, or one made of its type."""

    name: str
    content_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail that came in. `from_*` is what it claims; `delivered_to` are the addresses that it came to.

    `text` is all that it says, and `answer` that without the mail that it quotes; `is_cut` tells that `text` was longer
    than is kept. `identity` is the same however often the mail comes. Where it is not `is_readable`, its header is all
    that is known.
    """

    identity: str
    size: int
    message_id: str = ""
    from_name: str = ""
    from_address: str = ""
    subject: str = ""
    sent_at: datetime | None = None
    delivered_to: tuple[str, ...] = ()
    text: str = ""
    answer: str = ""
    is_cut: bool = False
    files: tuple[Attached, ...] = ()
    is_automatic: bool = False
    is_ours: bool = False
    is_readable: bool = True

    @property
    def is_too_large(self) -> bool:
        """Whether it is larger than what is read; its text and its files are not looked at then."""
        return self.size > MAX_OCTETS


def read(data: bytes) -> Mail:
    """Read a mail. Never raises: of what can't be read, as much is known as can be."""
    identity = hashlib.sha256(_plainly(data)).hexdigest()
    try:
        header = _header(data, identity)
    except UNREADABLE:
        return Mail(identity=identity, size=len(data), is_readable=False)
    if header.is_too_large:
        return header
    try:
        return _with_body(header, email.message_from_bytes(data, policy=compat32))
    except UNREADABLE:
        return replace(header, is_readable=False)


def _plainly(data: bytes) -> bytes:
    """Return bytes without what differs by the way that they came: the ends of lines, and what stands around them."""
    return data.replace(b"\r\n", b"\n").strip()


def _header(data: bytes, identity: str) -> Mail:
    end = _END_OF_HEADER.search(data)
    head, body = (data[: end.start()], data[end.end() :]) if end else (data, b"")
    fields = BytesHeaderParser(policy=compat32).parsebytes(head[:_MAX_HEADER])
    message_id = first_id(text_of(fields, "Message-ID"))
    if message_id:
        # The way that it took stands in its header, and differs each time that it comes.
        identity = hashlib.sha256(message_id.encode("utf-8", "surrogateescape") + b"\0" + _plainly(body)).hexdigest()
    name, address = _sender(fields)
    delivered_to = dict.fromkeys(line(one, MAX_ADDRESS) for one in addresses_in(fields, DELIVERED))
    return Mail(
        identity=identity,
        size=len(data),
        message_id=message_id[:250],
        from_name=name,
        from_address=address,
        subject=line(text_of(fields, "Subject"), MAX_SUBJECT),
        sent_at=_date(fields),
        delivered_to=tuple(delivered_to)[:50],
        is_automatic=_is_automatic(fields),
        is_ours=_OURS in fields,
    )


def _sender(fields: Message) -> tuple[str, str]:
    """Return the name and the address that a mail claims to be from."""
    found = getaddresses([str(value) for value in fields.get_all("From", [])[:1]])
    name, address = next(((name, address) for name, address in found if "@" in address), ("", ""))
    holder = Message()
    holder["Name"] = " ".join(name.split())
    return line(text_of(holder, "Name"), MAX_NAME), line(address, MAX_ADDRESS)


def _date(fields: Message) -> datetime | None:
    try:
        found = parsedate_to_datetime(text_of(fields, "Date"))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (*UNREADABLE, OverflowError):
        return None


def _is_automatic(fields: Message) -> bool:
    """Tell whether no person wrote it to us alone: a program did (RFC 3834), a list (RFC 2919), or a mail server."""
    return (
        is_submitted_by_program(fields)
        or "List-Id" in fields
        or "List-Unsubscribe" in fields
        or text_of(fields, "Return-Path").strip() == "<>"
        or fields.get_content_type() == "multipart/report"
    )


def _with_body(mail: Mail, message: Message) -> Mail:
    pieces = list(_words(message))
    whole = paragraphs("\n\n".join(_said(part, own=False) for part in pieces))
    answer = own_words(paragraphs("\n\n".join(_said(part, own=True) for part in pieces)))
    text, is_cut = shortened(whole, MAX_TEXT)
    used = {id(part) for part in pieces}
    found = (_file(part, number) for number, part in enumerate(_leaves(message), 1) if id(part) not in used)
    files = tuple(one for one in found if one is not None)
    return replace(mail, text=text, is_cut=is_cut, answer=answer, files=files)


def _words(part: Message) -> Iterator[Message]:
    """Yield the parts whose text is the mail's: of alternatives the plain one, unless it is empty."""
    if part.get_content_type() == "multipart/alternative" and part.is_multipart():
        offered = [list(_words(one)) for one in _children(part)]
        plain = [found for found in offered if found and all(_subtype(one) == "plain" for one in found)]
        chosen = next((found for found in plain if any(text_of_part(one).strip() for one in found)), None)
        yield from chosen or next((found for found in reversed(offered) if found), [])
    elif part.is_multipart():
        if part.get_content_maintype() == "multipart":
            for one in _children(part):
                yield from _words(one)
    elif _is_text(part):
        yield part


def _children(part: Message) -> list[Message]:
    found = part.get_payload()
    return [one for one in found if isinstance(one, Message)][:_MAX_PARTS] if isinstance(found, list) else []


def _is_text(part: Message) -> bool:
    is_file = part.get_content_disposition() == "attachment" or bool(part.get_filename())
    return part.get_content_maintype() == "text" and _subtype(part) in _WORDS and not is_file


def _subtype(part: Message) -> str:
    return part.get_content_subtype()


def _said(part: Message, *, own: bool) -> str:
    text = text_of_part(part)
    return text_of_html(text, own=own) if _subtype(part) == "html" else text


def _leaves(message: Message) -> Iterator[Message]:
    """Yield the parts that are no containers; a mail within the mail is one of them."""
    waiting, seen = [message], 0
    while waiting and seen < _MAX_PARTS:
        part = waiting.pop(0)
        seen += 1
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            waiting = _children(part) + waiting
        else:
            yield part


def _file(part: Message, number: int) -> Attached | None:
    """Return a part as a file; None for one of no content, and for the text that an alternative offers besides."""
    if _is_text(part):
        return None
    if part.is_multipart():
        data = b"".join(one.as_bytes() for one in _children(part))
    else:
        payload = part.get_payload(decode=True)
        data = payload if isinstance(payload, bytes) else b""
    content_type = part.get_content_type()
    name = line(_file_name(part), MAX_NAME) or f"part-{number}.{_ENDINGS.get(content_type, 'bin')}"
    return Attached(name=name, content_type=content_type, data=data) if data else None


_ENDINGS = {"message/rfc822": "eml", "text/calendar": "ics", "image/png": "png", "image/jpeg": "jpg"}


def _file_name(part: Message) -> str:
    """Return a part's name (RFC 2231, or RFC 2047 as many programs write it)."""
    name = part.get_filename() or ""
    holder = Message()
    holder["Name"] = " ".join(name.split())
    return text_of(holder, "Name")
