"""What stands above the list of messages: how many there are of each state, what is due, how fast, and what fails."""

from __future__ import annotations

from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from app.access.ask import may
from app.access.table import Operation
from app.core import clock
from app.core.actor import Actor
from app.core.words import Words, say, say_count
from app.mailer.message_states import STATE_LABELS, STATES, MessageState
from app.mailer.models import ACCOUNT, Lane
from app.mailer.watching import queries
from app.mailer.watching.causes import without_own
from app.mailer.watching.models import OutboxPause
from app.mailer.watching.queries import Count
from app.web.formats import moment_text
from app.web.list_state import ListState

# While there is one of these, the panel looks again by itself.
UNDER_WAY = (MessageState.QUEUED, MessageState.SENDING, MessageState.WAITING, MessageState.UNCERTAIN)
REFRESH_SECONDS = 15


def panel(session: Session, actor: Actor, state: ListState) -> dict[str, Any]:
    """Return what the page shows above its list, within the actor's sight."""
    now = clock.now()
    counts = queries.counts(session, actor, now=now)
    due = queries.oldest_due(session, actor, now=now)
    under_way = any(counts[one.value].number for one in UNDER_WAY)
    pause = queries.pause(session)
    return {
        "states": [
            {
                "name": one.value,
                "label": STATE_LABELS[one],
                "count": counts[one.value],
                "url": _list_url(state=one.value),
                "current": state.given.get("state") == one.value,
            }
            for one in STATES
        ],
        "due": due and {"since": due.since, "url": _list_url(q=due.message_id)},
        "rate": _rate(counts["minute"], counts["hour"]),
        "causes": [
            {
                "words": cause,
                "count": count,
                "url": _list_url(cause=cause),
                "current": state.given.get("cause") == cause,
            }
            for cause, count in queries.causes(session, actor)
        ],
        "lanes": [_lane(one) for one in queries.waiting_lanes(session, actor, now=now)],
        "paused": pause and paused_words(pause),
        "switch": _switch(actor, pause),
        "refresh_url": _list_url(**state.parameters()) if under_way else None,
        "refresh_seconds": REFRESH_SECONDS,
    }


def paused_words(pause: OutboxPause) -> Words:
    """Say that the outbox is paused, since when, by whom and why."""
    return say(
        "The outbox is paused: no mail leaves. {username}, {moment}: {reason}",
        username=pause.username,
        moment=moment_text(pause.paused_at),
        reason=pause.reason,
    )


def _list_url(**filters: str) -> str:
    values: dict[str, Any] = {**filters}
    return url_for("MessageView.list", **values)


def _rate(minute: Count, hour: Count) -> Words:
    return say(
        "Sent in the last minute: {minute}; in the last hour: {hour}", minute=_in_words(minute), hour=_in_words(hour)
    )


def _in_words(count: Count) -> str:
    return say_count("more than {count}", "more than {count}", count.number) if count.capped else f"{count.number:,}"


def _lane(lane: Lane) -> dict[str, Any]:
    """Say which lane waits, what its server said, and when it is tried next; nobody's address is among the words."""
    if lane.name == ACCOUNT:
        words = say(
            "The mail server is in trouble: everything waits, and is tried again at {moment}.", moment=_at(lane)
        )
    else:
        words = say("Mails to {domain} wait, and are tried again at {moment}.", domain=lane.name, moment=_at(lane))
    return {"words": words, "answer": without_own(lane.answer)}


def _at(lane: Lane) -> str:
    return moment_text(lane.waits_until)


def _switch(actor: Actor, pause: OutboxPause | None) -> dict[str, Any] | None:
    """Return the button that pauses or resumes, for those who may."""
    operation = Operation.RESUME if pause else Operation.PAUSE
    if actor.dealer_code is not None or not may(actor, operation, "outbox"):
        return None
    if pause:
        return {"label": say("Resume the outbox"), "url": url_for("OutboxView.resume")}
    return {"label": say("Pause the outbox"), "url": url_for("OutboxView.pause")}
