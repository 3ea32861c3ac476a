"""Messages whose every reason has gone before they left are cancelled, in the transaction that took the last one."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, select, update
from sqlalchemy.orm import Session, joinedload

from app.contacts.models import Contact as ContactModel
from app.contacts.models import ContactLink
from app.core.audit import Touch
from app.core.reach import Reach
from app.customers.models import Customer
from app.mailer.documents import source_of
from app.mailer.message_states import PENDING, MessageState
from app.mailer.models import Message, message_contact
from app.mailer.planning.facts import contacts_by_id, customer_of, suppressed_among
from app.mailer.planning.lost_reasons import lost_reasons
from app.mailer.planning.plan_model import Contact, Document, DocumentKind

# How many messages are looked at with one set of statements.
PORTION = 500

# A message's columns, as far as the rule asks: whole rows of ten thousand messages would be a burden.
_COLUMNS = (
    Message.id,
    Message.customer_id,
    Message.document_kind,
    Message.document_id,
    Message.document_number,
    Message.address,
    Message.address_normalised,
    Message.reasons,
    Message.state,
)


def follow(session: Session, reach: Reach) -> list[Touch]:
    """Cancel what waits in the outbox and has lost its every reason; return what the verb's audit entry says of it.

    A message that a worker has claimed leaves. The statements are as many as its portions, however many others wait.
    """
    return cancel_lost(session, *_concerned(reach))


def cancel_lost(session: Session, *which: ColumnElement[bool]) -> list[Touch]:
    """Cancel those of the pending messages for which no reason holds any more."""
    pending = Message.state.in_(PENDING) & Message.deleted_at.is_(None)
    touched: list[Touch] = []
    last = 0
    while True:
        # Locked, and asked for their state anew where a worker was faster.
        rows = session.execute(
            select(*_COLUMNS)
            .where(pending, Message.id > last, *which)
            .order_by(Message.id)
            .limit(PORTION)
            .with_for_update(of=Message)
        ).all()
        if not rows:
            return touched
        last = rows[-1].id
        touched += _cancel(session, rows)


def reasons_lost_by(session: Session, message: Message) -> list[str] | None:
    """Return what became of each reason of a message; None while one of them holds."""
    rows = session.execute(select(*_COLUMNS).where(Message.id == message.id)).all()
    return _lost(session, rows).get(message.id)


def _concerned(reach: Reach) -> Iterable[ColumnElement[bool]]:
    """Return the conditions of the messages that a change may concern, each by an index."""
    if reach.contact_id is not None:
        named = select(message_contact.c.message_id).where(message_contact.c.contact_id == reach.contact_id)
        yield Message.id.in_(named)
    if reach.customer_id is not None:
        yield Message.customer_id == reach.customer_id
    if reach.status_id is not None:
        yield Message.customer_id.in_(select(Customer.id).where(Customer.status_id == reach.status_id))
    if reach.address is not None:
        yield Message.address_normalised == reach.address


def _cancel(session: Session, rows: Sequence[Row[Any]]) -> list[Touch]:
    """Cancel those of some locked messages that have lost their reasons: one statement for each outcome."""
    lost = _lost(session, rows)
    alike: defaultdict[str, list[int]] = defaultdict(list)
    for message_id, became in lost.items():
        alike[json.dumps(became)].append(message_id)
    for text, ids in alike.items():
        session.execute(
            update(Message)
            .where(Message.id.in_(ids))
            .values(
                state=MessageState.CANCELLED.value,
                next_attempt_at=None,
                held_code=None,
                held_because=None,
                lost_reasons=json.loads(text),
                version=Message.version + 1,
            )
            .execution_options(synchronize_session="fetch")
        )
    return [
        Touch(
            "message",
            row.id,
            f"{row.document_number} to {row.address}",
            {"state": (row.state, MessageState.CANCELLED.value), "lost_reasons": (None, lost[row.id])},
        )
        for row in rows
        if row.id in lost
    ]


def _lost(session: Session, rows: Sequence[Row[Any]]) -> dict[int, list[str]]:
    """Return what became of the reasons of those messages that have none left, by message."""
    customers = {
        one.id: one
        for one in session.scalars(
            select(Customer)
            .where(Customer.id.in_({row.customer_id for row in rows}))
            .options(joinedload(Customer.status))
            .execution_options(populate_existing=True)
        )
    }
    documents = _documents(session, rows)
    people = contacts_by_id(session, {way["contact_id"] for row in rows for way in row.reasons if way["contact_id"]})
    linked = _linked(session, people, customers)
    suppressed = suppressed_among(session, {row.address for row in rows})
    found = {}
    for row in rows:
        named = {way["contact_id"] for way in row.reasons if way["contact_id"]}
        theirs = [people[one] for one in sorted(named) if one in people]
        became = lost_reasons(
            documents[row.document_kind, row.document_id],
            customer_of(customers[row.customer_id], language=""),
            [one for one in theirs if one.deleted or (row.customer_id, one.id) in linked],
            suppressed=row.address_normalised in suppressed,
            key=row.address_normalised,
            kept=[(way["road"], way["contact_id"]) for way in row.reasons],
        )
        if became is not None:
            found[row.id] = [str(one) for one in became]
    return found


def _documents(session: Session, rows: Sequence[Row[Any]]) -> dict[tuple[str, int], Document]:
    """Return the documents of some messages, with one question to each kind's source."""
    ids: defaultdict[str, set[int]] = defaultdict(set)
    for row in rows:
        ids[row.document_kind].add(row.document_id)
    return {
        (DocumentKind(kind).value, number): document
        for kind, numbers in ids.items()
        for number, document in source_of(kind).documents(session, numbers).items()
    }


def _linked(session: Session, people: dict[int, Contact], customers: dict[int, Customer]) -> set[tuple[int, int]]:
    """Return which contacts hang on which customers, directly or by a link."""
    shared = session.execute(
        select(ContactLink.customer_id, ContactLink.contact_id).where(
            ContactLink.contact_id.in_(list(people)), ContactLink.customer_id.in_(list(customers))
        )
    )
    direct = session.execute(
        select(ContactModel.customer_id, ContactModel.id).where(
            ContactModel.id.in_(list(people)), ContactModel.customer_id.is_not(None)
        )
    )
    return {(customer_id, contact_id) for customer_id, contact_id in [*shared, *direct]}
