"""Reads of contacts, each within the actor's sight."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    SelectBase,
    and_,
    exists,
    func,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import Operation
from app.contacts.models import Contact, ContactLink, contact_regarding
from app.core import search_index
from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.words import say
from app.customers import queries as customers
from app.customers.models import Customer
from app.lookups.models import Topic

PICKER_ROWS = 20
MAX_DUPLICATES = 5


def in_sight(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that a living contact is in the actor's sight.

    With a dealer code: contacts of that dealer's living customers, and shared ones with that dealer code.
    """
    return and_(Contact.deleted_at.is_(None), _of_dealer(actor, Customer.deleted_at.is_(None)))


def is_in_sight(session: Session, actor: Actor, contact: Contact) -> bool:
    """Tell whether a contact is in the actor's sight, as the database has it."""
    return session.scalar(select(Contact.id).where(Contact.id == contact.id, in_sight(actor))) is not None


def of_dealer(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that a contact, living or deleted, is the dealer's to bring back."""
    return _of_dealer(actor, true())


def _of_dealer(actor: Actor, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that a contact is the dealer's, by its own code or by customers that meet `condition`."""
    if actor.dealer_code is None:
        return true()
    own = select(Customer.id).where(Customer.dealer_code == actor.dealer_code, condition)
    linked = exists().where(ContactLink.contact_id == Contact.id, ContactLink.customer_id.in_(own))
    return or_(
        Contact.customer_id.in_(own),
        and_(Contact.customer_id.is_(None), or_(Contact.dealer_code == actor.dealer_code, linked)),
    )


def contacts(actor: Actor) -> Select[Contact]:
    """Select the contacts in sight. Raises Forbidden."""
    ensure(actor, Operation.READ, "contact")
    return select(Contact).where(in_sight(actor))


def contact(session: Session, actor: Actor, *, contact_id: int, lock: bool = False) -> Contact:
    """Return one contact in sight. Raises NotFound, Forbidden."""
    statement = contacts(actor).where(Contact.id == contact_id)
    found: Contact | None = session.scalar(_locked(statement) if lock else statement)
    if found is None:
        raise NotFound(say("There is no contact with this id."))
    return found


def trash(actor: Actor) -> Select[Contact]:
    """Select the deleted contacts of the actor's dealer. Raises Forbidden."""
    ensure(actor, Operation.TRASH, "contact")
    return select(Contact).where(Contact.deleted_at.is_not(None), Contact.purged_at.is_(None), of_dealer(actor))


def deleted_contact(session: Session, actor: Actor, *, contact_id: int, lock: bool = True) -> Contact:
    """Return one contact of the actor's dealer, deleted or not, yet not purged. Raises NotFound."""
    statement = select(Contact).where(Contact.id == contact_id, Contact.purged_at.is_(None), of_dealer(actor))
    found: Contact | None = session.scalar(_locked(statement) if lock else statement)
    if found is None:
        raise NotFound(say("There is no contact with this id."))
    return found


def ids_of_customer(customer_id: int) -> CompoundSelect[int]:
    """Select the ids of a customer's direct and linked shared contacts; two index look-ups, at any size."""
    return union_all(
        select(Contact.id).where(Contact.customer_id == customer_id),
        select(ContactLink.contact_id).where(ContactLink.customer_id == customer_id),
    )


def contacts_of_customer(actor: Actor, *, customer_id: int) -> Select[Contact]:
    """Select the living contacts of a customer, both kinds. That the customer is in sight is for the caller to see."""
    ensure(actor, Operation.READ, "contact")
    return select(Contact).where(Contact.deleted_at.is_(None), Contact.id.in_(ids_of_customer(customer_id)))


def topics_of_customer(actor: Actor, *, customer_id: int) -> Select[Topic]:
    """Select the topics that a customer's living contacts deal with, in their order."""
    ids = contacts_of_customer(actor, customer_id=customer_id).with_only_columns(Contact.id)
    dealt_with = select(contact_regarding.c.topic_id).where(contact_regarding.c.contact_id.in_(ids))
    return select(Topic).where(Topic.id.in_(dealt_with)).order_by(Topic.position, Topic.name)


def shared_contacts_of_customer(actor: Actor, *, customer_id: int) -> Select[Contact]:
    """Select the living shared contacts that are linked to a customer."""
    linked = select(ContactLink.contact_id).where(ContactLink.customer_id == customer_id)
    ensure(actor, Operation.READ, "contact")
    return select(Contact).where(Contact.deleted_at.is_(None), Contact.id.in_(linked))


def linkable_contacts(actor: Actor, *, customer_id: int, text: str) -> Select[Contact]:
    """Select the shared contacts that may be linked to a customer: in sight, matching, and not linked yet."""
    linked = select(ContactLink.contact_id).where(ContactLink.customer_id == customer_id)
    statement = contacts(actor).where(Contact.customer_id.is_(None), Contact.id.not_in(linked))
    return (statement.where(matching(text)) if text else statement).order_by(Contact.last_name, Contact.id)


def links(
    session: Session, *, contact_id: int | None = None, customer_id: int | None = None
) -> list[tuple[ContactLink, Contact, Customer]]:
    """Return all links of a contact, or of a customer, with both of their ends."""
    statement = select(ContactLink, Contact, Customer).where(
        ContactLink.contact_id == Contact.id, ContactLink.customer_id == Customer.id
    )
    which = ContactLink.contact_id == contact_id if contact_id else ContactLink.customer_id == customer_id
    return [
        (row[0], row[1], row[2]) for row in session.execute(statement.where(which).order_by(Contact.id, Customer.id))
    ]


def duplicates(session: Session, actor: Actor, contact: Contact) -> Sequence[Contact]:
    """Return a few contacts in sight that have the address, or the name and company, of `contact`."""
    same = [
        column == value
        for column, value in (
            (Contact.email_normalised, contact.email_normalised),
            (Contact.name_key, contact.name_key),
        )
        if value
    ]
    if not same:
        return []
    statement = contacts(actor).where(or_(*same), Contact.id != contact.id)
    return session.scalars(statement.order_by(Contact.id).limit(MAX_DUPLICATES)).all()


def is_contact_of(session: Session, contact: Contact, *, customer_id: int) -> bool:
    """Tell whether a contact is a direct one of a customer, or linked to it."""
    return contact.customer_id == customer_id or (
        contact.customer_id is None and link(session, customer_id=customer_id, contact_id=contact.id) is not None
    )


def link(session: Session, *, customer_id: int, contact_id: int) -> ContactLink | None:
    """Return the row that ties a shared contact to a customer."""
    return session.get(ContactLink, (customer_id, contact_id))


def customers_of_contact(contact: Contact) -> Select[Customer]:
    """Select all living customers of a contact, in sight or not, by account number."""
    linked = select(ContactLink.customer_id).where(ContactLink.contact_id == contact.id)
    wanted = Customer.id == contact.customer_id if contact.customer_id is not None else Customer.id.in_(linked)
    return select(Customer).where(wanted, Customer.deleted_at.is_(None)).order_by(Customer.account_number)


def customers_in_sight(actor: Actor, contact: Contact) -> Select[Customer]:
    """Select the customers of a contact that the actor may see, by account number."""
    return customers_of_contact(contact).where(customers.in_sight(actor))


def count_customers(session: Session, statement: Select[Customer]) -> int:
    """Count the customers of one of the two statements above."""
    ids = statement.with_only_columns(Customer.id).order_by(None)
    return session.scalar(select(func.count()).select_from(ids.subquery())) or 0


def touched_customers(
    session: Session, actor: Actor, contact: Contact, *, named: int
) -> tuple[Sequence[Customer], int]:
    """Return customers that a change of the contact touches: at most `named` in sight, and how many others there are.

    The others are counted, those out of sight among them.
    """
    seen = session.scalars(customers_in_sight(actor, contact).limit(named)).all()
    return seen, count_customers(session, customers_of_contact(contact)) - len(seen)


def customer_of_link(session: Session, actor: Actor, *, customer_id: int) -> Customer:
    """Return the customer that a link is about, locked, so that linking and deleting it take turns."""
    return customers.customer(session, actor, customer_id=customer_id, lock=True)


def consenting(actor: Actor, *, ids: Collection[int], address: str) -> Select[Contact]:
    """Select the contacts of the actor's dealer with consent to marketing, locked in the order of their ids.

    Those of some ids, deleted ones among them, and the living ones that have a normalised address.
    """
    found = select(Contact).where(
        of_dealer(actor),
        Contact.marketing_consent_at.is_not(None),
        Contact.purged_at.is_(None),
        or_(Contact.id.in_(ids), and_(Contact.deleted_at.is_(None), Contact.email_normalised == address)),
    )
    return _locked(found.order_by(Contact.id))


def matching(text: str) -> ColumnElement[bool]:
    """Return the condition that `text` finds a contact: name, company, address, email or phone number."""
    return search_index.among(Contact.id, findings(text))


def findings(text: str) -> list[SelectBase]:
    """Return selections of the ids that `matching` is about."""
    return search_index.findings("contact", text)


def _locked(statement: Select[Contact]) -> Select[Contact]:
    """Lock the row until the unit of work ends, and read it afresh."""
    return statement.with_for_update(of=Contact).execution_options(populate_existing=True)
