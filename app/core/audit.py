"""The audit trail: one entry a verb, in the verb's own transaction, naming every record it touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.bulk import insert_rows
from app.core.models import AuditEntry, AuditRecord

Changes = Mapping[str, tuple[Any, Any]]

LABEL_LENGTH = 300
RECENT = 200


class Verb(StrEnum):
    """All that can stand in the audit trail: `resource:what happened`. The list is closed."""

    CUSTOMER_CREATED = "customer:created"
    CUSTOMER_UPDATED = "customer:updated"
    CUSTOMER_DELETED = "customer:deleted"
    CUSTOMER_RESTORED = "customer:restored"
    CUSTOMER_PURGED = "customer:purged"
    CONTACT_CREATED = "contact:created"
    CONTACT_UPDATED = "contact:updated"
    CONTACT_DELETED = "contact:deleted"
    CONTACT_RESTORED = "contact:restored"
    CONTACT_PURGED = "contact:purged"
    CONTACT_CONVERTED = "contact:converted_to_shared"
    CONTACT_PASSWORD_VERIFIED = "contact:password_verified"  # noqa: S105  the name of an act, no password
    SHARED_CONTACT_ADDED = "customer:shared_contact_added"
    SHARED_CONTACT_REMOVED = "customer:shared_contact_removed"
    LOOKUP_CREATED = "lookup:created"
    LOOKUP_UPDATED = "lookup:updated"
    LOOKUP_DELETED = "lookup:deleted"
    LOOKUP_RESTORED = "lookup:restored"
    LOOKUP_PURGED = "lookup:purged"
    ISSUER_UPDATED = "issuer:updated"
    MAIL_TEMPLATE_UPDATED = "mail_template:updated"
    MAIL_TEMPLATE_SHIPPED = "mail_template:shipped_again"
    INVOICE_CREATED = "invoice:created"
    INVOICE_UPDATED = "invoice:updated"
    INVOICE_DELETED = "invoice:deleted"
    INVOICE_RESTORED = "invoice:restored"
    INVOICE_PURGED = "invoice:purged"
    INVOICE_APPROVED = "invoice:approved"
    INVOICE_CREDITED = "invoice:credited"
    INVOICE_SENT = "invoice:sent"
    INVOICE_SENT_AGAIN = "invoice:sent_again"
    INVOICES_IMPORTED = "invoice:imported"
    USAGE_IMPORTED = "invoice:usage_imported"
    BILLING_RUN_CREATED = "billing_run:created"
    BILLING_RUN_PLANNED = "billing_run:planned"
    BILLING_RUN_UPDATED = "billing_run:updated"
    BILLING_RUN_STARTED = "billing_run:started"
    BILLING_RUN_PAUSED = "billing_run:paused"
    BILLING_RUN_RESUMED = "billing_run:resumed"
    BILLING_RUN_FINISHED = "billing_run:finished"
    BILLING_RUN_DELETED = "billing_run:deleted"
    BILLING_RUN_RESTORED = "billing_run:restored"
    BILLING_RUN_PURGED = "billing_run:purged"
    TICKET_CREATED = "ticket:created"
    TICKET_UPDATED = "ticket:updated"
    TICKET_DELETED = "ticket:deleted"
    TICKET_RESTORED = "ticket:restored"
    TICKET_PURGED = "ticket:purged"
    TICKET_ANSWERED = "ticket:answered"
    TICKET_NOTED = "ticket:noted"
    TICKET_CLOSED = "ticket:closed"
    TICKET_REOPENED = "ticket:reopened"
    TICKET_UPDATE_SENT = "ticket:update_sent"
    TICKET_UPDATE_SENT_AGAIN = "ticket:update_sent_again"
    BULK_LETTER_CREATED = "bulk_letter:created"
    BULK_LETTER_PLANNED = "bulk_letter:planned"
    BULK_LETTER_UPDATED = "bulk_letter:updated"
    BULK_LETTER_STARTED = "bulk_letter:started"
    BULK_LETTER_PAUSED = "bulk_letter:paused"
    BULK_LETTER_RESUMED = "bulk_letter:resumed"
    BULK_LETTER_LETTERS_MADE = "bulk_letter:letters_made"
    BULK_LETTER_FINISHED = "bulk_letter:finished"
    BULK_LETTER_DELETED = "bulk_letter:deleted"
    BULK_LETTER_RESTORED = "bulk_letter:restored"
    BULK_LETTER_PURGED = "bulk_letter:purged"
    LETTER_CREATED = "correspondence:created"
    LETTER_UPDATED = "correspondence:updated"
    LETTER_DELETED = "correspondence:deleted"
    LETTER_RESTORED = "correspondence:restored"
    LETTER_PURGED = "correspondence:purged"
    LETTER_ATTACHED = "correspondence:attached"
    LETTER_DETACHED = "correspondence:detached"
    LETTER_SENT = "correspondence:sent"
    LETTER_SENT_AGAIN = "correspondence:sent_again"
    LETTER_DELIVERED = "correspondence:delivered"
    MESSAGE_RELEASED = "message:released"
    MESSAGE_HELD = "message:held"
    # Stands in older trails alone: a claim says nothing that the attempts after it don't.
    MESSAGE_CLAIMED = "message:claimed"
    MESSAGE_ATTEMPTED = "message:attempted"
    MESSAGE_RECOVERED = "message:recovered"
    MESSAGE_RETRIED = "message:retried"
    MESSAGE_CANCELLED = "message:cancelled"
    MESSAGE_DELAYED = "message:delayed"
    MESSAGE_PURGED = "message:purged"
    MESSAGE_BOUNCED = "message:bounced"
    MESSAGE_UNSUBSCRIBED = "message:unsubscribed"
    INBOUND_MAIL_LISTED = "inbound_mail:listed"
    INBOUND_MAIL_DONE = "inbound_mail:done"
    INBOUND_MAIL_DELETED = "inbound_mail:deleted"
    INBOUND_MAIL_RESTORED = "inbound_mail:restored"
    INBOUND_MAIL_PURGED = "inbound_mail:purged"
    SUPPRESSION_ADDED = "suppression:added"
    SUPPRESSION_LIFTED = "suppression:lifted"
    SUPPRESSION_RESTORED = "suppression:restored"
    SUPPRESSION_PURGED = "suppression:purged"
    OUTBOX_PAUSED = "outbox:paused"
    OUTBOX_RESUMED = "outbox:resumed"
    LIST_EXPORTED = "list:exported"
    COLUMNS_CHOSEN = "list:columns_chosen"
    VIEW_SAVED = "list:view_saved"
    VIEW_RENAMED = "list:view_renamed"
    VIEW_DELETED = "list:view_deleted"
    LOGGED_IN = "user:logged_in"
    LOGIN_FAILED = "user:login_failed"
    LOGGED_OUT = "user:logged_out"
    USER_CREATED = "user:created"
    USER_UPDATED = "user:updated"
    USER_DELETED = "user:deleted"
    API_KEY_CREATED = "api_key:created"
    API_KEY_REVOKED = "api_key:revoked"
    PASSWORD_CHANGED = "user:password_changed"  # noqa: S105  the name of an act, no password


@dataclass(frozen=True, slots=True)
class Touch:
    """A record that an act touched: its resource, id, how people know it, and its changes `{field: (from, to)}`."""

    resource: str
    record_id: int
    label: str
    changes: Changes = field(default_factory=dict)


def record(
    session: Session, actor: Actor, *, verb: Verb, touched: Sequence[Touch], reason: str | None = None
) -> AuditEntry:
    """Add the entry of one act to the transaction under way, and return it with its id.

    Values must be free of secrets: a field type that holds one names only that it was set or cleared.
    """
    entry = AuditEntry(
        user_id=actor.user_id, username=actor.username, door=actor.door.value, verb=verb.value, reason=reason
    )
    session.add(entry)
    session.flush()
    also(session, entry, touched)
    return entry


def also(session: Session, entry: AuditEntry, touched: Sequence[Touch]) -> None:
    """Name further records in the entry of the act under way: what only its own change has brought about."""
    rows = [
        {
            "entry_id": entry.id,
            "resource": touch.resource,
            "record_id": touch.record_id,
            "label": touch.label[:LABEL_LENGTH],
            "changes": {name: [_plain(old), _plain(new)] for name, (old, new) in touch.changes.items()},
        }
        for touch in touched
    ]
    # At once: an act may touch ten thousand messages.
    insert_rows(session, AuditRecord.__table__, rows)


def changed_fields(session: Session, *, resource: str, record_id: int, acts: int) -> list[str]:
    """Return the names of the fields that the last so many acts on a record have changed, in alphabetical order."""
    statement = select(AuditRecord).where(AuditRecord.resource == resource, AuditRecord.record_id == record_id)
    # An act that only names the record, such as a link, has changed nothing on it.
    entries = [one for one in session.scalars(statement.order_by(AuditRecord.id.desc()).limit(RECENT)) if one.changes]
    return sorted({name for entry in entries[:acts] for name in entry.changes})


def _plain(value: object) -> object:
    """Turn a value into what JSON can hold: times and dates as ISO 8601, decimals as text, sets as sorted lists."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value
