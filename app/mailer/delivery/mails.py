"""The mails of a batch as bytes: made once with what goes along, stored by their hash, and the same at every try."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from email.parser import HeaderParser
from email.utils import parseaddr
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core import clock
from app.mailer.delivery.contents import put
from app.mailer.documents import Rendered, attached_to, source_of, takes_files
from app.mailer.extra_files import MessageFile, extra_files
from app.mailer.holding import wait_for
from app.mailer.kept_files import as_attached
from app.mailer.models import Content, ContentPart, Message, Rendition
from app.mailer.smtp.compose import Mail, Skeleton, assembled, compose_skeleton, encoded
from app.mailer.smtp.signing import Signer

MAIL = "message/rfc822"
# The format of the rendition of a usage report, followed by its profile's id.
USAGE_REPORT = "usage_report:"


# What tells the documents that go along with mails from one another.
_KEY = (
    Rendition.document_kind,
    Rendition.document_id,
    Rendition.document_version,
    Rendition.format,
    Rendition.language,
)
_RENDITIONS = select(*_KEY, Rendition.filename, Content.content_type, Content.digest).join(
    Content, Content.digest == Rendition.digest
)


class Part(NamedTuple):
    """What goes along with a mail: the name of its file, its media type, and the hash of its bytes."""

    filename: str
    content_type: str
    digest: str


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A mail that is stored: its hash, its envelope sender, and its bytes in pieces that others may share."""

    digest: str
    sender: str
    subject: str
    skeleton: Skeleton
    parts: tuple[bytes, ...]

    @property
    def data(self) -> bytes:
        """The whole mail, as it is sent."""
        return assembled(self.skeleton, self.parts)


