"""What is left of a mail that is purged, and of the mails of a ticket or a contact that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, object_session

from app.contacts.models import Contact
from app.core import clock
from app.core.actor import Actor
from app.core.addresses import normalise
from app.core.audit import Touch
from app.core.models import AuditRecord
from app.core.purging import Trace, Wiping, blank, register_trace, register_wiping
from app.core.records import Record
from app.core.words import say_count
from app.inbound.models import InboundMail
from app.mailer.delivery.contents import drop_contents, register_use
from app.tickets.models import Ticket

# That a mail was here, so that it is not taken in once more.
KEPT = ("identity", "state", "reason", "size", "is_cut")
_EMPTY = ("detail", "message_id", "from_name", "from_address", "from_normalised", "to_address", "subject")


def register() -> None:
    """Put it in place."""
    register_use(InboundMail.content_digest)
    register_wiping(InboundMail, Wiping(_plainly, wipe))
    register_trace(Ticket, Trace(_name_of_tickets, _wipe_of_ticket))
    register_trace(Contact, Trace(_name_of_contacts, _wipe_of_contact))


def wipe(row: InboundMail) -> None:
    """Leave of a mail that it was here, and what became of it."""
    session = object_session(row)
    digest = row.content_digest
    blank(row, keep=KEPT, instead={**dict.fromkeys((*_EMPTY, "text", "answer"), ""), "not_taken": []})
    if session is not None and digest is not None:
        drop_contents(session, [digest])


def _plainly(row: InboundMail) -> str:
    """Name a mail by what says nothing about a person."""
    return f"incoming mail {row.id}"


def _of_tickets(records: Sequence[Record]) -> ColumnElement[bool]:
    return InboundMail.ticket_id.in_([one.id for one in records])


def _of_contacts(session: Session, records: Sequence[Record]) -> ColumnElement[bool]:
    """Return the condition that a mail of no ticket says that it is from an address that some contacts have had.

    Where somebody else has the address, it stays.
    """
    ids = [one.id for one in records]
    keys = {normalise(getattr(one, "email", None) or "") for one in records}
    told = select(AuditRecord).where(AuditRecord.resource == "contact", AuditRecord.record_id.in_(ids))
    for entry in session.scalars(told):
        keys |= {normalise(address) for address in entry.changes.get("email", ()) if address}
    own = Contact.email_normalised
    others = select(own).where(own.in_(keys), Contact.id.not_in(ids), Contact.purged_at.is_(None))
    keys -= {"", *session.scalars(others)}
    return InboundMail.from_normalised.in_(keys) & InboundMail.ticket_id.is_(None)


def _name_of_tickets(session: Session, _actor: Actor, records: Sequence[Record]) -> list[str]:
    return _named(session, _of_tickets(records))


def _name_of_contacts(session: Session, _actor: Actor, records: Sequence[Record]) -> list[str]:
    return _named(session, _of_contacts(session, records))


def _named(session: Session, condition: ColumnElement[bool]) -> list[str]:
    statement = select(func.count()).where(condition, InboundMail.purged_at.is_(None))
    count = session.scalar(statement) or 0
    return [say_count("{count} incoming mail", "{count} incoming mails", count)] if count else []


def _wipe_of_ticket(session: Session, record: Record) -> list[Touch]:
    return _wiped(session, _of_tickets([record]))


def _wipe_of_contact(session: Session, record: Record) -> list[Touch]:
    return _wiped(session, _of_contacts(session, [record]))


def _wiped(session: Session, condition: ColumnElement[bool]) -> list[Touch]:
    rows: Sequence[Any] = session.scalars(
        select(InboundMail).where(condition, InboundMail.purged_at.is_(None)).with_for_update(of=InboundMail)
    ).all()
    for row in rows:
        wipe(row)
        row.purged_at = clock.now()
        row.deleted_at = row.last_deleted_at = row.purged_at
    session.flush()
    return [Touch("inbound_mail", row.id, _plainly(row)) for row in rows]
