"""Whom an invoice reaches, asked of the database about many at once: `reaches_nobody` of a plan without choices.

`rules.plan` decides; this says the same as a condition, and a test holds the two together over random customers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, not_, or_, select
from sqlalchemy.orm import aliased

from app.contacts.models import Contact, ContactLink
from app.core.bill_format import BillFormat
from app.customers.models import Customer, CustomerAddress
from app.lookups.models import CustomerStatus
from app.mailer.message_states import LOST, MessageState
from app.mailer.models import Message
from app.mailer.planning.plan_model import DocumentKind
from app.mailer.suppressions.models import Suppression

_NONE = BillFormat.NONE.value
_CANCELLED = MessageState.CANCELLED.value
_LOST = sorted(state.value for state in LOST)


def reaches_nobody(document_id: Any, customer_id: Any) -> ColumnElement[bool]:  # noqa: ANN401  columns of ids
    """Return the condition that an invoice leaves everybody without it: none has it, and none would get it."""
    return and_(not_(_has_arrived(document_id)), not_(_would_leave(document_id, customer_id)))


def lost_copies() -> ColumnElement[Any]:
    """Select the ids of the invoices of which some copy was lost; by an index, since few are."""
    made = select(Message.document_id).where(
        Message.state.in_(_LOST), Message.document_kind == DocumentKind.INVOICE.value
    )
    return made.scalar_subquery()


def _has_arrived(document_id: Any) -> ColumnElement[bool]:  # noqa: ANN401  a column of ids
    """Return the condition that some address has it: the latest of its messages that is not cancelled is not lost."""
    message, later = aliased(Message), aliased(Message)
    overtaken = _there_is(
        later,
        _about(later, document_id),
        later.address_normalised == message.address_normalised,
        later.state != _CANCELLED,
        later.revision > message.revision,
    )
    return _there_is(message, _about(message, document_id), message.state.not_in(_LOST), not_(overtaken))


def _would_leave(document_id: Any, customer_id: Any) -> ColumnElement[bool]:  # noqa: ANN401  columns of ids
    """Return the condition that a road of the plan leads to an address: the customer's own, or a contact's."""
    customer, status = aliased(Customer), aliased(CustomerStatus)
    forbids = _there_is(status, status.id == customer.status_id, status.allows_correspondence.is_(False))
    ways = (_own_road(customer, document_id), *_roads_of_contacts(customer, document_id))
    return _there_is(customer, customer.id == customer_id, customer.deleted_at.is_(None), not_(forbids), or_(*ways))


def _own_road(customer: Any, document_id: Any) -> ColumnElement[bool]:  # noqa: ANN401  alias and column
    address = aliased(CustomerAddress)
    key = address.address_normalised
    open_ = _there_is(address, address.customer_id == customer.id, _is_open(key, document_id))
    return and_(customer.email_billing.is_(True), customer.email_bill_type != _NONE, open_)


def _roads_of_contacts(customer: Any, document_id: Any) -> Iterator[ColumnElement[bool]]:  # noqa: ANN401  the same
    """Give the condition for the direct contacts and the one for the shared ones, each answered by an index."""
    direct, shared, link = aliased(Contact), aliased(Contact), aliased(ContactLink)
    yield _there_is(direct, direct.customer_id == customer.id, *_gets_bills(direct, document_id))
    gets = _there_is(shared, shared.id == link.contact_id, *_gets_bills(shared, document_id))
    yield _there_is(link, link.customer_id == customer.id, gets)


def _gets_bills(contact: Any, document_id: Any) -> tuple[ColumnElement[bool], ...]:  # noqa: ANN401  the same
    return (
        contact.deleted_at.is_(None),
        contact.email_bill_type != _NONE,
        contact.email_normalised.is_not(None),
        _is_open(contact.email_normalised, document_id),
    )


def _is_open(key: Any, document_id: Any) -> ColumnElement[bool]:  # noqa: ANN401  columns
    """Return the condition that nothing stands in the way at a normalised address."""
    message, suppression = aliased(Message), aliased(Suppression)
    suppressed = _there_is(suppression, suppression.address_normalised == key, suppression.deleted_at.is_(None))
    had = _there_is(
        message, _about(message, document_id), message.address_normalised == key, message.state != _CANCELLED
    )
    return and_(not_(suppressed), not_(had))


def _about(message: Any, document_id: Any) -> ColumnElement[bool]:  # noqa: ANN401  alias and column
    return and_(message.document_kind == DocumentKind.INVOICE.value, message.document_id == document_id)


def _there_is(alias: Any, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:  # noqa: ANN401  an alias
    """Return the condition that a row of a table meets conditions; whatever else they name is an outer statement's.

    By itself, SQLAlchemy looks no further out than one statement, and asks about any invoice instead of this one.
    """
    return exists().where(*conditions).correlate_except(alias)