class Mails:
    """Finds or makes the mails of one batch of messages; what several of them carry is made and read once."""

    def __init__(self, session: Session, *, sender: str | None, signer: Signer | None = None) -> None:
        self._session = session
        self._sender = sender
        self._signer = signer
        self._encoded: dict[str, bytes] = {}
        self._along: dict[tuple[object, ...], Part | None] = {}
        self._absent: set[tuple[object, ...]] = set()
        self._attached: dict[tuple[str, int], list[Part]] = {}
        self._extra: dict[int, list[MessageFile]] = {}
        self._stored: dict[str, StoredMail] = {}
        self._new: dict[str, list[str]] = {}
        self._contents: dict[str, dict[str, Any]] = {}

    def find(self, messages: Sequence[Message]) -> None:
        """Read the mails that were stored at an earlier try, and the documents that others carried before."""
        digests = {message.content_digest for message in messages if message.content_digest}
        if digests:
            self._find_mails(digests)
        new: dict[str, set[tuple[object, ...]]] = {}
        for message in messages:
            if message.content_digest is None:
                reports = (_report_key(message, one) for one in message.usage_reports)
                new.setdefault(message.document_kind, set()).update([_key(message), *reports])
        for kind, keys in new.items():
            self._find_renditions(kind, keys)
        with_files = [one.id for one in messages if one.content_digest is None and takes_files(one.document_kind)]
        if with_files:
            self._extra |= extra_files(self._session, with_files)

    def _find_mails(self, digests: Collection[str]) -> None:
        parts: dict[str, list[ContentPart]] = {}
        statement = select(ContentPart).where(ContentPart.digest.in_(digests)).order_by(ContentPart.place)
        for part in self._session.scalars(statement):
            parts.setdefault(part.digest, []).append(part)
        for row in self._session.execute(select(Content.digest, Content.data).where(Content.digest.in_(digests))):
            places = parts.get(row.digest, [])
            self._stored[row.digest] = StoredMail(
                digest=row.digest,
                sender=_sender_of(row.data),
                subject="",
                skeleton=Skeleton(row.data, tuple(one.place for one in places)),
                parts=tuple(self._encoded_part(one.part_digest) for one in places),
            )

    def _find_renditions(self, kind: str, keys: Collection[tuple[object, ...]]) -> None:
        of_kind = (Rendition.document_kind == kind, Rendition.document_id.in_({key[1] for key in keys}))
        for *key, filename, content_type, digest in self._session.execute(_RENDITIONS.where(*of_kind)):
            if tuple(key) in keys:
                self._along[tuple(key)] = Part(filename, content_type, digest)
        self._absent |= set(keys) - self._along.keys()

    def mail(self, message: Message) -> StoredMail:
        """Return the mail of a message: the stored one, or one that is made. Raises what making it raises."""
        if message.content_digest is not None:
            return self._stored[message.content_digest]
        letter = source_of(message.document_kind).letter(self._session, message=message)
        along = self._what_goes_along(message)
        sender = self._sender or letter.sender_address
        skeleton = compose_skeleton(
            Mail(
                sender_name=letter.sender_name,
                sender_address=sender,
                recipient_name=message.recipient_name,
                recipient_address=message.address,
                subject=letter.subject,
                text=letter.text,
                html=letter.html,
                message_id=message.message_id,
                date=clock.now(),
                attachments=tuple((part.filename, part.content_type, b"") for part in along),
                headers=letter.headers,
            )
        )
        parts = tuple(self._encoded_part(part.digest) for part in along)
        if self._signer is not None:
            skeleton = self._signer.signed(skeleton, parts, sender=sender)
        digest = hashlib.sha256(skeleton.data + "".join(part.digest for part in along).encode()).hexdigest()
        self._keep(digest, MAIL, skeleton.data)
        self._new[digest] = [part.digest for part in along]
        self._stored[digest] = StoredMail(digest, sender, letter.subject, skeleton, parts)
        return self._stored[digest]

    def store(self) -> None:
        """Put what was made into the transaction."""
        if not self._contents:
            return
        put(self._session, Content, [self._contents[digest] for digest in sorted(self._contents)])
        rows = [
            {"digest": digest, "place": place, "part_digest": part}
            for digest, parts in self._new.items()
            for place, part in zip(self._stored[digest].skeleton.places, parts, strict=True)
        ]
        put(self._session, ContentPart, rows)
        self._contents, self._new = {}, {}

    def forget(self) -> None:
        """Look for what goes along anew: it may have gone with a savepoint."""
        self._along = {}
        self._absent = set()

    def _what_goes_along(self, message: Message) -> Sequence[Part]:
        """Return the document and its usage reports. Raises ValueError when one can't be made."""
        source = source_of(message.document_kind)
        wait = wait_for(source, format_=message.format, usage_reports=message.usage_reports)
        if wait:
            raise ValueError(wait.because)
        number, language = message.document_id, message.language
        made: dict[tuple[object, ...], Callable[[], Rendered | None]] = {
            _key(message): lambda: source.render(
                self._session, document_id=number, format_=message.format or "", language=language
            )
        }
        for profile_id in message.usage_reports:
            made[_report_key(message, profile_id)] = partial(
                source.render_usage_report,
                self._session,
                document_id=number,
                profile_id=profile_id,
                language=language,
            )
        for key, make in made.items():
            if key not in self._along:
                self._along[key] = self._rendition(key, make)
        found = [part for key in made if (part := self._along[key]) is not None]
        return [*found, *self._attachments(message)]

    def _attachments(self, message: Message) -> list[Part]:
        """Return the document's files, read once for all its copies, and those of the message's own sending."""
        key = (message.document_kind, message.document_id)
        if key not in self._attached:
            found = attached_to(self._session, kind=key[0], document_id=key[1])
            self._attached[key] = [Part(one.filename, one.content_type, one.digest) for one in found]
        extra = as_attached(self._extra.get(message.id, ()))
        return [*self._attached[key], *(Part(one.filename, one.content_type, one.digest) for one in extra)]

    def _rendition(self, key: tuple[object, ...], make: Callable[[], Rendered | None]) -> Part | None:
        """Return what goes along by its key, made once for each version and language.

        None where a copy is nothing but the words of its mail.
        """
        found = None if key in self._absent else self._stored_rendition(key)
        if found is not None:
            return found
        made = make()
        if made is None:
            return None
        part = self._kept(made)
        put(self._session, Content, [self._contents.pop(part.digest)])
        try:
            with self._session.begin_nested():
                self._session.add(_rendition_of(key, part))
        except IntegrityError:
            # Another worker has just stored the same document: that one is taken.
            return self._stored_rendition(key)
        return part

    def _stored_rendition(self, key: tuple[object, ...]) -> Part | None:
        this = (column == value for column, value in zip(_KEY, key, strict=True))
        row = self._session.execute(_RENDITIONS.where(*this)).one_or_none()
        return Part(row.filename, row.content_type, row.digest) if row else None

    def _kept(self, made: Rendered) -> Part:
        digest = hashlib.sha256(made.data).hexdigest()
        self._encoded[digest] = encoded(made.data)
        self._keep(digest, made.content_type, made.data)
        return Part(made.filename, made.content_type, digest)

    def _keep(self, digest: str, content_type: str, data: bytes) -> None:
        self._contents[digest] = {"digest": digest, "content_type": content_type, "size": len(data), "data": data}

    def _encoded_part(self, digest: str) -> bytes:
        if digest not in self._encoded:
            self._encoded[digest] = encoded(self._session.get_one(Content, digest).data)
        return self._encoded[digest]


def _key(message: Message) -> tuple[object, ...]:
    """Return what tells the document that goes along with a message from others, in the order of `_KEY`."""
    return (
        message.document_kind,
        message.document_id,
        message.document_version,
        message.format or "",
        message.language,
    )


def _report_key(message: Message, profile_id: int) -> tuple[object, ...]:
    """Return what tells a usage report from others: it is the same with each format of its document."""
    kind, document_id, version, _, language = _key(message)
    return (kind, document_id, version, f"{USAGE_REPORT}{profile_id}", language)


def _sender_of(mail: bytes) -> str:
    """Return the address that a stored mail comes from; its header may be UTF-8 (RFC 6532)."""
    head = mail.partition(b"\r\n\r\n")[0].decode("utf-8")
    return parseaddr(HeaderParser().parsestr(head)["From"])[1]


def _rendition_of(key: tuple[object, ...], part: Part) -> Rendition:
    names = (column.key for column in _KEY)
    return Rendition(**dict(zip(names, key, strict=True)), filename=part.filename, digest=part.digest)


def mail_of(session: Session, message: Message) -> bytes | None:
    """Return the bytes of a message's mail, or None while it has none."""
    if message.content_digest is None:
        return None
    mails = Mails(session, sender=None)
    mails.find([message])
    return mails.mail(message).data
