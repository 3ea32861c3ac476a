"""The verbs of the files that go along with letters: attached, and taken off again, until the letter leaves."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.core import audit, clock
from app.core.actor import Actor
from app.core.audit import Verb
from app.core.errors import NotFound
from app.core.words import say
from app.correspondence import queries
from app.correspondence.models import Attachment, Correspondence
from app.correspondence.service import letter_to_change, touch_of
from app.mailer.attaching import Beside, NewFile, good_file
from app.mailer.delivery.contents import drop_contents
from app.mailer.kept_files import keep


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
    present = queries.attachments_of(session, letter_id=letter.id)
    beside = [Beside(one.filename, one.content.size) for one in present]
    good = good_file(NewFile(filename, data), beside=beside)
    letter.attachments += keep(session, Attachment, [good], beside=present)
    letter.last_modified_at = clock.now()
    session.flush()
    touched = [touch_of(letter, {"attachments": (None, good.filename)})]
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
    drop_contents(session, [digest])
    audit.record(session, actor, verb=Verb.LETTER_DETACHED, touched=[touch_of(letter, {"attachments": (name, None)})])
    return letter
