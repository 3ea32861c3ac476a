"""What is left of a letter that is purged."""

from __future__ import annotations

from sqlalchemy.orm import object_session

from app.core.purging import Wiping, blank, register_need, register_trace, register_wiping
from app.correspondence.models import Attachment, Correspondence
from app.mailer.delivery.contents import drop_contents, register_use
from app.mailer.purging import DOCUMENT, under_way

# What was written goes; the number stays taken.
KEPT = ("number", "series", "customer_id", "correspondence_type_id", "correspondence_class", "status", "letter_date")


def register() -> None:
    """Put it in place."""
    register_use(Correspondence.pdf_digest)
    register_use(Attachment.digest)
    register_wiping(Correspondence, Wiping(_number, wipe))
    register_trace(Correspondence, DOCUMENT)
    register_need(Correspondence, under_way)


def wipe(letter: Correspondence) -> None:
    """Leave a letter's number and class; what it said, its PDF and its files go."""
    digests = [letter.pdf_digest, *(one.digest for one in letter.attachments)]
    texts = dict.fromkeys(("subject", "filled_subject", "filled_body", "language"), "")
    blank(letter, keep=KEPT, instead=texts)
    session = object_session(letter)
    if session is not None:
        drop_contents(session, filter(None, digests))


def _number(letter: Correspondence) -> str:
    return letter.number
