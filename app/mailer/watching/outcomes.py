"""What came of a batch, as lines of the log: the message's id, the worker, and the server's codes without its words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from app.core import clock
from app.core.events import Event, log_event
from app.mailer.delivery.journal import Outcome
from app.mailer.delivery.lookout import Seen
from app.mailer.message_states import MessageState
from app.mailer.models import ACCOUNT

_CODES = re.compile(r"([245]\d\d) (?:([245]\.\d{1,3}\.\d{1,3})(?:\s|$))?")
_EVENTS = {
    MessageState.WAITING: Event.MESSAGE_DEFERRED,
    MessageState.FAILED: Event.MESSAGE_FAILED,
    MessageState.UNCERTAIN: Event.MESSAGE_UNCERTAIN,
}


def log_outcomes(outcomes: Sequence[Outcome], *, worker: str) -> None:
    """Log what came of each attempt, once it is committed: one line for those sent, and one for each of the others."""
    sent: dict[tuple[str | None, str | None], list[int]] = {}
    for one in outcomes:
        found = _CODES.match(one.answer)
        code, enhanced = found.groups() if found else (None, None)
        if one.state == MessageState.SENT:
            sent.setdefault((code, enhanced), []).append(one.message_id)
        else:
            log_event(_EVENTS[one.state], worker=worker, message_id=one.message_id, code=code, enhanced=enhanced)
    for (code, enhanced), ids in sent.items():
        log_event(Event.MESSAGES_SENT, worker=worker, count=len(ids), message_ids=ids, code=code, enhanced=enhanced)


def log_lanes(seen: Seen, *, worker: str) -> None:
    """Log which lanes wait from here on, and why: whether it is the server's own, never whose domain."""
    for name, answer in seen.closed.items():
        found = _CODES.match(answer)
        log_event(Event.LANE_CLOSED, worker=worker, lane=_kind(name), code=found.group(1) if found else None)
    for lane, count in Counter(map(_kind, seen.slowed)).items():
        longest = max(until for name, until in seen.slowed.items() if _kind(name) == lane) - clock.now()
        seconds = max(0, round(longest.total_seconds()))
        log_event(Event.LANES_SLOWED, worker=worker, lane=lane, count=count, seconds=seconds)


def _kind(name: str) -> str:
    return ACCOUNT if name == ACCOUNT else "domain"
