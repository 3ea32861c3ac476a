"""Where an address stands that no road of a document leads to: with which contacts and customers in sight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from app.access.ask import may
from app.access.table import Operation
from app.contacts import queries as contacts
from app.contacts.models import Contact
from app.core.actor import Actor
from app.core.addresses import normalise, split_addresses
from app.core.words import Words, say
from app.customers import queries as customers
from app.customers.models import Customer

# So many contacts and customers are named.
NAMED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """A contact or a customer that has the address; `is_own` is a contact of the customer that was deleted."""

    resource: str
    id: int
    name: str
    kind: str | None
    deleted: bool
    is_own: bool

    @property
    def url(self) -> str | None:
        """Return the address of its page; what is deleted has none."""
        if self.deleted:
            return None
        return url_for("ContactView.show" if self.resource == "contact" else "CustomerView.show", pk=self.id)


def elsewhere(session: Session, actor: Actor, *, customer: Customer, key: str, address: str) -> list[Elsewhere]:
    """Return who in sight has an address, the contacts of the customer that were deleted among them."""
    found = [
        _contact(session, one, customer)
        for statement in _contact_rows(actor)
        for one in session.scalars(statement.where(Contact.email_normalised == key).order_by(Contact.id).limit(NAMED))
    ]
    if may(actor, Operation.READ, "customer"):
        rows = session.scalars(
            customers.customers(actor)
            .where(customers.matching(address), Customer.id != customer.id)
            .order_by(Customer.id)
            .limit(NAMED)
        )
        found += [
            Elsewhere(resource="customer", id=one.id, name=one.label, kind=None, deleted=False, is_own=False)
            for one in rows
            if key in {normalise(own) for own in split_addresses(one.email or "")}
        ]
    return found


def where_words(place: Elsewhere) -> Words:
    """Say in a sentence where an address stands."""
    if place.resource == "customer":
        return say("It is an address of another customer, {name}.", name=place.name)
    if place.is_own:
        return say("{name} had this address, and was deleted.", name=place.name)
    if place.deleted:
        return say("{name}, a contact in the trash, has this address.", name=place.name)
    if place.kind == "shared":
        return say("{name}, a shared contact, has this address, and is not linked to this customer.", name=place.name)
    return say("{name}, a direct contact of another customer, has this address.", name=place.name)


def _contact_rows(actor: Actor) -> list[Any]:
    rows = [contacts.contacts(actor)] if may(actor, Operation.READ, "contact") else []
    return [*rows, contacts.trash(actor)] if may(actor, Operation.TRASH, "contact") else rows


def _contact(session: Session, contact: Contact, customer: Customer) -> Elsewhere:
    deleted = contact.deleted_at is not None
    return Elsewhere(
        resource="contact",
        id=contact.id,
        name=contact.name,
        kind=contact.kind,
        deleted=deleted,
        is_own=deleted and contacts.is_contact_of(session, contact, customer_id=customer.id),
    )
