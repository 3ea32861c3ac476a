"""Reads of the outbox, within the actor's sight."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, contains_eager

from app.access.ask import document_kinds_in_sight, ensure
from app.access.table import Operation
from app.core.actor import SYSTEM_ROLE, Actor
from app.core.errors import NotFound
from app.customers import queries as customers
from app.customers.models import Customer
from app.mailer.models import Message, WorkerHeartbeat


def messages(actor: Actor) -> Select[Message]:
    """Select the messages about the documents that the actor may see. Raises Forbidden."""
    ensure(actor, Operation.READ, "message")
    statement = select(Message).join(Message.customer).options(contains_eager(Message.customer))
    statement = statement.where(Message.deleted_at.is_(None), customers.of_dealer(actor))
    if SYSTEM_ROLE in actor.roles:
        return statement
    return statement.where(Message.document_kind.in_(document_kinds_in_sight(actor)))


def message(session: Session, actor: Actor, *, message_id: int, lock: bool = False) -> Message:
    """Return one message in sight. Raises NotFound, Forbidden."""
    statement = messages(actor).where(Message.id == message_id)
    if lock:
        statement = statement.with_for_update(of=Message).execution_options(populate_existing=True)
    found: Message | None = session.scalar(statement)
    if found is None:
        raise NotFound("There is no message with this id.")
    return found


def messages_of_document(session: Session, *, kind: str, document_id: int) -> list[Message]:
    """Return all messages that a document has made, oldest first."""
    statement = select(Message).where(Message.document_kind == kind, Message.document_id == document_id)
    return list(session.scalars(statement.order_by(Message.id)))


def matching(text: str) -> ColumnElement[bool]:
    """Return the condition that address, document number, Message-ID or the customer's name holds `text`."""
    columns = (
        Message.address,
        Message.document_number,
        Message.message_id,
        Customer.company_name,
        Customer.last_name,
        Customer.account_number,
    )
    return or_(*(column.icontains(text, autoescape=True) for column in columns))


def oldest_due(session: Session, *, now: datetime) -> datetime | None:
    """Return the due time of the message that has waited longest, or None where none is due."""
    return session.scalar(
        select(func.min(Message.next_attempt_at)).where(
            Message.state.in_(("queued", "waiting")), Message.next_attempt_at <= now
        )
    )


def last_heartbeat(session: Session) -> datetime | None:
    """Return when a worker was last at work."""
    return session.scalar(select(func.max(WorkerHeartbeat.beat_at)))
