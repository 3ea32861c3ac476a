"""Taking back consent to marketing: a part of the verb by which somebody unsubscribes."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.orm import Session

from app.access.ask import ensure, ensure_settable
from app.access.table import Operation
from app.core import clock
from app.core.actor import Actor
from app.core.addresses import normalise, split_addresses
from app.core.audit import Changes, Touch
from app.customers import queries
from app.customers.party import Party
from app.customers.rules import CONSENT_FIELDS


def withdraw(record: Party) -> Changes:
    """Take the consent off a customer or contact that has given it; return what changed, as the trail shows it."""
    before = {name: field.shown_in_trail(field.current(record, name)) for name, field in CONSENT_FIELDS.items()}
    record.marketing_consent_at = record.marketing_consent_source = None
    record.last_modified_at = clock.now()
    return {name: (old, None) for name, old in before.items()}


def end_consent(session: Session, actor: Actor, *, ids: Collection[int], address: str) -> list[Touch]:
    """End the consent of some customers, and of every living one whose main address is this one, normalised.

    Return what the caller's audit entry says of them. They are locked: customers come before contacts. Raises
    Forbidden.
    """
    ensure(actor, Operation.UPDATE, "customer")
    ensure_settable(actor, "customer", CONSENT_FIELDS)
    found = session.scalars(queries.consenting(actor, ids=ids, address=address)).all()
    return [
        Touch("customer", one.id, one.label, withdraw(one))
        for one in found
        if one.id in ids or normalise(split_addresses(one.email or "")[0]) == address
    ]
