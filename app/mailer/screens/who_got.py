"""Who got a copy of what, and who did not: reads for the Messages tabs, within the actor's sight."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, select, union_all
from sqlalchemy.orm import Session, contains_eager

from app.access.ask import ensure
from app.access.table import Operation
from app.contacts import queries as contacts
from app.contacts.models import Contact, ContactLink
from app.core.actor import Actor
from app.core.bill_format import BillFormat
from app.core.words import Words
from app.customers import queries as customers
from app.customers.models import Customer
from app.mailer import queries
from app.mailer.message_states import MessageState
from app.mailer.models import Message, SkippedRoad, message_contact
from app.mailer.planning.plan_model import Road
from app.mailer.planning.reasons import Unplanned

# So many of the latest messages about a contact's customers are looked through for documents that passed by.
RECENT = 500
MISSED = 50


class Missed(NamedTuple):
    """A document of a contact's customer that was sent while the contact was in no plan of it, and why."""

    document_kind: str
    document_id: int
    document_number: str
    customer: Customer
    at: datetime
    reason: Unplanned


def messages(actor: Actor) -> Select[Message]:
    """Select the messages in sight. Raises Forbidden."""
    return queries.messages(actor)


def skipped(actor: Actor) -> Select[SkippedRoad]:
    """Select the roads in sight that were skipped when something was sent. Raises Forbidden."""
    ensure(actor, Operation.READ, "message")
    return (
        select(SkippedRoad)
        .join(SkippedRoad.customer)
        .options(contains_eager(SkippedRoad.customer))
        .where(customers.of_dealer(actor), queries.about_seen(actor, SkippedRoad))
    )


def of_contact(model: type[Message | SkippedRoad], contact: Contact) -> ColumnElement[bool]:
    """Return the condition that a message was for a contact or to the address, or that a skipped road was theirs."""
    if model is SkippedRoad:
        return SkippedRoad.contact_id == contact.id
    named = select(message_contact.c.message_id).where(message_contact.c.contact_id == contact.id)
    if not contact.email_normalised:
        return Message.id.in_(named)
    here = select(Message.id).where(Message.address_normalised == contact.email_normalised)
    return Message.id.in_(union_all(named, here))


def latest(rows: Iterable[SkippedRoad]) -> list[SkippedRoad]:
    """Return each skipped road once for its reason, as the latest sending found it; rows come newest first."""
    once: dict[tuple[Any, ...], SkippedRoad] = {}
    for row in rows:
        key = (row.document_kind, row.document_id, row.road, row.contact_id, row.address, row.reason)
        once.setdefault(key, row)
    return list(once.values())


def format_words(message: Message) -> Words | None:
    """Return a copy's bill format for people, None for what is no bill."""
    return BillFormat(message.format).words if message.format else None


def missed(session: Session, actor: Actor, contact: Contact) -> list[Missed]:
    """Return the latest documents of a contact's customers that were sent without the contact in any plan of them.

    Who was in a plan has a message or a skipped road, with its own reason as of that day.
    """
    found = _recent(session, actor, contact)[:MISSED]
    rows = session.execute(
        select(ContactLink.customer_id, ContactLink.linked_at).where(ContactLink.contact_id == contact.id)
    )
    linked = {row.customer_id: row.linked_at for row in rows}
    by_id = {
        one.id: one
        for one in session.scalars(select(Customer).where(Customer.id.in_({one.customer_id for one in found})))
    }
    return [
        Missed(
            one.document_kind,
            one.document_id,
            one.document_number,
            by_id[one.customer_id],
            one.at,
            unplanned_reason(
                sent_at=one.at,
                only_typed_in=one.only_typed_in,
                since=max(contact.created_at, linked.get(one.customer_id, contact.created_at)),
            ),
        )
        for one in found
    ]


class _Sent(NamedTuple):
    document_kind: str
    document_id: int
    document_number: str
    customer_id: int
    at: datetime
    only_typed_in: bool


def _recent(session: Session, actor: Actor, contact: Contact) -> list[_Sent]:
    """Return the documents that the latest messages about a contact's customers in sight are copies of."""
    ids = contacts.customers_in_sight(actor, contact).with_only_columns(Customer.id).order_by(None)
    rows = session.execute(
        select(
            Message.document_kind,
            Message.document_id,
            Message.document_number,
            Message.customer_id,
            Message.created_at,
            Message.reasons,
        )
        .where(
            Message.customer_id.in_(ids),
            queries.about_seen(actor, Message),
            Message.state != MessageState.CANCELLED,
        )
        .order_by(Message.id.desc())
        .limit(RECENT)
    ).all()
    found: dict[tuple[str, int], _Sent] = {}
    for row in rows:
        key = (row.document_kind, row.document_id)
        typed = all(one["road"] == Road.TYPED_IN for one in row.reasons)
        before = found.get(key)
        found[key] = _Sent(
            row.document_kind,
            row.document_id,
            row.document_number,
            row.customer_id,
            before.at if before else row.created_at,
            typed and (before is None or before.only_typed_in),
        )
    known = _known(session, contact, {number for _, number in found})
    return [one for key, one in found.items() if key not in known]


def _known(session: Session, contact: Contact, ids: set[int]) -> set[tuple[str, int]]:
    """Return those documents of which the contact has a message or a skipped road."""
    rows = union_all(
        select(Message.document_kind, Message.document_id).where(
            Message.document_id.in_(ids), of_contact(Message, contact)
        ),
        select(SkippedRoad.document_kind, SkippedRoad.document_id).where(
            SkippedRoad.document_id.in_(ids), SkippedRoad.contact_id == contact.id
        ),
    )
    return {(kind, number) for kind, number in session.execute(rows)}


def unplanned_reason(*, sent_at: datetime, only_typed_in: bool, since: datetime) -> Unplanned:
    """Return why a contact was in no plan: it was no contact yet, or addresses typed in took everybody's place."""
    if since > sent_at:
        return Unplanned.JOINED_LATER
    return Unplanned.ONLY_TYPED_IN if only_typed_in else Unplanned.NOT_RECORDED


def contacts_since(session: Session, *, customer: Customer, ids: set[int]) -> datetime:
    """Return since when the first of some contacts has been one of the customer's."""
    made = dict(session.execute(select(Contact.id, Contact.created_at).where(Contact.id.in_(ids))).all())
    links = select(ContactLink.contact_id, ContactLink.linked_at).where(
        ContactLink.contact_id.in_(ids), ContactLink.customer_id == customer.id
    )
    linked = dict(session.execute(links).all())
    return min((max(at, linked.get(one, at)) for one, at in made.items()), default=customer.created_at)
