"""The verbs of contacts: make, change, delete, restore, link, unlink and convert."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from app.access.ask import ensure
from app.access.table import Operation
from app.contacts import queries
from app.contacts.models import Contact, ContactLink
from app.contacts.rules import (
    CONTACT_FIELDS,
    DECIDE_COPIES,
    NAMING,
    contact_errors,
    dealer_code_errors,
    ensure_convertible,
    ensure_linkable,
    ensure_unlinkable,
    name_key,
)
from app.contacts.usage_reports import report_errors
from app.core import audit, clock, purging, soft_delete
from app.core.actor import Actor
from app.core.addresses import normalise
from app.core.audit import Touch, Verb
from app.core.errors import Conflict, FieldErrors, NotFound
from app.core.reach import Reach, lessened
from app.core.records import check_version
from app.core.words import say
from app.customers import queries as customers
from app.customers.models import Customer
from app.customers.rules import settled_consent
from app.customers.service import consent_of, with_own_dealer
from app.lookups.editing import Edit, prepare_change, prepare_new


def create_contact(session: Session, actor: Actor, *, values: Mapping[str, object]) -> Contact:
    """Make a contact: direct with a `customer_id`, shared without. Raises Forbidden, Invalid."""
    ensure(actor, Operation.CREATE, "contact")
    given = _without_blank_password(values)
    if values.get("customer_id") in (None, ""):
        given = with_own_dealer(actor, given)
    edit = prepare_new(
        session,
        actor,
        resource="contact",
        fields=CONTACT_FIELDS,
        given=settled_consent(given, before=(None, None), now=clock.now()),
        rule=lambda merged: (
            contact_errors(merged, now=clock.now())
            | _customer_errors(session, actor, merged)
            | report_errors(session, actor, merged, None)
        ),
    )
    contact = Contact()
    _apply(contact, edit)
    session.add(contact)
    session.flush()
    touched = [_touch(contact, edit)]
    if contact.customer_id is not None:
        touched.append(_touch_customer(customers.customer(session, actor, customer_id=contact.customer_id)))
    audit.record(session, actor, verb=Verb.CONTACT_CREATED, touched=touched)
    return contact


def update_contact(
    session: Session, actor: Actor, *, contact_id: int, values: Mapping[str, object], version: int | None = None
) -> Contact:
    """Change a contact, for all its customers. Raises Forbidden, NotFound, Stale, Invalid."""
    ensure(actor, Operation.UPDATE, "contact")
    contact = queries.contact(session, actor, contact_id=contact_id, lock=True)
    check_version(contact, version)
    edit = prepare_change(
        session,
        actor,
        resource="contact",
        fields=CONTACT_FIELDS,
        record=contact,
        given=settled_consent(_without_blank_password(values), before=consent_of(contact), now=clock.now()),
        rule=lambda merged: (
            contact_errors(merged, now=clock.now())
            | _dealer_errors_of_change(actor, contact, merged)
            | report_errors(session, actor, merged, contact)
        ),
    )
    if edit.changes:
        _apply(contact, edit)
        touched = [_touch(contact, edit), *_touch_customers_of(session, contact)]
        if edit.changes.keys() & DECIDE_COPIES:
            touched += lessened(session, Reach(contact_id=contact.id))
        audit.record(session, actor, verb=Verb.CONTACT_UPDATED, touched=touched)
    return contact


def delete_contact(session: Session, actor: Actor, *, contact_id: int, version: int | None = None) -> Contact:
    """Delete a contact; the links of a shared one are kept for its restore. Raises Forbidden, NotFound, Stale."""
    ensure(actor, Operation.DELETE, "contact")
    contact = queries.contact(session, actor, contact_id=contact_id, lock=True)
    check_version(contact, version)
    losing = _touch_customers_of(session, contact)
    entry = soft_delete.delete(session, actor, record=contact, touch=_touch(contact), verb=Verb.CONTACT_DELETED)
    audit.also(session, entry, [*losing, *lessened(session, Reach(contact_id=contact.id))])
    return contact


def restore_contact(
    session: Session, actor: Actor, *, contact_id: int, version: int | None = None, act: int | None = None
) -> Contact:
    """Bring back a contact with its links and settings; with `act`, only after that very deletion.

    Raises Forbidden, NotFound, Stale, Conflict (`not_deleted`, `other_deletion`; `parent_deleted` when its customer is
    still deleted, or each customer by which a dealer's staff would see it).
    """
    ensure(actor, Operation.RESTORE, "contact")
    contact = _deleted_contact(session, actor, contact_id)
    entry = soft_delete.restore(
        session, actor, record=contact, touch=_touch(contact), verb=Verb.CONTACT_RESTORED, version=version, act=act
    )
    _ensure_stays_in_sight(session, actor, contact)
    audit.also(session, entry, _touch_customers_of(session, contact))
    return contact


def purge_contact(
    session: Session, actor: Actor, *, contact_id: int, reason: object, version: int | None = None
) -> None:
    """Wipe a deleted contact for good, with its links, and its name and address in what was sent.

    Raises Forbidden, NotFound, Invalid, Stale, Conflict (`not_deleted`, `still_needed`).
    """
    ensure(actor, Operation.PURGE, "contact")
    contact = _deleted_contact(session, actor, contact_id)
    purging.purge(session, actor, record=contact, verb=Verb.CONTACT_PURGED, reason=reason, version=version)


def _deleted_contact(session: Session, actor: Actor, contact_id: int) -> Contact:
    """Return a contact that may be in the trash, locked after its customer, as in every verb that needs both."""
    customer_id = queries.deleted_contact(session, actor, contact_id=contact_id, lock=False).customer_id
    if customer_id is not None:
        customers.deleted_customer(session, actor, customer_id=customer_id)
    return queries.deleted_contact(session, actor, contact_id=contact_id)


def add_shared_contact(
    session: Session, actor: Actor, *, customer_id: int, contact_id: int, version: int | None = None
) -> ContactLink:
    """Link a shared contact to a customer; `version` is the customer's.

    Raises Forbidden, NotFound, Stale, Invalid (`not_shared`), Conflict (`already_linked`).
    """
    ensure(actor, Operation.LINK, "customer")
    customer = queries.customer_of_link(session, actor, customer_id=customer_id)
    check_version(customer, version)
    contact = queries.contact(session, actor, contact_id=contact_id, lock=True)
    linked = queries.link(session, customer_id=customer_id, contact_id=contact_id)
    ensure_linkable(is_shared=contact.customer_id is None, is_linked=linked is not None)
    link = ContactLink(customer_id=customer.id, contact_id=contact.id, linked_by=actor.username)
    session.add(link)
    audit.record(
        session,
        actor,
        verb=Verb.SHARED_CONTACT_ADDED,
        touched=[_touch_customer(customer), _touch(contact)],
    )
    return link


def remove_shared_contact(
    session: Session, actor: Actor, *, customer_id: int, contact_id: int, version: int | None = None
) -> None:
    """Take a shared contact off a customer; only the link goes, and `version` is the customer's.

    Raises Forbidden, NotFound (`not_linked`), Stale.
    """
    ensure(actor, Operation.LINK, "customer")
    customer = queries.customer_of_link(session, actor, customer_id=customer_id)
    check_version(customer, version)
    linked = queries.link(session, customer_id=customer_id, contact_id=contact_id)
    ensure_unlinkable(is_linked=linked is not None)
    contact = queries.contact(session, actor, contact_id=contact_id, lock=True)
    session.delete(linked)
    lost = lessened(session, Reach(contact_id=contact.id, customer_id=customer.id))
    touched = [_touch_customer(customer), _touch(contact), *lost]
    audit.record(session, actor, verb=Verb.SHARED_CONTACT_REMOVED, touched=touched)


def convert_to_shared(session: Session, actor: Actor, *, contact_id: int, version: int | None = None) -> Contact:
    """Make a direct contact a shared one that stays linked to its customer; there is no way back.

    Raises Forbidden, NotFound, Stale, Conflict (`already_shared`).
    """
    ensure(actor, Operation.CONVERT, "contact")
    customer_id = queries.contact(session, actor, contact_id=contact_id).customer_id
    ensure_convertible(is_shared=customer_id is None)
    # The customer is locked before the contact, as in every verb that needs both: no two can wait for each other.
    customer = queries.customer_of_link(session, actor, customer_id=customer_id or 0)
    contact = queries.contact(session, actor, contact_id=contact_id, lock=True)
    ensure_convertible(is_shared=contact.customer_id is None)
    check_version(contact, version)
    contact.customer_id = None
    session.add(ContactLink(customer_id=customer.id, contact_id=contact.id, linked_by=actor.username))
    audit.record(
        session,
        actor,
        verb=Verb.CONTACT_CONVERTED,
        touched=[
            Touch("contact", contact.id, contact.label, {"customer_id": (customer.id, None)}),
            _touch_customer(customer),
        ],
    )
    return contact


def _customer_errors(session: Session, actor: Actor, values: Mapping[str, Any]) -> FieldErrors:
    """Refuse a customer that isn't in sight, and a dealer's staff the code of another dealer."""
    customer_id = values.get("customer_id")
    errors = dealer_code_errors(
        actor.dealer_code, before=None, after=values.get("dealer_code"), is_shared=customer_id is None
    )
    if customer_id is not None:
        try:
            customers.customer(session, actor, customer_id=customer_id, lock=True)
        except NotFound:
            errors["customer_id"] = [say("There is no customer with this id.")]
    return errors


def _dealer_errors_of_change(actor: Actor, contact: Contact, values: Mapping[str, Any]) -> FieldErrors:
    if contact.dealer_code == values.get("dealer_code"):
        return {}
    return dealer_code_errors(
        actor.dealer_code,
        before=contact.dealer_code,
        after=values.get("dealer_code"),
        is_shared=contact.customer_id is None,
    )


def _ensure_stays_in_sight(session: Session, actor: Actor, contact: Contact) -> None:
    """Raise Conflict for a restored contact that a dealer's staff had in their trash, and wouldn't have in their lists.

    All that ties such a one to the dealer are deleted customers. It is refused as a direct contact of a deleted
    customer is, with the same way out: nobody brings back what they then can neither see nor delete again, and a
    deleted customer brings nothing into sight.
    """
    session.flush()
    if not queries.is_in_sight(session, actor, contact):
        text = say("{name} is shared by customers that are deleted too. Restore one of them first.", name=contact.label)
        raise Conflict(text, code="parent_deleted")


def _without_blank_password(values: Mapping[str, object]) -> dict[str, object]:
    """Leave out a blank password, be it empty or all space: it means that the one there is stays."""
    given = dict(values)
    password = given.get("account_password")
    if isinstance(password, str) and not password.strip():
        del given["account_password"]
    return given


def _apply(contact: Contact, edit: Edit) -> None:
    """Put the change on the contact: the password as a hash, the address also as it is compared."""
    edit.apply(contact)
    if "account_password" in edit.changes:
        new = edit.changes["account_password"][1]
        contact.account_password_hash = generate_password_hash(new) if new else None
    if "email" in edit.changes:
        contact.email_normalised = normalise(contact.email) if contact.email else None
    if edit.changes.keys() & NAMING:
        contact.name_key = name_key(
            first_name=contact.first_name, last_name=contact.last_name, company_name=contact.company_name
        )


def _touch(contact: Contact, edit: Edit | None = None) -> Touch:
    return Touch("contact", contact.id, contact.label, edit.trail() if edit else {})


def _touch_customers_of(session: Session, contact: Contact) -> list[Touch]:
    """Name the living customers of a contact, direct or shared: those that a change of it touches."""
    return [_touch_customer(one) for one in session.scalars(queries.customers_of_contact(contact))]


def _touch_customer(customer: Customer) -> Touch:
    return Touch("customer", customer.id, customer.label)
