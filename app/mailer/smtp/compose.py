"""Make a mail into the bytes that are stored and sent: the same mail always makes the same bytes."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email import charset as email_charset
from email.generator import BytesGenerator
from email.header import Header
from email.mime.base import MIMEBase
from email.mime.text import MIMEText
from email.policy import SMTP, compat32
from email.utils import format_datetime, quote
from io import BytesIO
from typing import Any, cast
from urllib.parse import quote as percent_encoded

import flask_mail

from app.mailer.smtp.wire import wire_address, wire_domain

_LINE = 76
_UNSET = "unset@localhost"
_MAX_FILENAME_OCTETS = 255
_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_TYPE = re.compile(r"([a-z0-9][a-z0-9!#$&^_.+-]*)/([a-z0-9][a-z0-9!#$&^_.+-]*)")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,160}@[!-;=?-~]{1,253}>")
_ID_PART = re.compile(r"[A-Za-z0-9_-]+")
# These have a place of their own in Mail, or belong to the structure.
_OWN_FIELDS = frozenset({"from", "to", "cc", "bcc", "sender", "subject", "date", "message-id", "mime-version"})
# Cc: control, Cs: half a character, Zl and Zp: line and paragraph separators.
_BREAKING = frozenset({"Cc", "Cs", "Zl", "Zp"})

_UTF8 = email_charset.Charset("utf-8")
# RFC 2045 section 6.7: readable in its source, and never a line over 76 characters.
_UTF8.body_encoding = email_charset.QP


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


def compose(mail: Mail) -> bytes:
    """Return a mail as bytes in CRLF lines (RFC 5322, RFC 2045); needs an application context, for Flask-Mail.

    Names, subjects and file names beyond ASCII are encoded (RFC 2047, RFC 2231), domains become A-labels (RFC 5890);
    only an address whose local part is beyond ASCII makes the header UTF-8 (RFC 6532), for servers with SMTPUTF8.
    It tells other programs not to answer it (RFC 3834).

    Raises:
        ValueError: when a field holds a line break or another control character, or an address is none.

    """
    if mail.date.tzinfo is None:
        raise ValueError("The date of a mail needs its time zone.")
    sender, recipient = wire_address(mail.sender_address), wire_address(mail.recipient_address)
    message = _Message(
        subject="",
        # Set below: Flask-Mail breaks names that hold a comma, and addresses beyond ASCII.
        sender=_UNSET,
        recipients=[_UNSET],
        body=mail.text,
        html=mail.html,
        attachments=[flask_mail.Attachment(None, _media_type(kind), data) for _, kind, data in mail.attachments],
    )
    root = message.structure()
    names = [_filename(name) for name, _, _ in mail.attachments]
    _name_attachments(root, names)
    fields = [
        ("From", _mailbox(_one_line(mail.sender_name, "sender's name"), sender, name_of="From")),
        ("To", _mailbox(_one_line(mail.recipient_name, "recipient's name"), recipient, name_of="To")),
        ("Subject", _encoded(_one_line(mail.subject, "subject"), name_of="Subject")),
        ("Date", format_datetime(mail.date)),
        ("Message-ID", _message_id(mail.message_id)),
        ("Auto-Submitted", "auto-generated"),
        # Microsoft's servers heed this one (MS-OXCMAIL); delivery reports stay wanted.
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        *_further_fields(mail.headers),
    ]
    _set_fields(root, fields)
    _set_boundaries(root, mail.message_id)
    return _as_bytes(root, utf8=not (sender.isascii() and recipient.isascii()))


class _Message(flask_mail.Message):
    """Flask-Mail's message, with bodies that any server can carry and without its random parts."""

    def structure(self) -> MIMEBase:
        """Return the tree of parts."""
        return self._message()

    def _mimetext(self, text: str | None, subtype: str = "plain") -> MIMEText:
        return MIMEText(text or "", subtype, _UTF8)  # type: ignore[arg-type]  # a Charset does, and is documented to


def _one_line(text: str, what: str) -> str:
    """Return a text that stays within its header field."""
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


def _name_attachments(root: MIMEBase, names: list[str]) -> None:
    """Say how each attachment is called; Flask-Mail's own way names a charset that is not registered."""
    parts = cast("list[MIMEBase]", root.get_payload())[-len(names) :] if names else []
    for part, name in zip(parts, names, strict=True):
        if name.isascii():
            parameter = f'filename="{quote(name)}"'
        else:
            parameter = f"filename*=utf-8''{percent_encoded(name, safe='')}"
        part["Content-Disposition"] = f"attachment;\r\n {parameter}"


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


def _set_fields(root: MIMEBase, fields: list[tuple[str, str]]) -> None:
    """Put the mail's own fields first, in place of those that Flask-Mail has set."""
    structural = [(name, value) for name, value in root.items() if name.lower().startswith(("content-", "mime-"))]
    # Flask-Mail leaves a policy behind that takes no folded value; these are folded already.
    root.policy = compat32
    for name in set(root.keys()):
        del root[name]
    for name, value in [*fields, *structural]:
        root[name] = value


def _set_boundaries(root: MIMEBase, message_id: str) -> None:
    """Derive the boundaries from the Message-ID; neither quoted-printable nor base64 can contain "=_"."""
    multiparts = [part for part in root.walk() if part.is_multipart()]
    for number, part in enumerate(multiparts):
        digest = hashlib.sha256(f"{message_id} {number}".encode()).hexdigest()[:24]
        part.set_boundary(f"=_{digest}")


def _as_bytes(root: MIMEBase, *, utf8: bool) -> bytes:
    """Return the bytes; each field stands as it was folded above."""
    buffer = BytesIO()
    policy: Any = SMTP.clone(refold_source="none", utf8=utf8)
    BytesGenerator(buffer, mangle_from_=False, policy=policy).flatten(root)
    return buffer.getvalue()
