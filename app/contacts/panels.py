"""What contacts put on a customer's page: the Contacts tab, and entries of its menus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session, raiseload, selectinload

from app.access.ask import may
from app.access.table import Operation
from app.contacts import queries
from app.contacts.models import Contact
from app.contacts.pickers import contact_picker
from app.contacts.rules import CONTACT_FIELDS
from app.contacts.showing import kind_tag
from app.core.actor import Actor
from app.core.words import Words, say, say_count
from app.customers.models import Customer
from app.customers.party_view import phone_cell
from app.customers.rules import PHONES
from app.customers.staying import register_staying
from app.lookups.models import Topic
from app.web.display import choice_words, link
from app.web.panels import Action, Tab, first_rows, register_action, register_add, register_tab
from app.web.pickers import register_picker
from app.web.request_filters import whole_number

_COLUMNS: dict[str, Words] = {
    "name": say("Name"),
    "kind": say("Kind"),
    "position": say("Position"),
    "contact_regarding": say("Contact Regarding"),
    "phone": say("Phone"),
    "email": say("Email"),
    "email_bill_type": say("Copy Email Bill"),
}
_UNLINK = {"unlink": say("Link")}


def register() -> None:
    """Put the tabs, the menu entries and the picker of all contacts in place."""
    register_picker("contact", contact_picker())
    register_tab(
        "customer", Tab("contacts", say("Contacts"), "contact", "contacts/tab.html", count=_count, context=_context)
    )
    register_add("customer", Action(say("Contact"), "contact", Operation.CREATE, _add_url, icon="user-plus"))
    register_action(
        "customer",
        Action(say("Add Shared Contact"), "customer", Operation.LINK, _task_url("add_shared_contact"), icon="link"),
    )
    register_action(
        "customer",
        Action(
            say("Remove Shared Contact"), "customer", Operation.LINK, _task_url("remove_shared_contact"), icon="unlink"
        ),
    )
    register_staying("contact", _shared_that_stay)
    _register_of_a_contact()


def _register_of_a_contact() -> None:
    register_action(
        "contact",
        Action(
            say("Convert to Shared Contact"),
            "contact",
            Operation.CONVERT,
            lambda contact: url_for("ContactView.convert_to_shared", pk=contact.id),
            icon="share",
            applies=lambda contact: contact.customer_id is not None,
        ),
    )
    register_action(
        "contact",
        Action(
            say("Verify Password"),
            "contact",
            Operation.VERIFY_PASSWORD,
            lambda contact: url_for("VerifyPasswordView.verify_password", pk=contact.id),
            icon="key",
        ),
    )
    register_tab(
        "contact",
        Tab(
            "customers",
            say("Customers"),
            "customer",
            "contacts/customers_tab.html",
            count=_customers,
            context=_customer_rows,
        ),
    )


def _add_url(customer: Customer) -> str:
    return url_for("ContactView.add", customer_id=customer.id)


def _task_url(task: str) -> Callable[[Customer], str]:
    return lambda customer: url_for(f"SharedContactsView.{task}", pk=customer.id)


def _count(session: Session, actor: Actor, customer: Customer) -> int:
    statement = queries.contacts_of_customer(actor, customer_id=customer.id).with_only_columns(Contact.id)
    return session.scalar(select(func.count()).select_from(statement.subquery())) or 0


def _shared_that_stay(session: Session, actor: Actor, customer: Customer) -> Words | None:
    statement = queries.shared_contacts_of_customer(actor, customer_id=customer.id).with_only_columns(Contact.id)
    count = session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    if not count:
        return None
    return say_count(
        "{count} shared contact stays, with its links to other customers.",
        "{count} shared contacts stay, with their links to other customers.",
        count,
    )


def _context(session: Session, actor: Actor, customer: Customer) -> dict[str, Any]:
    topics = session.scalars(queries.topics_of_customer(actor, customer_id=customer.id)).all()
    topic = whole_number(request.args.get("topic", ""))
    statement = queries.contacts_of_customer(actor, customer_id=customer.id)
    if topic is not None:
        statement = statement.where(Contact.contact_regarding.any(Topic.id == topic))
    statement = statement.options(selectinload(Contact.contact_regarding), raiseload("*"))
    rows, more = first_rows(session, statement.order_by(Contact.last_name, Contact.id))
    may_add = may(actor, Operation.CREATE, "contact")
    unlinks = may(actor, Operation.LINK, "customer") and any(one.customer_id is None for one in rows)
    columns = _COLUMNS | (_UNLINK if unlinks else {})
    return {
        "columns": [{"key": key, "label": label} for key, label in columns.items()],
        "rows": [_row(contact, customer, columns) for contact in rows],
        "more": more,
        "topics": [{"id": one.id, "name": one.name, "chosen": one.id == topic} for one in topics],
        "filtered": topic is not None,
        "show_url": url_for("CustomerView.show", pk=customer.id),
        "list_url": url_for("ContactView.list", customer_id=customer.id),
        "add_url": _add_url(customer) if may_add else None,
        "empty": _empty(customer, may_add=may_add) if topic is None else _EMPTY_BY_TOPIC,
    }


_EMPTY_BY_TOPIC = {
    "title": say("Nobody deals with this"),
    "text": say("No contact of this customer has this topic under Contact Regarding."),
}


def _empty(customer: Customer, *, may_add: bool) -> dict[str, Any]:
    return {
        "title": say("No contacts yet"),
        "text": say("Add a direct contact here, or link a shared one from the Actions menu."),
        "action_url": _add_url(customer) if may_add else None,
        "action_label": say("Add contact"),
    }


def _row(contact: Contact, customer: Customer, columns: dict[str, Words]) -> dict[str, Any]:
    values = {
        "name": contact.name,
        "kind": kind_tag(contact),
        "position": contact.position,
        "contact_regarding": ", ".join(topic.name for topic in contact.contact_regarding),
        "phone": next((phone_cell(contact, name) for name in PHONES if getattr(contact, name)), None),
        "email": contact.email,
        "email_bill_type": choice_words(CONTACT_FIELDS["email_bill_type"], contact.email_bill_type),
        "unlink": _unlink(contact, customer),
    }
    return {
        "pk": contact.id,
        "url": url_for("ContactView.show", pk=contact.id),
        "cells": [{"key": key, "label": label, "value": values[key]} for key, label in columns.items()],
    }


def _unlink(contact: Contact, customer: Customer) -> Any:
    """Return the way to take a shared contact off the customer."""
    if contact.customer_id is not None:
        return None
    return link(
        say("Remove"), url_for("SharedContactsView.remove_shared_contact", pk=customer.id, contact_id=contact.id)
    )


def _customers(session: Session, _actor: Actor, contact: Contact) -> int:
    return queries.count_customers(session, queries.customers_of_contact(contact))


def _customer_rows(session: Session, actor: Actor, contact: Contact) -> dict[str, Any]:
    in_sight = queries.customers_in_sight(actor, contact)
    seen, more = first_rows(session, in_sight.options(raiseload("*")))
    every = queries.count_customers(session, queries.customers_of_contact(contact))
    return {
        "columns": [{"key": "account_number", "label": say("Account")}, {"key": "name", "label": say("Name")}],
        "rows": [
            {
                "pk": customer.id,
                "url": url_for("CustomerView.show", pk=customer.id),
                "cells": [
                    {"key": "account_number", "label": say("Account"), "value": customer.account_number},
                    {"key": "name", "label": say("Name"), "value": customer.name},
                ],
            }
            for customer in seen
        ],
        "more": more,
        "others": every - queries.count_customers(session, in_sight),
        "empty": {
            "title": say("Not linked to a customer yet"),
            "text": say("Open the customer, and choose Add Shared Contact from its Actions menu."),
        },
    }
