"""Who did what, out of the audit trail, within the reader's sight: who set a field, who linked a contact, who sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, or_, select
from sqlalchemy.orm import Session, aliased

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.core.audit import Verb
from app.core.models import AuditEntry, AuditRecord
from app.core.words import Words, say
from app.history.sight import entries_in_sight, records_in_sight
from app.history.wording import door_name, what_happened
from app.mailer.message_states import INITIAL

# So many acts that may be the one asked for are looked through: those that only mention a field's name in a value.
LOOKED_THROUGH = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """An act of the audit trail, with what it changed on the record that was asked about."""

    entry_id: int
    at: datetime
    username: str
    by_itself: bool
    door: str
    verb: str
    reason: str | None
    changes: Mapping[str, Any]

    @property
    def who(self) -> Words | str:
        """Return who did it, for people."""
        return say("Counterpart itself") if self.by_itself else self.username

    @property
    def what(self) -> str:
        """Return what was done, for people."""
        return what_happened(self.verb)

    @property
    def door_words(self) -> str:
        """Return what people call the door."""
        return door_name(self.door)


def set_by(
    session: Session, actor: Actor, *, resource: str, record_id: int, name: str, until: int | None
) -> tuple[Act | None, list[Act]]:
    """Return the act that had last set a field by the entry `until`, or made the record; and those since, newest first.

    Without `until`, the latest act of all comes first, and there are none since.
    """
    mentioned = cast(AuditRecord.changes, Text).contains(f'"{name}"', autoescape=True)
    made = AuditEntry.verb == f"{resource}:created"
    found = [
        one
        for one in _acts(session, actor, (resource, record_id), or_(mentioned, made))
        if name in one.changes or one.verb == f"{resource}:created"
    ]
    before = [one for one in found if until is None or one.entry_id <= until]
    since = [one for one in found if until is not None and one.entry_id > until and name in one.changes]
    return (before[0] if before else None), since


def linked_by(
    session: Session, actor: Actor, *, customer_id: int, contact_id: int, until: int | None
) -> tuple[Act | None, Act | None]:
    """Return the act that had tied a contact to a customer by the entry `until`, and the one that untied it since."""
    other = aliased(AuditRecord)
    names_both = (
        select(other.id)
        .where(other.entry_id == AuditEntry.id, other.resource == "customer", other.record_id == customer_id)
        .exists()
    )
    tied = (Verb.SHARED_CONTACT_ADDED, Verb.CONTACT_CONVERTED, Verb.CONTACT_CREATED)
    verbs = AuditEntry.verb.in_((*tied, Verb.SHARED_CONTACT_REMOVED))
    found = _acts(session, actor, ("contact", contact_id), verbs, names_both)
    before = [one for one in found if one.verb in tied and (until is None or one.entry_id <= until)]
    since = [
        one for one in found if one.verb == Verb.SHARED_CONTACT_REMOVED and until is not None and one.entry_id > until
    ]
    return (before[0] if before else None), (since[0] if since else None)


def on_message(session: Session, message_id: int) -> list[Act]:
    """Return all acts on a message, oldest first. That it is in sight is for the caller to see."""
    return _of(session, _about(("message", message_id)).order_by(AuditRecord.id))


def that_sent(acts: Sequence[Act]) -> Act | None:
    """Return, of a message's acts, the one that put it into the outbox last."""
    return next((one for one in reversed(acts) if is_sending(one)), None)


def is_sending(act: Act) -> bool:
    """Tell whether an act on a message put it into the outbox: one of a document, where others are of the message.

    One that took its every reason away, such as deleting a contact, is of another record too, and cancelled it.
    """
    return not act.verb.startswith("message:") and act.changes.get("state", (None, None))[1] in INITIAL


def sent_document(session: Session, actor: Actor, *, resource: str, document_id: int) -> Act | None:
    """Return the latest act that sent a document, or None where none did."""
    sent = AuditEntry.verb.in_((f"{resource}:sent", f"{resource}:sent_again"))
    return next(iter(_acts(session, actor, (resource, document_id), sent)), None)


def _acts(session: Session, actor: Actor, record: tuple[str, int], *conditions: ColumnElement[bool]) -> list[Act]:
    """Return the latest acts on a record that an actor may know of, newest first."""
    if not may(actor, Operation.READ, "audit"):
        return []
    statement = _about(record).where(records_in_sight(actor), entries_in_sight(actor), *conditions)
    return _of(session, statement.order_by(AuditRecord.entry_id.desc()).limit(LOOKED_THROUGH))


def _about(record: tuple[str, int]) -> Select[Any]:
    return (
        select(AuditEntry, AuditRecord.changes)
        .join(AuditRecord.entry)
        .where(AuditRecord.resource == record[0], AuditRecord.record_id == record[1])
    )


def _of(session: Session, statement: Select[Any]) -> list[Act]:
    return [
        Act(
            entry_id=entry.id,
            at=entry.at,
            username=entry.username,
            by_itself=entry.user_id is None and entry.username == entry.door,
            door=entry.door,
            verb=entry.verb,
            reason=entry.reason,
            changes=changes,
        )
        for entry, changes in session.execute(statement)
    ]
