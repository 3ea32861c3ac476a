"""What the page Send Again shows: each address that has had a document, what it would get, and what is in the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from app.core.addresses import normalise
from app.core.words import in_a_row, say
from app.mailer.message_states import MessageState
from app.mailer.models import Message
from app.mailer.planning.facts import latest_messages
from app.mailer.planning.refusals import ON_ITS_WAY
from app.mailer.planning.rules import Document, Plan, explain
from app.mailer.screens.panels import state_tag
from app.web.display import moment


def again_context(
    session: Session,
    document: Document,
    plan_again: Callable[[tuple[str, ...]], Plan],
    *,
    ticked: Sequence[str],
) -> dict[str, Any]:
    """Return the rows of the page; `plan_again` says what some addresses would get."""
    made = latest_messages(session, document).values()
    # Where a copy was purged, nobody's address is left.
    had = [one for one in made if one.state != MessageState.CANCELLED and one.purged_at is None]
    free = [one for one in had if one.state not in ON_ITS_WAY]
    plan = plan_again(tuple(one.address for one in free)) if free else None
    chosen = {normalise(address) for address in ticked}
    return {"rows": [_row(one, plan, ticked=one.address_normalised in chosen) for one in sorted(had, key=_order)]}


def _order(message: Message) -> int:
    return message.id


def _row(message: Message, plan: Plan | None, *, ticked: bool) -> dict[str, Any]:
    planned = next((one for one in plan.messages if one.key == message.address_normalised), None) if plan else None
    skip = next((one for one in plan.skipped if one.key == message.address_normalised), None) if plan else None
    if message.state in ON_ITS_WAY:
        blocked: Any = say("Still on its way.")
    elif skip is not None:
        blocked = in_a_row([explain(skip.reason), *([skip.detail] if skip.detail else [])])
    else:
        blocked = ""
    return {
        "address": message.address,
        "name": message.recipient_name,
        "state": state_tag(message),
        "at": moment(message.sent_at or message.created_at),
        "url": url_for("MessageView.show", pk=message.id),
        "format": planned.format.words if planned and planned.format else None,
        "reasons": [explain(way.reason) for way in planned.recipients] if planned else [],
        "blocked": blocked,
        "ticked": ticked and not blocked,
    }
