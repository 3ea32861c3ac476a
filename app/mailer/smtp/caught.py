"""The mails that the catcher has kept: one .eml file each, with its envelope in a .json file beside it."""

from __future__ import annotations

import email
import json
import os
import re
import secrets
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.message import Message
from email.policy import compat32, default
from pathlib import Path
from typing import Any

from app.core.errors import NotFound
from app.core.words import say

KEEP = 1000
_ID = re.compile(r"[0-9]{20}-[0-9a-f]{8}")
_UNREADABLE = (LookupError, ValueError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaughtMail:
    """One mail at a glance. `envelope_*` are what SMTP said; the others are read from its header. Size in bytes."""

    id: str
    received_at: datetime
    envelope_sender: str
    envelope_recipients: tuple[str, ...]
    sender: str
    recipient: str
    subject: str
    date: str
    message_id: str
    attachments: tuple[str, ...]
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a mail that is no container. `number` counts from 0 in the order of the mail."""

    number: int
    content_type: str
    filename: str
    content: bytes

    @property
    def is_attachment(self) -> bool:
        """Whether it is a file, and no body."""
        return bool(self.filename) or not self.content_type.startswith("text/")

    @property
    def text(self) -> str:
        """The content as text; what is no UTF-8 is shown as such."""
        return self.content.decode("utf-8", "replace")


class CaughtMails:
    """The folder of caught mails: written by the catcher's process, read by the inbox."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def ids(self) -> list[str]:
        """Return the ids of all mails, the newest first."""
        if not self.folder.is_dir():
            return []
        names = (entry.name.removesuffix(".eml") for entry in os.scandir(self.folder) if entry.name.endswith(".eml"))
        return sorted((name for name in names if _ID.fullmatch(name)), reverse=True)

    def page(self, *, offset: int = 0, limit: int = 25) -> tuple[list[CaughtMail], int]:
        """Return some mails, the newest first, and how many there are in all."""
        ids = self.ids()
        mails = []
        for mail_id in ids[max(offset, 0) : max(offset, 0) + limit]:
            try:
                mails.append(self.get(mail_id))
            except NotFound:
                # The catcher has made room for another meanwhile.
                continue
        return mails, len(ids)

    def get(self, mail_id: str) -> CaughtMail:
        """Return one mail at a glance; raises NotFound."""
        try:
            facts = json.loads(self._path(mail_id, ".json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise NotFound(say("There is no such mail.")) from error
        facts["received_at"] = datetime.fromisoformat(facts["received_at"])
        for name in ("envelope_recipients", "attachments"):
            facts[name] = tuple(facts[name])
        return CaughtMail(**facts)

    def raw(self, mail_id: str) -> bytes:
        """Return a mail as it came in; raises NotFound."""
        try:
            return self._path(mail_id, ".eml").read_bytes()
        except OSError as error:
            raise NotFound(say("There is no such mail.")) from error

    def headers(self, mail_id: str) -> list[tuple[str, str]]:
        """Return the header fields, decoded, in their order; raises NotFound."""
        return _headers(_parse(self.raw(mail_id)))

    def parts(self, mail_id: str) -> list[Part]:
        """Return the parts of a mail that are no containers; raises NotFound."""
        return _parts(_parse(self.raw(mail_id)))

    def body(self, mail_id: str, subtype: str) -> str | None:
        """Return the first body of a kind, `plain` or `html`, as text; None if there is none; raises NotFound."""
        bodies = (part for part in self.parts(mail_id) if not part.is_attachment)
        return next((part.text for part in bodies if part.content_type == f"text/{subtype}"), None)

    def attachment(self, mail_id: str, number: int) -> Part:
        """Return one part by its number; raises NotFound."""
        for part in self.parts(mail_id):
            if part.number == number and part.is_attachment:
                return part
        raise NotFound(say("There is no such attachment."))

    def keep(self, sender: str, recipients: list[str], data: bytes) -> str:
        """Store a mail, and forget the oldest beyond a thousand; return its id. For the catcher's process alone."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        mail_id = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
        facts = asdict(_at_a_glance(mail_id, sender, recipients=recipients, data=data))
        facts["received_at"] = facts["received_at"].isoformat()
        # The envelope first: a mail is there as soon as its .eml is, and then it is complete.
        self._write(self._path(mail_id, ".json"), json.dumps(facts, ensure_ascii=False).encode("utf-8"))
        self._write(self._path(mail_id, ".eml"), data)
        for surplus in self.ids()[KEEP:]:
            self._path(surplus, ".eml").unlink(missing_ok=True)
            self._path(surplus, ".json").unlink(missing_ok=True)
        return mail_id

    def _path(self, mail_id: str, suffix: str) -> Path:
        """Return a file's path; an id that is none names no file, here or elsewhere."""
        if not _ID.fullmatch(mail_id):
            raise NotFound(say("There is no such mail."))
        return self.folder / f"{mail_id}{suffix}"

    def _write(self, path: Path, content: bytes) -> None:
        """Write a file that nobody sees half written."""
        draft = path.with_suffix(f"{path.suffix}.part")
        draft.write_bytes(content)
        draft.replace(path)


def _at_a_glance(mail_id: str, sender: str, *, recipients: list[str], data: bytes) -> CaughtMail:
    message = _parse(data)
    fields = {name.lower(): value for name, value in reversed(_headers(message))}
    return CaughtMail(
        id=mail_id,
        received_at=datetime.now(UTC),
        envelope_sender=sender,
        envelope_recipients=tuple(recipients),
        sender=fields.get("from", ""),
        recipient=fields.get("to", ""),
        subject=fields.get("subject", ""),
        date=fields.get("date", ""),
        message_id=fields.get("message-id", ""),
        attachments=tuple(part.filename or part.content_type for part in _parts(message) if part.is_attachment),
        size=len(data),
    )


def _parse(data: bytes) -> Any:  # noqa: ANN401  # one of two kinds of message
    """Parse a mail; one that the modern parser chokes on is read by the old one, which takes anything."""
    message = email.message_from_bytes(data, policy=default)
    try:
        message.items()
    except _UNREADABLE:
        return email.message_from_bytes(data, policy=compat32)
    return message


def _headers(message: Message) -> list[tuple[str, str]]:
    return [(name, _clean(str(value))) for name, value in message.items()]


def _parts(message: Message) -> list[Part]:
    leaves = [part for part in message.walk() if not part.is_multipart()]
    return [
        Part(
            number=number,
            content_type=part.get_content_type(),
            filename=_clean(part.get_filename() or ""),
            content=_content(part),
        )
        for number, part in enumerate(leaves)
    ]


def _content(part: Message) -> bytes:
    """Return a part's decoded content; text comes as UTF-8, whatever it was."""
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    charset = str(part.get_content_charset() or "utf-8")
    if part.get_content_maintype() != "text" or charset in {"utf-8", "us-ascii"}:
        return content
    try:
        return content.decode(charset, "replace").encode("utf-8")
    except LookupError:
        return content


def _clean(text: str) -> str:
    """Return text that can be stored and shown: what is no character, or controls a terminal or a header, goes."""
    return "".join(character if character.isprintable() else " " for character in text)
