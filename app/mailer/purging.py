"""What the mailer holds about people and documents, and how it is wiped when one of these is purged."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session, selectinload

from app.access.ask import ensure
from app.access.table import Operation
from app.contacts.models import Contact
from app.core import audit, clock, purging
from app.core.actor import Actor
from app.core.addresses import normalise, split_addresses
from app.core.audit import Touch, Verb
from app.core.errors import Conflict
from app.core.models import AuditRecord
from app.core.purging import Trace, register_need, register_trace
from app.core.records import Record, check_version
from app.core.words import say, say_count
from app.customers.models import Customer
from app.lookups.models import UsageReportProfile
from app.mailer import queries
from app.mailer.bounces.models import Bounce
from app.mailer.delivery.contents import drop_content, register_use
from app.mailer.extra_files import MessageFile, drop_extra
from app.mailer.message_states import FINAL
from app.mailer.models import ContentPart, Message, Rendition, SkippedRoad, message_contact
from app.mailer.own_documents import of_documents
from app.mailer.planning.plan_model import Road

PURGED = "(purged)"
# What stays of a message: that a copy of this document went, in which state and when.
KEPT = (
    "customer_id",
    "document_kind",
    "document_class",
    "document_id",
    "document_number",
    "document_version",
    "revision",
    "format",
    "language",
    "usage_reports",
    "reasons",
    "state",
    "message_id",
    "tries_from",
    "sent_at",
    "attempts",
)


def register() -> None:
    """Put it in place; the features above register what they send."""
    register_use(MessageFile.digest)
    register_need(Customer, under_way)
    register_need(Contact, under_way)
    register_need(UsageReportProfile, uses_of_report)
    register_trace(Customer, DOCUMENT)
    register_trace(Contact, Trace(name_messages, wipe_contact_in_messages))


def purge_message(
    session: Session, actor: Actor, *, message_id: int, reason: object, version: int | None = None
) -> None:
    """Wipe a message that nothing happens to any more, for good.

    Raises Forbidden, NotFound, Invalid (no reason), Stale, Conflict (`under_way`).
    """
    ensure(actor, Operation.PURGE, "message")
    words = purging.check_reason(reason)
    message = queries.message(session, actor, message_id=message_id, lock=True)
    check_version(message, version)
    if message.state not in FINAL:
        raise Conflict(say("This message is still under way. Cancel it, or wait until it has left."), code="under_way")
    _remove(session, message)
    entry = audit.record(session, actor, verb=Verb.MESSAGE_PURGED, touched=[_touch(message)], reason=words)
    message.deletion_id = entry.id


def _touch(message: Message) -> Touch:
    """Name a message by document and id: its address may still stand there, where it is somebody else's too."""
    return Touch("message", message.id, f"{message.document_number}, message {message.id}")


def under_way(session: Session, record: Record) -> list[str]:
    """Name the messages about a customer, contact or document that are still under way."""
    count = _count(session, [record], Message.state.not_in(FINAL))
    return (
        [say_count("{count} message is still under way.", "{count} messages are still under way.", count)]
        if count
        else []
    )


def uses_of_report(session: Session, record: Record) -> list[str]:
    """Say how many messages wait to leave with a usage report of this profile."""
    waiting = session.scalars(select(Message.usage_reports).where(Message.state.not_in(FINAL)))
    count = sum(record.id in reports for reports in waiting)
    return [say_count("{count} message carries it.", "{count} messages carry it.", count)] if count else []


def name_messages(session: Session, _actor: Actor, records: Sequence[Record]) -> list[str]:
    """Say how many messages purging customers, contacts and documents wipes: all, since nobody is named."""
    count = _count(session, records, Message.purged_at.is_(None))
    if not count:
        return []
    return [say_count("{count} message: address, name and mail", "{count} messages: addresses, names and mails", count)]


def wipe_messages_of(session: Session, record: Record) -> list[Touch]:
    """Remove the messages of a customer or document, with what went along and what was skipped; return them."""
    touched = []
    for message in _messages(session, _about(record)):
        _remove(session, message)
        touched.append(_touch(message))
    for road in session.scalars(select(SkippedRoad).where(_about(record, SkippedRoad))):
        session.delete(road)
    if not isinstance(record, Customer):
        for rendition in session.scalars(
            select(Rendition).where(of_documents(Rendition, type(record), [record.id]))
        ).all():
            session.delete(rendition)
            session.flush()
            drop_content(session, rendition.digest)
    return touched


def wipe_contact_in_messages(session: Session, record: Record) -> list[Touch]:
    """Take a contact's name and address out of what was sent to them; the rows stay, and say that copies went."""
    contact = session.get_one(Contact, record.id)
    addresses = _addresses_ever(session, contact)
    theirs = _messages(session, _theirs(contact, addresses))
    forgotten = [message for message in theirs if _forget(session, message, contact)]
    typed = (SkippedRoad.road == Road.TYPED_IN.value) & func.lower(SkippedRoad.address).in_(addresses)
    for road in session.scalars(select(SkippedRoad).where(or_(SkippedRoad.contact_id == contact.id, typed))):
        road.address, road.name, road.detail = None, "", ""
    return [_touch(message) for message in forgotten]


def _about(record: Record, model: type[Message | SkippedRoad] = Message) -> ColumnElement[bool]:
    """Return the condition that a message or a skipped road is about a customer, a contact or a document."""
    if isinstance(record, Customer):
        return model.customer_id == record.id
    if isinstance(record, Contact):
        return Message.id.in_(select(message_contact.c.message_id).where(message_contact.c.contact_id == record.id))
    return of_documents(model, type(record), [record.id])


