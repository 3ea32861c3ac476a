"""What is left of a suppression that is purged, and of those at the addresses of whoever is purged."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.contacts.models import Contact
from app.core import clock
from app.core.actor import Actor
from app.core.addresses import normalise, split_addresses
from app.core.audit import Touch
from app.core.models import AuditRecord
from app.core.purging import Trace, Wiping, blank, register_trace, register_wiping
from app.core.records import Record
from app.core.words import say_count
from app.customers.models import Customer, CustomerAddress
from app.mailer.purging import PURGED
from app.mailer.suppressions.models import Suppression


def register() -> None:
    """Put it in place."""
    register_wiping(Suppression, Wiping(_plainly, wipe))
    for model in (Customer, Contact):
        register_trace(model, ADDRESSES)


def wipe(row: Suppression) -> None:
    """Leave of a suppression of which kind it was, and after which message."""
    instead = {"address": PURGED, "address_normalised": f"purged:{row.id}", "reason": ""}
    blank(row, keep=("kind", "message_id"), instead=instead)


def _plainly(row: Suppression) -> str:
    """Name a suppression by what says nothing about a person."""
    return f"suppression {row.id}"


def _name(session: Session, _actor: Actor, records: Sequence[Record]) -> list[str]:
    """Say how many suppressions go with customers and contacts: nobody else has the address."""
    count = len(_at(session, records))
    return [say_count("{count} suppressed address", "{count} suppressed addresses", count)] if count else []


def _wipe_at(session: Session, record: Record) -> list[Touch]:
    """Wipe the suppressions at the addresses that are nobody else's."""
    rows = _at(session, [record])
    moment = clock.now()
    for row in rows:
        wipe(row)
        if row.deleted_at is None:
            row.deleted_at = row.last_deleted_at = moment
        row.purged_at = moment
    return [Touch("suppression", row.id, _plainly(row)) for row in rows]


def _at(session: Session, records: Sequence[Record]) -> Sequence[Suppression]:
    """Return the suppressions at the addresses of some records, former ones too, that nobody else has."""
    keys = {key for one in records for key in _addresses_ever(session, one)}
    going = {model: [one.id for one in records if isinstance(one, model)] for model in (Contact, Customer)}
    kept = set(
        session.scalars(
            select(Contact.email_normalised).where(
                Contact.email_normalised.in_(keys), Contact.id.not_in(going[Contact])
            )
        )
    )
    kept |= set(
        session.scalars(
            select(CustomerAddress.address_normalised).where(
                CustomerAddress.address_normalised.in_(keys), CustomerAddress.customer_id.not_in(going[Customer])
            )
        )
    )
    wanted = select(Suppression).where(Suppression.address_normalised.in_(keys - kept), Suppression.purged_at.is_(None))
    return session.scalars(wanted.order_by(Suppression.id)).all()


def _addresses_ever(session: Session, record: Record) -> Collection[str]:
    """Return every address that a customer or a contact has had, as addresses are compared."""
    written = [getattr(record, "email", None)]
    statement = select(AuditRecord).where(
        AuditRecord.resource == record.__tablename__, AuditRecord.record_id == record.id
    )
    for entry in session.scalars(statement):
        written += entry.changes.get("email", ())
    return {normalise(one) for text in written if text for one in split_addresses(text)}


ADDRESSES = Trace(_name, _wipe_at)
