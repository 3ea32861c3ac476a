"""What the screens and REST of contacts have in common."""

from __future__ import annotations

from sqlalchemy.orm import joinedload, raiseload, selectinload

from app.contacts import queries, service
from app.contacts.models import Contact
from app.contacts.rules import CONTACT_FIELDS
from app.web.resource import Resource

CONTACT = Resource(
    name="contact",
    label="Contact",
    plural="Contacts",
    model=Contact,
    fields=CONTACT_FIELDS,
    rows=queries.contacts,
    get=lambda session, actor, number: queries.contact(session, actor, contact_id=number),
    orders={
        "id": Contact.id,
        "last_name": Contact.last_name,
        "company_name": Contact.company_name,
        "email": Contact.email,
        "created_at": Contact.created_at,
        "last_modified_at": Contact.last_modified_at,
    },
    default_order=(Contact.last_name, Contact.first_name),
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
        "marketing_consent_at": lambda contact: contact.marketing_consent_at,
        "marketing_consent_source": lambda contact: contact.marketing_consent_source,
    },
    create=lambda session, actor, values: service.create_contact(session, actor, values=values),
    update=lambda session, actor, number, values, version: service.update_contact(
        session, actor, contact_id=number, values=values, version=version
    ),
    delete=lambda session, actor, number, version: service.delete_contact(
        session, actor, contact_id=number, version=version
    ),
)
