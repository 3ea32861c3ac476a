"""The verbs of the whole outbox: pause it, and let it go on."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import Operation
from app.core import audit, clock
from app.core.actor import Actor
from app.core.audit import Touch, Verb
from app.core.errors import Conflict, Forbidden, Invalid
from app.core.events import Event, log_event
from app.core.words import say
from app.mailer.engines.work import there_is_work
from app.mailer.watching import queries
from app.mailer.watching.models import OutboxPause

MAX_REASON = 500
# How much there is to do after a pause nobody counts: enough to wake every worker.
AWAITED = 1_000


def pause_outbox(session: Session, actor: Actor, *, reason: object) -> OutboxPause:
    """Have nothing leave the outbox any more until it is resumed; documents are sent into it as ever.

    Raises Forbidden, Invalid (no reason), Conflict (`already_paused`).
    """
    _ensure(actor, Operation.PAUSE)
    words = _checked(reason)
    if queries.pause(session) is not None:
        raise Conflict(say("The outbox is paused already."), code="already_paused")
    pause = OutboxPause(id=1, paused_at=clock.now(), username=actor.username, reason=words)
    session.add(pause)
    session.flush()
    audit.record(session, actor, verb=Verb.OUTBOX_PAUSED, touched=[_touch(before=False)], reason=words)
    log_event(Event.OUTBOX_PAUSED, user_id=actor.user_id)
    return pause


def resume_outbox(session: Session, actor: Actor, *, reason: object) -> None:
    """Let leave what has become due meanwhile. Raises Forbidden, Invalid (no reason), Conflict (`not_paused`)."""
    _ensure(actor, Operation.RESUME)
    words = _checked(reason)
    pause = queries.pause(session)
    if pause is None:
        raise Conflict(say("The outbox is not paused."), code="not_paused")
    session.delete(pause)
    there_is_work(session, AWAITED)
    audit.record(session, actor, verb=Verb.OUTBOX_RESUMED, touched=[_touch(before=True)], reason=words)
    log_event(Event.OUTBOX_RESUMED, user_id=actor.user_id)


def _ensure(actor: Actor, operation: Operation) -> None:
    ensure(actor, operation, "outbox")
    if actor.dealer_code is not None:
        raise Forbidden(say("The outbox is everybody's: staff of one dealer can't pause or resume it."))


def _checked(reason: object) -> str:
    text = " ".join(reason.split()) if isinstance(reason, str) else ""
    if not text or len(text) > MAX_REASON or any(ord(character) < ord(" ") for character in text):
        raise Invalid(say("Say in at most {limit} characters why.", limit=MAX_REASON), field="reason")
    return text


def _touch(*, before: bool) -> Touch:
    return Touch("outbox", 1, "Outbox", {"paused": (before, not before)})
