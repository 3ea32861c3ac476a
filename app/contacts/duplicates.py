"""Adding a contact that exists already: the screen shows it, and offers to link that one instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import g, request, url_for
from sqlalchemy.orm import Session

from app.access.ask import may
from app.access.table import Operation
from app.contacts import queries, service
from app.contacts.models import Contact
from app.contacts.showing import kind_tag, touched
from app.core.actor import Actor
from app.core.errors import Conflict, NotFound
from app.core.fields import Reference
from app.core.words import say
from app.customers import queries as customers
from app.customers.models import Customer
from app.extensions import db
from app.web.request_filters import ids_of

# The ids of the contacts that were shown, which the form carries: saving once more adds another one all the same.
SEEN = "seen_contacts"


def create_asking(session: Session, actor: Actor, values: Mapping[str, object]) -> Contact:
    """Make a contact, unless there are others like it that its form hasn't shown.

    Raises Conflict (`duplicates`) beside what the verb raises, which comes first: nothing is asked about a contact
    that can't be saved.
    """
    contact = service.create_contact(session, actor, values=values)
    found = [one.id for one in queries.duplicates(session, actor, contact)]
    if set(found) <= set(ids_of(request.form.get(SEEN, "").split(","))):
        return contact
    g.found_contacts = found
    raise Conflict(
        say("A contact with this address, or with this name and company, exists already. Nothing was added yet."),
        code="duplicates",
    )


def context(actor: Actor, given: Mapping[str, object]) -> dict[str, Any]:
    """Return what the form shows of the contacts that were found, or nothing."""
    found: list[int] = g.get("found_contacts", [])
    if not found:
        return {}
    session = db.session()
    customer = _customer(session, actor, given)
    rows = session.scalars(queries.contacts(actor).where(Contact.id.in_(found)).order_by(Contact.id))
    return {
        "above_template": "contacts/found.html",
        "found": [_row(session, actor, one, customer) for one in rows],
        "customer": customer,
        "kept": {SEEN: ",".join(map(str, found))},
        "submit_label": say("Add anyway"),
    }


def _row(session: Session, actor: Actor, contact: Contact, customer: Customer | None) -> dict[str, Any]:
    """Return what is shown of a contact, and what can be done instead of adding another one."""
    here = customer is not None and queries.is_contact_of(session, contact, customer_id=customer.id)
    shared = contact.customer_id is None
    links = customer is not None and shared and not here and may(actor, Operation.LINK, "customer")
    return {
        "id": contact.id,
        "name": contact.name,
        "company": contact.company_name,
        "email": contact.email,
        "kind": kind_tag(contact),
        "customers": touched(actor, contact),
        "url": url_for("ContactView.show", pk=contact.id),
        "here": here,
        "link_url": url_for("SharedContactsView.add_shared_contact", pk=customer.id) if customer and links else None,
        "convert_first": customer is not None and not shared and not here,
        "convert_url": url_for("ContactView.convert_to_shared", pk=contact.id)
        if may(actor, Operation.CONVERT, "contact")
        else None,
    }


def _customer(session: Session, actor: Actor, given: Mapping[str, object]) -> Customer | None:
    """Return the customer in sight whose direct contact is being added, or None for a shared one."""
    try:
        number = Reference().clean(given.get("customer_id"))
        return customers.customer(session, actor, customer_id=number) if isinstance(number, int) else None
    except (ValueError, NotFound):
        return None
