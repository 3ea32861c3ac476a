"""Reads of contacts, each within the actor's sight."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, exists, func, or_, select, true, union_all
from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import Operation
from app.contacts.models import Contact, ContactLink
from app.core.actor import Actor
from app.core.addresses import normalise
from app.core.errors import NotFound
from app.customers import queries as customers
from app.customers.models import Customer

PICKER_ROWS = 20


def in_sight(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that a living contact is in the actor's sight.

    With a dealer code: contacts of that dealer's living customers, and shared ones with that dealer code.
    """
    return and_(Contact.deleted_at.is_(None), _of_dealer(actor, Customer.deleted_at.is_(None)))


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
        raise NotFound("There is no contact with this id.")
    return found


def deleted_contact(session: Session, actor: Actor, *, contact_id: int, lock: bool = True) -> Contact:
    """Return one contact of the actor's dealer, deleted or not. Raises NotFound."""
    statement = select(Contact).where(Contact.id == contact_id, of_dealer(actor))
    found: Contact | None = session.scalar(_locked(statement) if lock else statement)
    if found is None:
        raise NotFound("There is no contact with this id.")
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


def matching(text: str) -> ColumnElement[bool]:
    """Return the condition that name, company, address or email holds `text`, whatever its case."""
    columns = (
        Contact.last_name,
        Contact.first_name,
        Contact.company_name,
        Contact.postcode,
        Contact.address_line_1,
        Contact.email,
    )
    return or_(
        *(column.icontains(text, autoescape=True) for column in columns),
        (func.coalesce(Contact.first_name, "") + " " + func.coalesce(Contact.last_name, "")).icontains(
            text, autoescape=True
        ),
        Contact.email_normalised == normalise(text),
    )


def _locked(statement: Select[Contact]) -> Select[Contact]:
    """Lock the row until the unit of work ends, and read it afresh."""
    return statement.with_for_update(of=Contact).execution_options(populate_existing=True)
