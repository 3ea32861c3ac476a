"""What forms offer: contacts that may be linked to a customer, those that are, and usage reports to choose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask import abort
from sqlalchemy import ColumnElement, true
from sqlalchemy.orm import Session

from app.contacts import queries
from app.contacts.models import Contact
from app.contacts.usage_reports import available_for, available_for_new
from app.core.actor import Actor
from app.customers import queries as customers
from app.lookups.models import UsageReportProfile
from app.lookups.views import lookup_picker
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


def report_picker() -> Picker:
    """Return the picker of usage reports: those that the customer or contact of the form may have.

    A form that names neither is offered all; its verb says what is not available.
    """
    return lookup_picker(UsageReportProfile.__tablename__, _report_available)


def _report_available(session: Session, actor: Actor, args: Mapping[str, str]) -> ColumnElement[bool]:
    if args.get("contact_id"):
        contact = queries.contact(session, actor, contact_id=id_or_404(args["contact_id"]))
        return available_for(session, actor, contact, contact.dealer_code)
    if args.get("customer_id"):
        return available_for_new(actor, _customer_of(session, actor, args), None)
    return true()


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
