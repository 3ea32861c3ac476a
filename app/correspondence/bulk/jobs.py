"""What the worker does of bulk letters in each of its rounds: the next letters of some that are under way."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.events import Event
from app.correspondence.bulk import sending
from app.correspondence.bulk.kind import KIND
from app.mailer.engines.background import register_background
from app.mailer.sending_defaults import sending_defaults
from app.runs import jobs as shared

# So many letters are one unit of work: each is printed in it, and after a second or two the mails have their turn.
CHUNK = 50


def register() -> None:
    """Have the outbox's workers make bulk letters."""
    register_background("bulk_letters", Advance())


def _make(session: Session, actor: Actor, run_id: int, size: int) -> int | None:
    return sending.make_next(session, actor, run_id=run_id, size=size, defaults=sending_defaults())


class Advance(shared.Advance):
    """Makes the bulk letters that are under way in turn, some of one of them at each call."""

    def __init__(self) -> None:
        super().__init__(shared.Work(kind=KIND, chunk=lambda: CHUNK, next=_make, not_done=Event.LETTER_NOT_MADE))
