"""What is left of a suppression that is purged, and of the lifted ones at the addresses of whoever is purged.

One that stands stays: forgetting it would send to its address again.
"""

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
    """Say how many lifted suppressions go with customers and contacts: nobody else has the address."""
    count = len(_lifted_at(session, records))
    if not count:
        return []
    return [say_count("{count} lifted suppression: address", "{count} lifted suppressions: addresses", count)]


def _wipe_lifted(session: Session, record: Record) -> list[Touch]:
    """Wipe the lifted suppressions at the addresses that are nobody else's."""
    rows = _lifted_at(session, [record])
    for row in rows:
        wipe(row)
        row.purged_at = clock.now()
    return [Touch("suppression", row.id, _plainly(row)) for row in rows]


def _lifted_at(session: Session, records: Sequence[Record]) -> Sequence[Suppression]:
    """Return the lifted suppressions at the addresses of some records, former ones too, that nobody else has."""
    keys = {key for one in records for key in _addresses_ever(session, one)}
    contacts = [one.id for one in records if isinstance(one, Contact)]
    customers = [one.id for one in records if isinstance(one, Customer)]
    own, billed = Contact.email_normalised, CustomerAddress.address_normalised
    kept = set(session.scalars(select(own).where(own.in_(keys), Contact.id.not_in(contacts))))
    kept |= set(session.scalars(select(billed).where(billed.in_(keys), CustomerAddress.customer_id.not_in(customers))))
    wanted = select(Suppression).where(
        Suppression.address_normalised.in_(keys - kept),
        Suppression.deleted_at.is_not(None),
        Suppression.purged_at.is_(None),
    )
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


ADDRESSES = Trace(_name, _wipe_lifted)
