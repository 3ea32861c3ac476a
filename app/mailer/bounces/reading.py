"""Reading what comes in: is it a report of another server (RFC 3464, RFC 6533, or none's standard), or an answer."""

from __future__ import annotations

import base64
import email
import hashlib
import logging
import quopri
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import Message
from email.policy import compat32

from flufl.bounce import all_failures

from app.mailer.bounces.rules import Failure
from app.mailer.incoming.headers import (
    DELIVERED,
    UNREADABLE,
    addresses_in,
    first_id,
    ids_in,
    is_automatic,
    is_submitted_by_program,
    text_of,
)

# It tells of each of its detectors, for each mail.
logging.getLogger("flufl.bounce").setLevel(logging.WARNING)
_STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RETURNED_TYPES = frozenset(
    {"message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers", "message/partial"}
)
_ID_LINE = re.compile(r"^\s*message-id:\s*(<[^<>\s]+@[^<>\s]+>)", re.IGNORECASE | re.MULTILINE)
_SERVER_WORDS = re.compile(r"(?:[45]\d\d[ -]|#|\()?\(?#?[45]\.\d{1,3}\.\d{1,3}\b|^\W*[45]\d\d[ -]|said: *[45]\d\d")
_ESCAPED = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
MAX_OCTETS = 10 * 1024 * 1024
_MAX_WORDS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A mail that came in, as far as bounces go.

    `identity` tells it from others, however often it is delivered. `delivered_to` are the addresses that it came to,
    `message_id` is its own, `returned_ids` are those of what it brings back, `answered_ids` of what it answers.
    `by_standard` says that a server wrote the failures for programs; otherwise they were found in words for people.
    `is_answer`: a program answers for a person, and returns nothing.
    """

    identity: str
    delivered_to: tuple[str, ...] = ()
    message_id: str = ""
    returned_ids: tuple[str, ...] = ()
    answered_ids: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    by_standard: bool = False
    is_answer: bool = False


def read(data: bytes) -> Incoming:
    """Read a mail. Never raises: of what can't be read nothing is known but what it is told from others by."""
    data = data[:MAX_OCTETS]
    try:
        mail = email.message_from_bytes(data, policy=compat32)
        return _read(mail, data)
    except UNREADABLE:
        return Incoming(identity=hashlib.sha256(data).hexdigest())


def _read(mail: Message, data: bytes) -> Incoming:
    message_id = first_id(text_of(mail, "Message-ID"))
    parts = list(mail.walk())
    reported = tuple(failure for part in parts if _type(part) in _STATUS_TYPES for failure in _reported(part))
    failures = reported
    if not reported:
        failures = tuple(_found_in_words(mail))
    told = message_id or data.decode("latin-1")
    return Incoming(
        identity=hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest(),
        delivered_to=tuple(addresses_in(mail, DELIVERED)),
        message_id=message_id,
        returned_ids=tuple(dict.fromkeys(_returned_ids(parts))),
        answered_ids=tuple(ids_in(f"{text_of(mail, 'In-Reply-To')} {text_of(mail, 'References')}")),
        failures=failures,
        by_standard=bool(reported),
        is_answer=not failures and is_submitted_by_program(mail),
    )


def _reported(part: Message) -> Iterator[Failure]:
    """Read the fields of each recipient of a delivery status; the first block is about the message."""
    for block in _blocks(part):
        recipient = _address(block.get("final-recipient", ""))
        original = _address(block.get("original-recipient", ""))
        if not (recipient or original):
            continue
        yield Failure(
            recipient=recipient or original,
            original_recipient=original,
            action=block.get("action", "").partition(" ")[0].strip().lower(),
            status=block.get("status", "")[:_MAX_WORDS],
            diagnostic=_words(block.get("diagnostic-code", "")),
        )


def _blocks(part: Message) -> Iterator[dict[str, str]]:
    """Yield the fields of each block of a delivery status, by lower-case name."""
    body = part.as_bytes().replace(b"\r\n", b"\n").partition(b"\n\n")[2]
    encoding = text_of(part, "Content-Transfer-Encoding").strip().lower()
    if encoding == "base64":
        body = base64.b64decode(body, validate=False)
    elif encoding == "quoted-printable":
        body = quopri.decodestring(body)
    text = body.replace(b"\r\n", b"\n").decode("utf-8", "replace")
    for block in re.split(r"\n[ \t]*\n", text):
        fields: dict[str, str] = {}
        for line in re.sub(r"\n[ \t]+", " ", block).split("\n"):
            name, colon, value = line.partition(":")
            if colon:
                fields.setdefault(name.strip().lower(), value.strip())
        yield fields


def _address(field: str) -> str:
    """Return the address of a field such as `rfc822; name@example.com`; RFC 6533 escapes what is beyond ASCII."""
    kind, semicolon, address = field.partition(";")
    text = (address if semicolon else kind).strip().strip("<>")
    return _ESCAPED.sub(lambda found: _character(found[1]), text)[:320]


def _character(hexadecimal: str) -> str:
    number = int(hexadecimal, 16)
    return chr(number) if number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF else "\ufffd"  # noqa: PLR2004  # Unicode's ends


def _words(field: str) -> str:
    """Return the words of a Diagnostic-Code without its type, such as `smtp;`."""
    kind, semicolon, words = field.partition(";")
    return (words if semicolon and kind.strip().replace("-", "").isalnum() else field).strip()[:_MAX_WORDS]


def _found_in_words(mail: Message) -> Iterator[Failure]:
    """Find failures in what servers that keep to no standard write; answers of people's programs are none of these."""
    if not text_of(mail, "X-Failed-Recipients") and is_automatic(mail):
        return
    temporary, permanent = all_failures(mail)
    words = _words_for_people(mail)
    for found, action in ((permanent, "failed"), (temporary - permanent, "delayed")):
        for address in sorted(found):
            text = address.decode("utf-8", "replace")
            yield Failure(recipient=text, action=action, diagnostic=_said_of(text, words))


def _words_for_people(mail: Message) -> str:
    for part in mail.walk():
        if _type(part) == "text/plain" and not part.is_multipart():
            payload = part.get_payload(decode=True)
            return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    return ""


def _said_of(address: str, words: str) -> str:
    """Return the line after an address in which its server's answer stands, or nothing."""
    after = words.lower().partition(address.lower())
    rest = words[len(after[0]) :] if after[1] else words
    lines = rest.splitlines()[:12]
    return next((line.strip()[:_MAX_WORDS] for line in lines if _SERVER_WORDS.search(line)), "")


def _returned_ids(parts: Iterable[Message]) -> Iterator[str]:
    """Yield the Message-IDs of what came back: of returned mails and headers, or copied into the text."""
    for number, part in enumerate(parts):
        kind = _type(part)
        if kind in _RETURNED_TYPES and part.is_multipart():
            for inner in part.get_payload():
                if isinstance(inner, Message) and (found := first_id(text_of(inner, "Message-ID"))):
                    yield found
        elif (kind in _RETURNED_TYPES or kind == "text/plain" or number == 0) and not part.is_multipart():
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                yield from _ID_LINE.findall(payload.decode("utf-8", "replace"))


def _type(part: Message) -> str:
    return part.get_content_type()
