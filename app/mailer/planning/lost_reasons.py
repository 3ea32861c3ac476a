"""The rule of what a message loses: which of its reasons still hold, and what became of the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.mailer.planning.plan_model import Circumstances, Contact, Customer, Document, Road
from app.mailer.planning.reasons import Lost, Reason
from app.mailer.planning.roads import Way, closed_gate, roads

# The road of a reason, and its contact where it has one.
Kept = tuple[str, int | None]


def lost_reasons(
    document: Document,
    customer: Customer,
    contacts: Iterable[Contact],
    *,
    suppressed: bool,
    key: str,
    kept: Sequence[Kept],
) -> list[Reason | Lost] | None:
    """Return what became of each reason of a message to `key`, in their order; None while one of them holds.

    `contacts` are those that the reasons name: linked ones as they are, deleted ones marked so, others left out. An
    address that was typed in keeps its reason until the customer is deleted; nothing leaves to a suppressed one.
    """
    people = list(contacts)
    ways = list(roads(document, customer, people, Circumstances()))
    gate = closed_gate(document, customer)
    found = []
    for road, contact_id in kept:
        became = _became(road, contact_id, key=key, gate=gate, ways=ways, people=people)
        if became is None and suppressed:
            became = Reason.SUPPRESSED
        if became is None:
            return None
        found.append(became)
    return found


def _became(
    road: str,
    contact_id: int | None,
    *,
    key: str,
    gate: Reason | None,
    ways: Sequence[Way],
    people: Sequence[Contact],
) -> Reason | Lost | None:
    """Return what became of one reason, or None when it holds."""
    if road == Road.TYPED_IN:
        return gate if gate == Reason.CUSTOMER_DELETED else None
    if gate is not None:
        return gate
    same = [way for way in ways if way.road == road and (way.contact.id if way.contact else None) == contact_id]
    here = [way for way in same if way.key == key]
    if here:
        return here[0].obstacle
    if contact_id is None or same:
        return Lost.ADDRESS_CHANGED
    deleted = any(one.id == contact_id and one.deleted for one in people)
    return Lost.CONTACT_DELETED if deleted else Lost.UNLINKED
