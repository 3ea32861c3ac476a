"""Files that one sending adds to what a document carries: kept with the messages it makes, as what was sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import sha256

from sqlalchemy import ForeignKey, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column

from app.core.actor import Actor
from app.core.bulk import insert_rows
from app.core.errors import NotFound
from app.core.words import say
from app.extensions import Model
from app.mailer import queries
from app.mailer.attaching import Beside, GoodFile, NewFile, good_files
from app.mailer.delivery.contents import drop_contents, store
from app.mailer.documents import attached_to
from app.mailer.kept_files import KeptFile
from app.mailer.models import Content
from app.mailer.planning.plan_model import Document, Plan

FIELD = "extra_attachments"


class MessageFile(KeptFile, Model):
    """A file that goes along with one message, after those of its document."""

    __tablename__ = "message_file"
    __table_args__ = (UniqueConstraint("message_id", "position"),)

    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), nullable=False)


def extra_files(session: Session, message_ids: Collection[int]) -> dict[int, list[MessageFile]]:
    """Return the files of some messages in their order, by the message's id, each with what is known of its bytes."""
    statement = select(MessageFile).where(MessageFile.message_id.in_(message_ids)).order_by(MessageFile.position)
    found: dict[int, list[MessageFile]] = {}
    for one in session.scalars(statement.options(joinedload(MessageFile.content))):
        found.setdefault(one.message_id, []).append(one)
    return found


def extra_file(session: Session, actor: Actor, *, message_id: int, file_id: int) -> MessageFile:
    """Return one file of a message in sight. Raises NotFound, Forbidden."""
    message = queries.message(session, actor, message_id=message_id)
    found = next((one for one in extra_files(session, [message.id]).get(message.id, ()) if one.id == file_id), None)
    if found is None:
        raise NotFound(say("There is no file with this id in this message."))
    return found


def good_extra(
    session: Session, document: Document, files: Sequence[NewFile], *, had: Iterable[Sequence[MessageFile]] = ()
) -> list[GoodFile]:
    """Return the files of a sending that may go along beside the document's own, whatever else an address `had`.

    Raises Invalid (`extra_attachments`).
    """
    if not files:
        return []
    own = attached_to(session, kind=document.kind.value, document_id=document.id)
    sizes = dict(
        session.execute(select(Content.digest, Content.size).where(Content.digest.in_({one.digest for one in own})))
        .tuples()
        .all()
    )
    always = [Beside(one.filename, sizes[one.digest]) for one in own]
    good = good_files(files, beside=always, field=FIELD)
    for kept in had:
        fresh = [NewFile(one.filename, one.data) for one in good if not _is_among(one, kept)]
        good_files(fresh, beside=[*always, *(Beside(one.filename, one.content.size) for one in kept)], field=FIELD)
    return good


def keep_extra(
    session: Session, done: Plan, files: Sequence[GoodFile], *, had: Mapping[str, Sequence[MessageFile]] | None = None
) -> None:
    """Keep files with the messages that a sending has made; `had` are those that an address is sent once more."""
    ids = {one.key: one.message_id for one in done.messages if one.message_id is not None}
    if not ids or not (files or any((had or {}).values())):
        return
    new = [(one, store(session, one.data, one.content_type)) for one in files]
    rows = []
    for key, number in ids.items():
        kept = (had or {}).get(key, ())
        named = [(one.filename, one.digest) for one in kept]
        named += [(one.filename, digest) for one, digest in new if not _is_among(one, kept)]
        rows += [
            {"message_id": number, "position": place, "filename": filename, "digest": digest}
            for place, (filename, digest) in enumerate(named, start=1)
        ]
    insert_rows(session, MessageFile.metadata.tables[MessageFile.__tablename__], rows)


def drop_extra(session: Session, message_ids: Collection[int]) -> None:
    """Take files off messages, and remove the bytes that nothing else holds."""
    which = MessageFile.message_id.in_(message_ids)
    digests = set(session.scalars(select(MessageFile.digest).where(which)))
    if digests:
        session.execute(delete(MessageFile).where(which))
        drop_contents(session, digests)


def _is_among(file: GoodFile, kept: Iterable[MessageFile]) -> bool:
    """Tell whether the very same file goes along already."""
    return any(one.filename == file.filename and one.digest == sha256(file.data).hexdigest() for one in kept)