def _theirs(contact: Contact, addresses: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that a message went to a contact: named among its reasons, or at an address of theirs."""
    return or_(_about(contact), Message.address_normalised.in_(addresses))


def _count(session: Session, records: Sequence[Record], *which: ColumnElement[bool]) -> int:
    """Count the messages that purging some records together wipes or changes, each once.

    Those typed in to a contact's address are among them.
    """
    people = [one for one in records if isinstance(one, Contact)]
    found: set[int] = set()
    for condition in _about_all([one for one in records if not isinstance(one, Contact)]):
        found |= set(session.scalars(select(Message.id).where(condition, *which)))
    going = {one.id for one in people}
    for contact in people:
        theirs = _theirs(contact, _addresses_ever(session, contact))
        found |= {
            message.id
            for message in session.scalars(select(Message).where(theirs, *which))
            if message.id not in found and (_names(message, contact) or not _others_at(session, message, going))
        }
    return len(found)


def _about_all(records: Sequence[Record]) -> list[ColumnElement[bool]]:
    """Return the conditions that a message is about one of some customers and documents, one for each kind."""
    ids: dict[type[Record], list[int]] = {}
    for one in records:
        ids.setdefault(type(one), []).append(one.id)
    return [
        Message.customer_id.in_(numbers) if model is Customer else of_documents(Message, model, numbers)
        for model, numbers in ids.items()
    ]


def _names(message: Message, contact: Contact) -> bool:
    return any(reason["contact_id"] == contact.id for reason in message.reasons)


def _messages(session: Session, condition: ColumnElement[bool]) -> Sequence[Message]:
    """Lock the messages that are not wiped yet."""
    statement = select(Message).where(condition, Message.purged_at.is_(None)).options(selectinload(Message.attempts))
    return session.scalars(statement.order_by(Message.id).with_for_update(of=Message)).all()


def _addresses_ever(session: Session, contact: Contact) -> set[str]:
    """Return every address that a contact has had, as addresses are compared: copies went to former ones too."""
    found = {contact.email_normalised or ""}
    statement = select(AuditRecord).where(AuditRecord.resource == "contact", AuditRecord.record_id == contact.id)
    for entry in session.scalars(statement):
        found |= {normalise(address) for address in entry.changes.get("email", ()) if address}
    return found - {""}


def _forget(session: Session, message: Message, contact: Contact) -> bool:
    """Wipe what a message says about a contact; tell whether it said anything."""
    named = _names(message, contact)
    others = _others_at(session, message, {contact.id})
    if not others:
        _wipe(session, message)
        return True
    if named:
        message.reasons = _nameless(message.reasons, {contact.id})
        # A copy is addressed to the contact with the lowest id among its reasons, or else to the customer.
        ids = [int(reason["contact_id"]) for reason in message.reasons if reason["contact_id"]]
        if contact.id == min(ids):
            message.recipient_name = ""
            _drop_mail(session, message)
    return named


def _others_at(session: Session, message: Message, going: Collection[int]) -> bool:
    """Tell whether the message's address is also somebody's who is not purged, nor among those contacts `going` now."""
    if any(reason["road"] in (Road.CUSTOMER, Road.REQUESTER) for reason in message.reasons):
        return True
    ids = {reason["contact_id"] for reason in message.reasons if reason["contact_id"]} - set(going)
    others = or_(Contact.id.in_(ids), Contact.email_normalised == message.address_normalised)
    statement = select(Contact.id).where(others, Contact.id.not_in(going), Contact.purged_at.is_(None)).limit(1)
    if session.scalar(statement) is not None:
        return True
    customer = session.get_one(Customer, message.customer_id)
    return message.address_normalised in {normalise(one) for one in split_addresses(customer.email or "")}


def _remove(session: Session, message: Message) -> None:
    """Wipe a message, and take it out of every list."""
    _wipe(session, message)
    message.deleted_at = message.last_deleted_at = message.purged_at


def _wipe(session: Session, message: Message) -> None:
    """Leave of a message that it was there; its address makes room for one that is nobody's."""
    _drop_mail(session, message)
    drop_extra(session, [message.id])
    ids = {reason["contact_id"] for reason in message.reasons}
    message.reasons = _nameless(message.reasons, ids)
    address = {"address": PURGED, "address_normalised": f"purged:{message.id}", "address_domain": ""}
    instead = {**address, "recipient_name": ""}
    purging.blank(message, keep=KEPT, instead=instead)
    for attempt in message.attempts:
        attempt.answer = None
    # What another server said of it names the address.
    session.execute(
        update(Bounce)
        .where(Bounce.message_id == message.id)
        .values(diagnostic="", address_normalised=message.address_normalised)
    )
    message.purged_at = clock.now()


def _nameless(reasons: list[dict[str, Any]], ids: Collection[object]) -> list[dict[str, Any]]:
    return [{**reason, "name": ""} if reason["contact_id"] in ids else reason for reason in reasons]


def _drop_mail(session: Session, message: Message) -> None:
    """Remove the bytes of a mail with what went along, unless another message carries the same."""
    digest = message.content_digest
    message.content_digest = None
    if digest is not None:
        session.flush()
        along = session.scalars(select(ContentPart.part_digest).where(ContentPart.digest == digest)).all()
        for one in (digest, *along):
            drop_content(session, one)


# What is held about a customer or a document: all that was sent of it.
DOCUMENT = Trace(name_messages, wipe_messages_of)
