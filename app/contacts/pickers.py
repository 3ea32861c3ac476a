"""What forms offer of contacts: those that may be linked to a customer, and those that are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask import abort
from sqlalchemy.orm import Session

from app.contacts import queries
from app.contacts.models import Contact
from app.core.actor import Actor
from app.customers import queries as customers
from app.web.pickers import PICKER_ROWS, Option, Picker
from app.web.request_filters import id_or_404, ids_of


def linkable_picker() -> Picker:
    """Return the picker of shared contacts that may be linked to a customer."""

    def search(session: Session, actor: Actor, text: str, args: Mapping[str, str]) -> Iterable[Option]:
        customer_id = _customer_of(session, actor, args)
        statement = queries.linkable_contacts(actor, customer_id=customer_id, text=text)
        return map(_option, session.scalars(statement.limit(PICKER_ROWS)))

    return Picker(search, contact_options)


def linked_picker() -> Picker:
    """Return the picker of shared contacts that are linked to a customer."""

    def search(session: Session, actor: Actor, text: str, args: Mapping[str, str]) -> Iterable[Option]:
        customer_id = _customer_of(session, actor, args)
        statement = queries.shared_contacts_of_customer(actor, customer_id=customer_id)
        if text:
            statement = statement.where(queries.matching(text))
        return map(_option, session.scalars(statement.order_by(Contact.last_name, Contact.id).limit(PICKER_ROWS)))

    return Picker(search, contact_options)


def contact_picker(*, shared: bool = False) -> Picker:
    """Return the picker of all contacts in sight, or of the shared ones alone."""

    def search(session: Session, actor: Actor, text: str, _args: Mapping[str, str]) -> Iterable[Option]:
        statement = queries.contacts(actor)
        if shared:
            statement = statement.where(Contact.customer_id.is_(None))
        if text:
            statement = statement.where(queries.matching(text))
        return map(_option, session.scalars(statement.order_by(Contact.last_name, Contact.id).limit(PICKER_ROWS)))

    return Picker(search, contact_options)


def shared_picker() -> Picker:
    """Return the picker of all shared contacts in sight."""
    return contact_picker(shared=True)


def contact_options(session: Session, actor: Actor, values: list[str]) -> list[Option]:
    """Return the options of chosen contacts in sight."""
    return [_option(one) for one in session.scalars(queries.contacts(actor).where(Contact.id.in_(ids_of(values))))]


def _customer_of(session: Session, actor: Actor, args: Mapping[str, str]) -> int:
    text = args.get("customer_id", "")
    if not text:
        abort(400)
    return customers.customer(session, actor, customer_id=id_or_404(text)).id


def _option(contact: Contact) -> Option:
    return Option(
        str(contact.id), contact.name, ", ".join(part for part in (contact.company_name, contact.email) if part)
    )
