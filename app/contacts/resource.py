"""What the screens and REST of contacts have in common."""

from __future__ import annotations

from sqlalchemy.orm import joinedload, raiseload, selectinload

from app.contacts import queries, service
from app.contacts.labels import CONTACT_LABELS
from app.contacts.list_filters import CONTACT_FILTERS
from app.contacts.models import Contact
from app.contacts.rules import CONTACT_FIELDS
from app.core.words import say
from app.customers.resource import fields_of_modules_off
from app.web.resource import Resource, filled, folded

CONTACT = Resource(
    name="contact",
    label=say("Contact"),
    plural=say("Contacts"),
    add_label=say("Add contact"),
    none_yet=say("No contacts yet"),
    labels=CONTACT_LABELS,
    model=Contact,
    fields=CONTACT_FIELDS,
    rows=queries.contacts,
    get=lambda session, actor, number: queries.contact(session, actor, contact_id=number),
    orders={
        "id": Contact.id,
        "last_name": (folded(Contact.last_name), filled(folded(Contact.first_name))),
        "company_name": folded(Contact.company_name),
        "email": Contact.email_normalised,
        "created_at": Contact.created_at,
        "last_modified_at": Contact.last_modified_at,
    },
    default_order="last_name",
    list_filters=CONTACT_FILTERS,
    filters={
        "id": Contact.id,
        "customer_id": Contact.customer_id,
        "contact_type": Contact.contact_type_id,
        "first_name": Contact.first_name,
        "last_name": Contact.last_name,
        "company_name": Contact.company_name,
        "postcode": Contact.postcode,
        "country": Contact.country,
        "email": Contact.email,
        "email_bill_type": Contact.email_bill_type,
        "contact_regarding": Contact.contact_regarding,
        "copy_correspondence": Contact.copy_correspondence,
        "copy_ticket_updates": Contact.copy_ticket_updates,
        "dealer_code": Contact.dealer_code,
        "created_at": Contact.created_at,
        "last_modified_at": Contact.last_modified_at,
    },
    matching=queries.matching,
    load=(
        joinedload(Contact.customer),
        joinedload(Contact.contact_type),
        joinedload(Contact.title),
        selectinload(Contact.contact_regarding),
        selectinload(Contact.copy_correspondence),
        selectinload(Contact.copy_ticket_updates),
        raiseload("*"),
    ),
    read_only={
        "kind": lambda contact: contact.kind,
    },
    of_owner=("customer.account_number",),
    hidden=fields_of_modules_off,
    create=lambda session, actor, values: service.create_contact(session, actor, values=values),
    update=lambda session, actor, number, values, version: service.update_contact(
        session, actor, contact_id=number, values=values, version=version
    ),
    delete=lambda session, actor, number, version: service.delete_contact(
        session, actor, contact_id=number, version=version
    ),
    trash=queries.trash,
    restore=lambda session, actor, number, version, act: service.restore_contact(
        session, actor, contact_id=number, version=version, act=act
    ),
    purge=lambda session, actor, number, reason, version: service.purge_contact(
        session, actor, contact_id=number, reason=reason, version=version
    ),
)
