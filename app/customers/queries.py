"""Reads of customers, each within the actor's sight: no deleted one, and only those of the actor's dealer."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Select, SelectBase, and_, or_, select, true
from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import Operation
from app.core import search_index
from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.words import say
from app.customers.models import Customer, CustomerAddress


def in_sight(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that a living customer is in the actor's sight."""
    return and_(Customer.deleted_at.is_(None), of_dealer(actor))


def of_dealer(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that a customer, living or deleted, is of the actor's dealer."""
    return true() if actor.dealer_code is None else Customer.dealer_code == actor.dealer_code


def customers(actor: Actor) -> Select[Customer]:
    """Select the customers in sight. Raises Forbidden."""
    ensure(actor, Operation.READ, "customer")
    return select(Customer).where(in_sight(actor))


def customer(session: Session, actor: Actor, *, customer_id: int, lock: bool = False) -> Customer:
    """Return one customer in sight. Raises NotFound, Forbidden."""
    statement = customers(actor).where(Customer.id == customer_id)
    found: Customer | None = session.scalar(_locked(statement) if lock else statement)
    if found is None:
        raise NotFound(say("There is no customer with this id."))
    return found


def trash(actor: Actor) -> Select[Customer]:
    """Select the deleted customers of the actor's dealer. Raises Forbidden."""
    ensure(actor, Operation.TRASH, "customer")
    return select(Customer).where(Customer.deleted_at.is_not(None), Customer.purged_at.is_(None), of_dealer(actor))


def deleted_customer(session: Session, actor: Actor, *, customer_id: int) -> Customer:
    """Return one customer of the actor's dealer, deleted or not, yet not purged, locked. Raises NotFound."""
    own = select(Customer).where(Customer.id == customer_id, Customer.purged_at.is_(None), of_dealer(actor))
    found: Customer | None = session.scalar(_locked(own))
    if found is None:
        raise NotFound(say("There is no customer with this id."))
    return found


def consenting(actor: Actor, *, ids: Collection[int], address: str) -> Select[Customer]:
    """Select the customers of the actor's dealer with consent to marketing, locked in the order of their ids.

    Those of some ids, deleted ones among them, and the living ones of which a normalised address is one of the own.
    """
    theirs = select(CustomerAddress.customer_id).where(CustomerAddress.address_normalised == address)
    found = select(Customer).where(
        of_dealer(actor),
        Customer.marketing_consent_at.is_not(None),
        Customer.purged_at.is_(None),
        or_(Customer.id.in_(ids), and_(Customer.deleted_at.is_(None), Customer.id.in_(theirs))),
    )
    return _locked(found.order_by(Customer.id))


def matching(text: str) -> ColumnElement[bool]:
    """Return the condition that `text` finds a customer: number, name, company, address, email or phone number."""
    return search_index.among(Customer.id, findings(text))


def findings(text: str) -> list[SelectBase]:
    """Return selections of the ids that `matching` is about."""
    return search_index.findings("customer", text)


def _locked(statement: Select[Customer]) -> Select[Customer]:
    """Lock the row until the unit of work ends, and read it afresh."""
    # Not the key: a message or a contact that names the customer need not wait for it.
    return statement.with_for_update(of=Customer, key_share=True).execution_options(populate_existing=True)
