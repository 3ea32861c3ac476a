"""Taking back the consent of contacts to marketing: a part of the verb by which somebody unsubscribes."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.orm import Session

from app.access.ask import ensure, ensure_settable
from app.access.table import Operation
from app.contacts import queries
from app.core.actor import Actor
from app.core.audit import Touch
from app.customers.consent import withdraw
from app.customers.rules import CONSENT_FIELDS


def end_consent(session: Session, actor: Actor, *, ids: Collection[int], address: str) -> list[Touch]:
    """End the consent of some contacts, and of every living one at an address, normalised.

    Return what the caller's audit entry says of them. They are locked: after customers, where both are needed. Raises
    Forbidden.
    """
    ensure(actor, Operation.UPDATE, "contact")
    ensure_settable(actor, "contact", CONSENT_FIELDS)
    found = session.scalars(queries.consenting(actor, ids=ids, address=address)).all()
    return [Touch("contact", one.id, one.label, withdraw(one)) for one in found]
