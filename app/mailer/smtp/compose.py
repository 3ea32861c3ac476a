"""Make a mail into the bytes that are stored and sent: the same mail always makes the same bytes."""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.header import Header
from email.utils import format_datetime, quote
from itertools import count
from urllib.parse import quote as percent_encoded

from app.mailer.smtp.wire import wire_address, wire_domain

_LINE = 76
_MAX_FILENAME_OCTETS = 255
_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_TYPE = re.compile(r"([a-z0-9][a-z0-9!#$&^_.+-]*)/([a-z0-9][a-z0-9!#$&^_.+-]*)")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,160}@[!-;=?-~]{1,253}>")
_ID_PART = re.compile(r"[A-Za-z0-9_-]+")
# These have a place of their own in Mail, or belong to the structure.
_OWN_FIELDS = frozenset({"from", "to", "cc", "bcc", "sender", "subject", "date", "message-id", "mime-version"})
# Cc: control, Cs: half a character, Zl and Zp: line and paragraph separators.
_BREAKING = frozenset({"Cc", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail to one address. `attachments` are (file name, media type, content); `date` is aware.

    `message_id` has its angle brackets (`make_message_id`). `headers` are further fields, such as `In-Reply-To`.
    """

    sender_name: str
    sender_address: str
    recipient_name: str
    recipient_address: str
    subject: str
    text: str
    message_id: str
    date: datetime
    html: str | None = None
    attachments: tuple[tuple[str, str, bytes], ...] = ()
    headers: tuple[tuple[str, str], ...] = field(default=())


def make_message_id(document_kind: str, document_id: int, *, token: str, domain: str) -> str:
    """Return a Message-ID (RFC 5322 section 3.6.4) that names its document; `token` makes it one of its kind.

    Raises:
        ValueError: when a part could not stand in it.

    """
    kind = document_kind.replace("_", "-")
    if not (_ID_PART.fullmatch(kind) and _ID_PART.fullmatch(token)):
        raise ValueError("A Message-ID is made of ASCII letters, digits, hyphens and underscores.")
    return f"<{kind}.{int(document_id)}.{token}@{wire_domain(domain)}>"


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A mail without its attachments: `places` are the offsets in `data` at which their encoded bytes belong."""

    data: bytes
    places: tuple[int, ...]


def compose(mail: Mail) -> bytes:
    """Return a mail as bytes in CRLF lines: its skeleton with the attachments in it. Raises ValueError, as below."""
    skeleton = compose_skeleton(mail)
    return assembled(skeleton, [encoded(data) for _, _, data in mail.attachments])


def compose_skeleton(mail: Mail) -> Skeleton:
    """Return a mail as bytes in CRLF lines (RFC 5322, RFC 2045), with the places of its attachments.

    Names, subjects and file names beyond ASCII are encoded (RFC 2047, RFC 2231), domains become A-labels (RFC 5890);
    only an address whose local part is beyond ASCII makes the header UTF-8 (RFC 6532), for servers with SMTPUTF8.
    It tells other programs not to answer it (RFC 3834).

    Raises:
        ValueError: when a field holds a line break or another control character, or an address is none.

    """
    if mail.date.tzinfo is None:
        raise ValueError("The date of a mail needs its time zone.")
    sender, recipient = wire_address(mail.sender_address), wire_address(mail.recipient_address)
    fields = [
        ("From", _mailbox(_one_line(mail.sender_name, "sender's name"), sender, name_of="From")),
        ("To", _mailbox(_one_line(mail.recipient_name, "recipient's name"), recipient, name_of="To")),
        ("Subject", _encoded(_one_line(mail.subject, "subject"), name_of="Subject")),
        ("Date", _date(mail.date.replace(microsecond=0), mail.date.utcoffset())),
        ("Message-ID", _message_id(mail.message_id)),
        ("Auto-Submitted", "auto-generated"),
        # Microsoft's servers heed this one (MS-OXCMAIL); delivery reports stay wanted.
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        *_further_fields(mail.headers),
        ("MIME-Version", "1.0"),
    ]
    root = _structure(mail)
    data, places = bytearray(), []
    for piece in _Part((*fields, *root.fields), root.body).pieces():
        if piece is None:
            places.append(len(data))
        else:
            data += piece
    return Skeleton(bytes(data), tuple(places))


def encoded(data: bytes) -> bytes:
    """Return an attachment as it stands in a mail: base64 in lines of 76 characters (RFC 2045 section 6.8)."""
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def assembled(skeleton: Skeleton, parts: Sequence[bytes]) -> bytes:
    """Put encoded attachments into their places."""
    pieces, start = [], 0
    for place, part in zip(skeleton.places, parts, strict=True):
        pieces += [skeleton.data[start:place], part]
        start = place
    return b"".join([*pieces, skeleton.data[start:]])


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a mail (RFC 2045): its fields, folded, and the pieces of its body; None stands for an attachment."""

    fields: tuple[tuple[str, str], ...]
    body: tuple[bytes | None, ...]

    def pieces(self) -> Iterator[bytes | None]:
        yield "".join(f"{name}: {value}\r\n" for name, value in self.fields).encode() + b"\r\n"
        yield from self.body


@functools.lru_cache(maxsize=64)
def _date(moment: datetime, _offset: timedelta | None) -> str:
    """Return a time as a header field has it (RFC 5322 section 3.3); many mails are of the same second.

    Times are equal across time zones, so that what is kept is found by the offset too.
    """
    return format_datetime(moment)


def _structure(mail: Mail) -> _Part:
    """Return the tree of parts: the text, with the HTML beside it, and what is attached."""
    numbers = count()
    body = _text("plain", mail.text)
    if mail.html:
        body = _multipart("alternative", [body, _text("html", mail.html)], mail.message_id, next(numbers))
    if not mail.attachments:
        return body
    attached = [_attached(_filename(name), _media_type(kind)) for name, kind, _ in mail.attachments]
    return _multipart("mixed", [body, *attached], mail.message_id, next(numbers))


def _text(subtype: str, text: str) -> _Part:
    """Return a text, quoted-printable: readable in its source, and never a line over 76 characters."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    body = binascii.b2a_qp((lines if lines.endswith("\n") else lines + "\n").encode()).replace(b"\n", b"\r\n")
    fields = (("Content-Type", f'text/{subtype}; charset="utf-8"'), ("Content-Transfer-Encoding", "quoted-printable"))
    return _Part(fields, (body,))


def _attached(name: str, kind: str) -> _Part:
    """Return an attachment, its bytes left out."""
    ascii_name = f'filename="{quote(name)}"'
    parameter = ascii_name if name.isascii() else f"filename*=utf-8''{percent_encoded(name, safe='')}"
    fields = (
        ("Content-Type", kind),
        ("Content-Transfer-Encoding", "base64"),
        ("Content-Disposition", f"attachment;\r\n {parameter}"),
    )
    return _Part(fields, (None,))


def _multipart(subtype: str, parts: Sequence[_Part], message_id: str, number: int) -> _Part:
    """Return parts as one (RFC 2046). The boundary comes from the Message-ID: no encoded body can contain "=_"."""
    boundary = f"=_{hashlib.sha256(f'{message_id} {number}'.encode()).hexdigest()[:24]}"
    opening = f"--{boundary}\r\n".encode()
    body: list[bytes | None] = []
    for part in parts:
        # The break before a boundary belongs to the boundary.
        body += [opening, *part.pieces(), b"\r\n"]
    body.append(f"--{boundary}--\r\n".encode())
    return _Part((("Content-Type", f'multipart/{subtype};\r\n boundary="{boundary}"'),), tuple(body))


def _one_line(text: str, what: str) -> str:
    """Return a text that stays within its header field."""
    if text.isascii() and text.isprintable():
        return text
    if any(unicodedata.category(character) in _BREAKING for character in text):
        raise ValueError(f"The {what} of a mail can't contain line breaks or control characters.")
    return text


def _message_id(text: str) -> str:
    """Return a Message-ID that has the shape of one (RFC 5322 section 3.6.4)."""
    if not _MESSAGE_ID.fullmatch(text):
        raise ValueError("A Message-ID looks like <name@domain>.")
    return text


def _media_type(text: str) -> str:
    """Return a media type that can be sent as base64: a mail or a multipart can't be (RFC 2046)."""
    found = _TYPE.fullmatch(text.lower())
    if not found:
        raise ValueError("An attachment needs a media type such as application/pdf.")
    return "application/octet-stream" if found.group(1) in {"message", "multipart"} else text.lower()


def _filename(text: str) -> str:
    """Return a file name without folders."""
    name = re.sub(r"[/\\]", "-", _one_line(text, "attachment's name")).strip()
    if not name or len(name.encode("utf-8")) > _MAX_FILENAME_OCTETS:
        raise ValueError(f"The name of an attachment has 1 to {_MAX_FILENAME_OCTETS} bytes.")
    return name


def _mailbox(name: str, address: str, *, name_of: str) -> str:
    """Return a mailbox (RFC 5322 section 3.4)."""
    if not name.strip():
        return address
    if name.isascii() and "=?" not in name and len(name) + len(name_of) < _LINE:
        shown = f'"{quote(name)}"'
    else:
        shown = Header(name, "utf-8", header_name=name_of).encode(linesep="\r\n")
    fits = len(name_of) + len(shown) + len(address) <= _LINE and "\r" not in shown
    return f"{shown}{' ' if fits else chr(13) + chr(10) + ' '}<{address}>"


def _encoded(text: str, *, name_of: str) -> str:
    """Return unstructured text: as it is where it fits in a line, or else in encoded words of a line each."""
    if text.isascii() and "=?" not in text and text == text.strip() and len(text) + len(name_of) + 2 <= _LINE:
        return text
    return Header(text, "utf-8", header_name=name_of).encode(linesep="\r\n")


def _further_fields(headers: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str]]:
    """Check and fold the fields that the caller adds; ASCII, and folded at their spaces alone (RFC 5322)."""
    for name, value in headers:
        if not _FIELD_NAME.fullmatch(name) or name.lower() in _OWN_FIELDS or name.lower().startswith("content-"):
            raise ValueError("This header field can't be added to a mail.")
        if not _one_line(value, name).isascii():
            raise ValueError(f"The field {name} of a mail takes ASCII alone.")
        lines, room = [""], _LINE - len(name) - 2
        for word in value.split(" "):
            if lines[-1] and len(lines[-1]) + len(word) >= room:
                lines.append("")
                room = _LINE - 1
            lines[-1] += f" {word}" if lines[-1] else word
        yield name, "\r\n ".join(lines)
