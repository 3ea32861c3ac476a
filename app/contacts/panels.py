"""What contacts put on a customer's page: the Contacts tab, and entries of its menus."""

from __future__ import annotations

from typing import Any

from flask import url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, raiseload

from app.access.ask import may
from app.access.table import Operation
from app.contacts import queries
from app.contacts.models import Contact
from app.contacts.views import kind_tag
from app.core.actor import Actor
from app.customers.models import Customer
from app.web.panels import Action, Tab, first_rows, register_action, register_add, register_tab

_COLUMNS = {
    "name": "Name",
    "kind": "Kind",
    "type": "Contact Type",
    "email": "Email",
    "email_bill_type": "Copy Email Bill",
}


def register() -> None:
    """Put the tab and the menu entries in place."""
    register_tab(
        "customer", Tab("contacts", "Contacts", "contact", "contacts/tab.html", count=_count, context=_context)
    )
    register_add("customer", Action("Contact", "contact", Operation.CREATE, _add_url, icon="user-plus"))
    register_action(
        "customer",
        Action("Add Shared Contact", "customer", Operation.LINK, _task_url("add_shared_contact"), icon="link"),
    )
    register_action(
        "customer",
        Action("Remove Shared Contact", "customer", Operation.LINK, _task_url("remove_shared_contact"), icon="unlink"),
    )
    register_action(
        "contact",
        Action(
            "Convert to Shared Contact",
            "contact",
            Operation.CONVERT,
            lambda contact: url_for("ContactView.convert_to_shared", pk=contact.id),
            icon="share",
            applies=lambda contact: contact.customer_id is not None,
        ),
    )
    register_tab(
        "contact",
        Tab(
            "customers",
            "Customers",
            "customer",
            "contacts/customers_tab.html",
            count=_customers,
            context=_customer_rows,
        ),
    )


def _add_url(customer: Customer) -> str:
    return url_for("ContactView.add", customer_id=customer.id)


def _task_url(task: str) -> Any:  # a function of the customer
    return lambda customer: url_for(f"SharedContactsView.{task}", pk=customer.id)


def _count(session: Session, actor: Actor, customer: Customer) -> int:
    statement = queries.contacts_of_customer(actor, customer_id=customer.id).with_only_columns(Contact.id)
    return session.scalar(select(func.count()).select_from(statement.subquery())) or 0


def _context(session: Session, actor: Actor, customer: Customer) -> dict[str, Any]:
    statement = queries.contacts_of_customer(actor, customer_id=customer.id)
    statement = statement.options(joinedload(Contact.contact_type), raiseload("*"))
    rows, more = first_rows(session, statement.order_by(Contact.last_name, Contact.id))
    may_add = may(actor, Operation.CREATE, "contact")
    return {
        "columns": [{"key": key, "label": label} for key, label in _COLUMNS.items()],
        "rows": [_row(contact) for contact in rows],
        "more": more,
        "list_url": url_for("ContactView.list", customer_id=customer.id),
        "add_url": _add_url(customer) if may_add else None,
        "empty": {
            "title": "No contacts yet",
            "text": "Add a direct contact here, or link a shared one from the Actions menu.",
            "action_url": _add_url(customer) if may_add else None,
            "action_label": "Add contact",
        },
    }


def _row(contact: Contact) -> dict[str, Any]:
    values = {
        "name": contact.name,
        "kind": kind_tag(contact),
        "type": contact.contact_type.name if contact.contact_type else None,
        "email": contact.email,
        "email_bill_type": contact.email_bill_type.capitalize(),
    }
    return {
        "pk": contact.id,
        "url": url_for("ContactView.show", pk=contact.id),
        "cells": [{"key": key, "label": label, "value": values[key]} for key, label in _COLUMNS.items()],
    }


def _customers(session: Session, _actor: Actor, contact: Contact) -> int:
    return queries.count_customers(session, queries.customers_of_contact(contact))


def _customer_rows(session: Session, actor: Actor, contact: Contact) -> dict[str, Any]:
    in_sight = queries.customers_in_sight(actor, contact)
    seen, more = first_rows(session, in_sight.options(raiseload("*")))
    every = queries.count_customers(session, queries.customers_of_contact(contact))
    return {
        "columns": [{"key": "account_number", "label": "Account"}, {"key": "name", "label": "Name"}],
        "rows": [
            {
                "pk": customer.id,
                "url": url_for("CustomerView.show", pk=customer.id),
                "cells": [
                    {"key": "account_number", "label": "Account", "value": customer.account_number},
                    {"key": "name", "label": "Name", "value": customer.name},
                ],
            }
            for customer in seen
        ],
        "more": more,
        "others": every - queries.count_customers(session, in_sight),
        "empty": {
            "title": "Not linked to a customer yet",
            "text": "Open the customer, and choose Add Shared Contact from its Actions menu.",
        },
    }
