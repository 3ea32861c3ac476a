"""What is left of a contact that is purged, and the links and rows of lists that go or stay with it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.contacts import queries
from app.contacts.models import (
    Contact,
    ContactLink,
    contact_copy_correspondence,
    contact_copy_ticket_updates,
    contact_regarding,
)
from app.core.actor import Actor
from app.core.audit import Touch
from app.core.bill_format import BillFormat
from app.core.purging import (
    Trace,
    Wiping,
    blank,
    count_references,
    register_need,
    register_trace,
    register_wiping,
)
from app.core.words import say, say_count
from app.customers import queries as customers
from app.customers.models import Customer
from app.lookups.models import LOOKUP_MODELS, Dealer, Lookup

_TABLES = (Contact.__table__, contact_regarding, contact_copy_correspondence, contact_copy_ticket_updates)


def register() -> None:
    """Put it in place."""
    register_wiping(Contact, Wiping(_plainly, wipe))
    for model in (Contact, Customer):
        register_trace(model, LINKS)
    for row in LOOKUP_MODELS.values():
        register_need(row, uses_of_lookup)


def wipe(contact: Contact) -> None:
    """Leave nothing of a contact but whose it was."""
    blank(contact, keep=("customer_id",), instead={"email_bill_type": BillFormat.NONE.value})


def uses_of_lookup(session: Session, row: Lookup) -> list[str]:
    """Say how many contacts, living or in the trash, have a row of a list chosen."""
    if isinstance(row, Dealer):
        count = session.scalar(select(func.count(Contact.id)).where(Contact.dealer_code == row.code)) or 0
    else:
        count = sum(count_references(session, table, row) for table in _TABLES)
    return [say_count("{count} contact has it.", "{count} contacts have it.", count)] if count else []


def _plainly(contact: Contact) -> str:
    """Name a contact by what says nothing about the person."""
    return f"contact {contact.id}"


def _links(session: Session, record: Contact | Customer) -> list[tuple[ContactLink, Contact, Customer]]:
    if isinstance(record, Contact):
        return queries.links(session, contact_id=record.id)
    return queries.links(session, customer_id=record.id)


def _name_links(session: Session, actor: Actor, records: Sequence[Contact | Customer]) -> list[str]:
    """Name what the links lead to as far as it is the actor's to see, deleted or not, and count the others."""
    ends = [
        customer if contact is record else contact
        for record in records
        for _, contact, customer in _links(session, record)
    ]
    seen: set[Contact | Customer] = set()
    for model, of_dealer in ((Customer, customers.of_dealer), (Contact, queries.of_dealer)):
        ids = [one.id for one in ends if isinstance(one, model)]
        if ids:
            seen |= set(session.scalars(select(model).where(model.id.in_(ids), of_dealer(actor))))
    named: list[str] = [say("The link to {name}", name=one.label) for one in ends if one in seen]
    others = len(ends) - len(named)
    if others:
        named.append(
            say_count(
                "{count} link to a record out of your sight", "{count} links to records out of your sight", others
            )
        )
    return named


def _remove_links(session: Session, record: Contact | Customer) -> list[Touch]:
    """Remove the links, and return the records at their other ends."""
    touched = []
    for link, contact, customer in _links(session, record):
        session.delete(link)
        other = customer if contact is record else contact
        touched.append(Touch(other.__tablename__, other.id, other.label))
    return touched


LINKS = Trace(_name_links, _remove_links)
