"""Reads of suppressed addresses, within the actor's sight."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Select, exists, or_, select, true
from sqlalchemy.orm import Session

from app.access.ask import ensure, may
from app.access.table import Operation
from app.contacts import queries as contacts
from app.contacts.models import Contact
from app.core.actor import Actor
from app.core.addresses import normalise
from app.core.errors import NotFound
from app.core.words import say
from app.customers import queries as customers
from app.customers.models import Customer, CustomerAddress
from app.mailer.suppressions.models import Suppression


def suppressions(actor: Actor) -> Select[Suppression]:
    """Select the living suppressions in sight. Raises Forbidden."""
    ensure(actor, Operation.READ, "suppression")
    return select(Suppression).where(Suppression.deleted_at.is_(None), _in_sight(actor))


def suppression(session: Session, actor: Actor, *, suppression_id: int, lock: bool = False) -> Suppression:
    """Return one living suppression in sight. Raises NotFound, Forbidden."""
    statement = suppressions(actor).where(Suppression.id == suppression_id)
    found: Suppression | None = session.scalar(_locked(statement) if lock else statement)
    if found is None:
        raise NotFound(say("There is no suppressed address with this id."))
    return found


def living_at(session: Session, address: str, *, lock: bool = False) -> Suppression | None:
    """Return the living suppression of an address, whoever may see it: there is one at most."""
    statement = select(Suppression).where(
        Suppression.address_normalised == normalise(address), Suppression.deleted_at.is_(None)
    )
    found: Suppression | None = session.scalar(_locked(statement) if lock else statement)
    return found


def trash(actor: Actor) -> Select[Suppression]:
    """Select those that were lifted. Raises Forbidden."""
    ensure(actor, Operation.TRASH, "suppression")
    return select(Suppression).where(
        Suppression.deleted_at.is_not(None), Suppression.purged_at.is_(None), _in_sight(actor)
    )


def lifted_suppression(session: Session, actor: Actor, *, suppression_id: int) -> Suppression:
    """Return one in sight, lifted or not, yet not purged, locked. Raises NotFound."""
    statement = select(Suppression).where(
        Suppression.id == suppression_id, Suppression.purged_at.is_(None), _in_sight(actor)
    )
    found: Suppression | None = session.scalar(_locked(statement))
    if found is None:
        raise NotFound(say("There is no suppressed address with this id."))
    return found


def matching(text: str) -> ColumnElement[bool]:
    """Return the condition that an address holds a text, as addresses are compared."""
    return Suppression.address_normalised.contains(normalise(text), autoescape=True)


def living_among(session: Session, actor: Actor, addresses: Iterable[str]) -> list[Suppression]:
    """Return the living suppressions of some addresses, as far as they are in sight."""
    keys = {normalise(one) for one in addresses}
    if not keys or not may(actor, Operation.READ, "suppression"):
        return []
    wanted = suppressions(actor).where(Suppression.address_normalised.in_(keys))
    return list(session.scalars(wanted.order_by(Suppression.address_normalised)))


def _in_sight(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that an address is in sight: any, or those of the dealer's customers and contacts."""
    if actor.dealer_code is None:
        return true()
    of_customer = exists().where(
        CustomerAddress.address_normalised == Suppression.address_normalised,
        CustomerAddress.customer_id == Customer.id,
        customers.in_sight(actor),
    )
    of_contact = exists().where(Contact.email_normalised == Suppression.address_normalised, contacts.in_sight(actor))
    return or_(of_customer, of_contact)


def _locked(statement: Select[Suppression]) -> Select[Suppression]:
    return statement.with_for_update(of=Suppression).execution_options(populate_existing=True)
