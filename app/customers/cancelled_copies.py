"""What the screens tell after a customer or contact was saved: the waiting copies that the change has cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flask import g
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.audit import Touch
from app.core.reach import heard
from app.core.records import Record
from app.core.words import say, say_count
from app.web.resource import Resource
from app.web.words import tell

# How the mailer says of a message in the trail that its address was taken away or became another one.
_ADDRESS_CHANGED = "address_changed"


def remembering_cancelled(resource: Resource) -> Resource:
    """Return a resource whose changes remember, until the request ends, which messages they have cancelled."""
    update = resource.update
    if update is None:
        return resource

    def run(
        session: Session, actor: Actor, record_id: int, values: Mapping[str, object], version: int | None
    ) -> Record:
        with heard(session) as touched:
            record: Record = update(session, actor, record_id, values, version)
        g.cancelled_copies = [one for one in touched if one.resource == "message"]
        return record

    return replace(resource, update=run)


def tell_cancelled(*, has_address: bool) -> None:
    """Tell how many waiting copies were cancelled, and how a document reaches the new address where there is one."""
    cancelled: list[Touch] = g.pop("cancelled_copies", [])
    if not cancelled:
        return
    tell(
        say_count(
            "{count} waiting copy was cancelled by this change.",
            "{count} waiting copies were cancelled by this change.",
            len(cancelled),
        ),
        "warning",
    )
    if has_address and any(_ADDRESS_CHANGED in one.changes["lost_reasons"][1] for one in cancelled):
        tell(say("The document can be sent to the new address: open its page, and choose Send."), "warning")
