"""The verbs of the files that go along with letters: attached, and taken off again, until the letter leaves."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.core import audit, clock
from app.core.actor import Actor
from app.core.audit import Verb
from app.core.errors import Invalid, NotFound
from app.core.words import said, say
from app.correspondence import queries
from app.correspondence.attaching import clean_name, content_type_of, size_error
from app.correspondence.models import Attachment, Correspondence
from app.correspondence.service import letter_to_change, touch_of
from app.mailer.delivery.contents import store
from app.mailer.purging import drop_content


def attach(
    session: Session,
    actor: Actor,
    *,
    letter_id: int,
    filename: object,
    data: bytes,
    version: int | None = None,
) -> Correspondence:
    """Have a file go along with a letter; its kind is told by its bytes and its name together.

    Raises Forbidden, NotFound, Stale, Invalid (`filename`, `content`), Conflict (`sent`).
    """
    letter = letter_to_change(session, actor, letter_id, version)
    try:
        name = clean_name(filename)
    except ValueError as error:
        raise Invalid(said(error), field="filename") from error
    present = queries.attachments_of(session, letter_id=letter.id)
    too_much = size_error(len(data), others=[one.content.size for one in present])
    if too_much:
        raise Invalid(too_much, field="content")
    try:
        content_type = content_type_of(name, data)
    except ValueError as error:
        raise Invalid(said(error), field="content") from error
    if name.lower() in {one.filename.lower() for one in present}:
        raise Invalid(say("A file of this name goes along already."), field="filename")
    digest = store(session, data, content_type)
    position = max((one.position for one in present), default=0) + 1
    letter.attachments.append(Attachment(position=position, filename=name, digest=digest))
    letter.last_modified_at = clock.now()
    session.flush()
    touched = [touch_of(letter, {"attachments": (None, name)})]
    audit.record(session, actor, verb=Verb.LETTER_ATTACHED, touched=touched)
    return letter


def detach(
    session: Session, actor: Actor, *, letter_id: int, attachment_id: int, version: int | None = None
) -> Correspondence:
    """Take a file off a letter. Raises Forbidden, NotFound, Stale, Conflict (`sent`)."""
    letter = letter_to_change(session, actor, letter_id, version)
    row = next((one for one in letter.attachments if one.id == attachment_id), None)
    if row is None:
        raise NotFound(say("No file with this id goes along with the letter."))
    digest, name = row.digest, row.filename
    letter.attachments.remove(row)
    letter.last_modified_at = clock.now()
    session.flush()
    drop_content(session, digest)
    audit.record(session, actor, verb=Verb.LETTER_DETACHED, touched=[touch_of(letter, {"attachments": (name, None)})])
    return letter
