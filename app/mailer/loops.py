"""Two robots that answer each other: updates of one ticket to one address are held when they become too many."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.mailer.holding import LOOP_SUSPECTED, WORDS
from app.mailer.message_states import MessageState
from app.mailer.models import Message
from app.mailer.planning.plan_model import Document

# No conversation between people has so many updates in so short a time.
CAP = 20
WITHIN = timedelta(hours=1)


def hold_loops(session: Session, document: Document, values: Mapping[str, dict[str, Any]]) -> None:
    """Hold those of a ticket update's messages whose addresses have had too many of this ticket lately.

    `values` is what is about to be written, by normalised address. Those that are held count too, so that a loop stays
    held for as long as it goes on; a person lets one go by Retry.
    """
    if document.thread_id is None or not values:
        return
    lately = session.execute(
        select(Message.address_normalised, func.count())
        .where(
            Message.thread_id == document.thread_id,
            Message.document_kind == document.kind.value,
            Message.address_normalised.in_(list(values)),
            Message.created_at > clock.now() - WITHIN,
        )
        .group_by(Message.address_normalised)
    )
    full = {address for address, count in lately if count >= CAP}
    for address, row in values.items():
        row["thread_id"] = document.thread_id
        if address in full and row["state"] == MessageState.QUEUED:
            row |= {"state": MessageState.HELD.value, "next_attempt_at": None}
            row |= {"held_code": LOOP_SUSPECTED, "held_because": str(WORDS[LOOP_SUSPECTED])}
