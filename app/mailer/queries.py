"""Reads of the outbox, within the actor's sight."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, SelectBase, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session, contains_eager

from app.access.ask import document_classes_in_sight, document_kinds_in_sight, ensure
from app.access.table import Operation
from app.core import search_index
from app.core.actor import SYSTEM_ROLE, Actor
from app.core.addresses import normalise
from app.core.errors import NotFound
from app.core.models import AuditEntry, AuditRecord
from app.core.words import say
from app.customers import queries as customers
from app.mailer.models import ACCOUNT, Content, Lane, Message, Rendition, SkippedRoad, WorkerHeartbeat

_DUE_STATES: BindParameter[Any] = bindparam("due_states", ["queued", "waiting"], expanding=True, literal_execute=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingLane:
    """A lane that is shut: until when, since when, after how many failures in a row, and how many due messages wait.

    `name` is `account` or a domain. Without failures it is over its rate, and opens by itself.
    """

    name: str
    waits_until: datetime
    since: datetime
    failures: int
    answer: str
    is_probed: bool
    messages: int


def messages(actor: Actor) -> Select[Message]:
    """Select the messages about the documents that the actor may see. Raises Forbidden."""
    ensure(actor, Operation.READ, "message")
    statement = select(Message).join(Message.customer).options(contains_eager(Message.customer))
    statement = statement.where(Message.deleted_at.is_(None), customers.of_dealer(actor))
    if SYSTEM_ROLE in actor.roles:
        return statement
    return statement.where(about_seen(actor, Message))


def about_seen(actor: Actor, model: type[Message | SkippedRoad]) -> ColumnElement[bool]:
    """Return the condition that a message or a skipped road is about a document that the actor may see."""
    kinds = model.document_kind.in_(document_kinds_in_sight(actor))
    parts = document_classes_in_sight(actor)
    if not parts:
        return kinds
    of_class = (and_(model.document_kind == kind, model.document_class.in_(seen)) for kind, seen in parts.items())
    return or_(kinds, *of_class)


def message(session: Session, actor: Actor, *, message_id: int, lock: bool = False) -> Message:
    """Return one message in sight. Raises NotFound, Forbidden."""
    statement = messages(actor).where(Message.id == message_id)
    if lock:
        statement = statement.with_for_update(of=Message).execution_options(populate_existing=True)
    found: Message | None = session.scalar(statement)
    if found is None:
        raise NotFound(say("There is no message with this id."))
    return found


def messages_of_document(session: Session, *, kind: str, document_id: int) -> list[Message]:
    """Return all messages that a document has made, oldest first."""
    statement = select(Message).where(Message.document_kind == kind, Message.document_id == document_id)
    return list(session.scalars(statement.order_by(Message.id)))


def messages_of_documents(session: Session, *, kind: str, document_ids: Collection[int]) -> list[Message]:
    """Return all messages that some documents of a kind have made, oldest first."""
    statement = select(Message).where(Message.document_kind == kind, Message.document_id.in_(document_ids))
    return list(session.scalars(statement.order_by(Message.id)))


def rendition(session: Session, *, kind: str, document_id: int, format_: str, language: str) -> bytes | None:
    """Return a document as it was sent in a format and a language; None where nobody was sent it like that."""
    statement = select(Content.data).join(Rendition, Rendition.digest == Content.digest)
    statement = statement.where(
        Rendition.document_kind == kind,
        Rendition.document_id == document_id,
        Rendition.format == format_,
        Rendition.language == language,
    )
    data: bytes | None = session.scalar(statement.order_by(Rendition.document_version.desc()).limit(1))
    return data


def matching(text: str) -> ColumnElement[bool]:
    """Return the condition that address, document number, Message-ID or customer is what `text` asks for."""
    return search_index.among(Message.id, findings(text))


def findings(text: str) -> list[SelectBase]:
    """Return selections of the ids that `matching` is about.

    Messages have no words in the search index: there are too many of them, and they are made too fast.
    """
    ways: list[SelectBase] = [
        select(Message.id).where(search_index.begins(Message.address_normalised, normalise(text))),
        select(Message.id).where(Message.message_id == written_message_id(text)),
        # A document's number begins with its account's, which is kept as it was typed.
        *(
            select(Message.id).where(search_index.begins(Message.document_number, spelling))
            for spelling in sorted({text, text.upper(), text.lower()})
        ),
    ]
    ways += [select(Message.id).where(Message.customer_id.in_(ids)) for ids in search_index.findings("customer", text)]
    return ways


def written_message_id(text: str) -> str:
    """Return a Message-ID as a mail's header writes it (RFC 5322 section 3.6.4), given with its brackets or without."""
    return f"<{text.strip().strip('<>')}>"


def oldest_due(session: Session, *, now: datetime) -> datetime | None:
    """Return the due time of the message that has waited longest, or None where none is due.

    What goes by a lane that waits is not due; when that is over, it is from then on, or once its probe is over.
    """
    lanes = {
        one.name: max(one.waits_until, one.probe_until or one.waits_until) for one in session.scalars(select(Lane))
    }
    server = lanes.pop(ACCOUNT, None)
    oldest = select(func.min(Message.next_attempt_at)).where(*_due(now))
    dues = [(session.scalar(oldest.where(Message.address_domain.not_in(lanes)) if lanes else oldest), server)]
    dues += [(session.scalar(oldest.where(Message.address_domain == name)), waits) for name, waits in lanes.items()]
    found = [max(moment for moment in (due, waits, server) if moment) for due, waits in dues if due]
    return min((one for one in found if one <= now), default=None)


def lanes_that_wait(session: Session, *, now: datetime) -> list[WaitingLane]:
    """Return the lanes that wait or are probed, the mail server's first, each with what waits for it.

    Their answers are the server's own words, in which there may be an address of anybody.
    """
    lanes = session.scalars(select(Lane).where(or_(Lane.failures > 0, Lane.waits_until > now)).order_by(Lane.name))
    count = select(func.count()).where(*_due(now))
    found = [
        WaitingLane(
            name=lane.name,
            waits_until=lane.waits_until,
            since=lane.closed_at,
            failures=lane.failures,
            answer=lane.answer,
            is_probed=lane.probe_until is not None and lane.probe_until > now,
            messages=session.scalar(count if lane.name == ACCOUNT else count.where(Message.address_domain == lane.name))
            or 0,
        )
        for lane in lanes
    ]
    return sorted(found, key=lambda lane: lane.name != ACCOUNT)


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Message.state.in_(_DUE_STATES),
        Message.next_attempt_at <= now,
        Message.deleted_at.is_(None),
    )


def last_heartbeat(session: Session) -> datetime | None:
    """Return when a worker was last at work."""
    return session.scalar(select(func.max(WorkerHeartbeat.beat_at)))


def history(session: Session, *, message_id: int) -> list[dict[str, Any]]:
    """Return what the audit trail has about a message, oldest first. That it is in sight is for the caller to see."""
    rows = session.execute(
        select(
            AuditEntry.at, AuditEntry.username, AuditEntry.door, AuditEntry.verb, AuditEntry.reason, AuditRecord.changes
        )
        .join(AuditRecord.entry)
        .where(AuditRecord.resource == "message", AuditRecord.record_id == message_id)
        .order_by(AuditRecord.id)
    )
    return [dict(row._mapping) for row in rows]  # noqa: SLF001  SQLAlchemy's name for a row's public mapping
