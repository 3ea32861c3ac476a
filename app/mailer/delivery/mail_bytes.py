"""The bytes of a mail: made once with what goes along, stored by their hash, and the same at every try."""

from __future__ import annotations

import hashlib

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core import clock
from app.mailer.documents import Letter, source_of
from app.mailer.holding import wait_for
from app.mailer.models import Content, Message, Rendition
from app.mailer.smtp.compose import Mail, compose


def bytes_of(session: Session, message: Message, *, sender: str | None) -> tuple[bytes, str]:
    """Return a message's bytes and its envelope sender.

    When another worker has just stored the same document, that one is taken.
    """
    try:
        with session.begin_nested():
            return _made_or_stored(session, message, sender=sender)
    except IntegrityError:
        with session.begin_nested():
            return _made_or_stored(session, message, sender=sender)


def _made_or_stored(session: Session, message: Message, *, sender: str | None) -> tuple[bytes, str]:
    """Return a message's bytes, made at its first try and stored: a retry sends the very same ones."""
    source = source_of(message.document_kind)
    letter = source.letter(session, message=message)
    sender_address = sender or letter.sender_address
    if message.content_digest is None:
        data = compose(_mail(session, message, letter, sender_address))
        message.content_digest = store(session, data, "message/rfc822")
        message.subject = letter.subject
        return data, sender_address
    return session.get_one(Content, message.content_digest).data, sender_address


def _mail(session: Session, message: Message, letter: Letter, sender_address: str) -> Mail:
    return Mail(
        sender_name=letter.sender_name,
        sender_address=sender_address,
        recipient_name=message.recipient_name,
        recipient_address=message.address,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        message_id=message.message_id,
        date=clock.now(),
        attachments=_attachments(session, message),
    )


def _attachments(session: Session, message: Message) -> tuple[tuple[str, str, bytes], ...]:
    """Return what goes along: the document and its usage reports. Raises ValueError when one can't be made."""
    source = source_of(message.document_kind)
    wait = wait_for(source, format_=message.format, usage_reports=message.usage_reports)
    if wait:
        raise ValueError(wait.because)
    attachments = []
    rendition = _rendition(session, message)
    if rendition is not None:
        content = session.get_one(Content, rendition.digest)
        attachments.append((rendition.filename, content.content_type, content.data))
    for profile_id in message.usage_reports:
        report = source.render_usage_report(
            session, document_id=message.document_id, profile_id=profile_id, language=message.language
        )
        attachments.append((report.filename, report.content_type, report.data))
    return tuple(attachments)


def _rendition(session: Session, message: Message) -> Rendition | None:
    """Return the document in the message's format and language, made once for each version.

    None where a copy is nothing but the words of its mail.
    """
    format_ = message.format or ""
    found = session.scalar(
        select(Rendition).where(
            Rendition.document_kind == message.document_kind,
            Rendition.document_id == message.document_id,
            Rendition.document_version == message.document_version,
            Rendition.format == format_,
            Rendition.language == message.language,
        )
    )
    if found is not None:
        return found
    made = source_of(message.document_kind).render(
        session, document_id=message.document_id, format_=format_, language=message.language
    )
    if made is None:
        return None
    rendition = Rendition(
        document_kind=message.document_kind,
        document_id=message.document_id,
        document_version=message.document_version,
        format=format_,
        language=message.language,
        filename=made.filename,
        digest=store(session, made.data, made.content_type),
    )
    session.add(rendition)
    session.flush()
    return rendition


def store(session: Session, data: bytes, content_type: str) -> str:
    """Keep bytes once, however often they go out; return their SHA-256 (hex)."""
    digest = hashlib.sha256(data).hexdigest()
    if session.get(Content, digest) is None:
        session.add(Content(digest=digest, content_type=content_type, size=len(data), data=data))
        session.flush()
    return digest
