"""Which usage reports a contact may choose: those that are available to its customer, or to one of its customers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.contacts import queries
from app.contacts.models import Contact
from app.core.actor import Actor
from app.core.errors import FieldErrors
from app.customers import queries as customers
from app.customers.models import Customer
from app.customers.usage_reports import available_to_any, available_to_one, choice_errors


def report_errors(session: Session, actor: Actor, values: Mapping[str, Any], contact: Contact | None) -> FieldErrors:
    """Refuse a usage report that is newly chosen, and available to none of the contact's customers; None is a new one.

    A shared contact's setting holds for all its customers, and the plan of each invoice leaves out what is not
    available to its customer: so one of them is enough, out of those that the actor sees.
    """

    def available() -> ColumnElement[bool]:
        dealer_code = values.get("dealer_code")
        if contact is None:
            return available_for_new(actor, values.get("customer_id"), dealer_code)
        return available_for(session, actor, contact, dealer_code)

    before = contact.invoice_usage_report_id if contact else None
    return choice_errors(session, values, before=before, available=available)


def available_for(session: Session, actor: Actor, contact: Contact, dealer_code: str | None) -> ColumnElement[bool]:
    """Return the condition that a profile may be chosen for a contact.

    Of a shared contact that has no customer in sight yet, its dealer's code says whose customers it is meant for.
    """
    owners = queries.customers_in_sight(actor, contact)
    if queries.count_customers(session, owners.limit(1)):
        return available_to_any(owners)
    return available_to_one(None, dealer_code)


def available_for_new(actor: Actor, customer_id: int | None, dealer_code: str | None) -> ColumnElement[bool]:
    """Return the condition that a profile may be chosen for a contact that is to be made."""
    if customer_id is None:
        return available_to_one(None, dealer_code)
    return available_to_any(customers.customers(actor).where(Customer.id == customer_id))
