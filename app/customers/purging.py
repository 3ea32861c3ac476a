"""What is left of a customer that is purged, and the rows of lists that customers keep from it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.audit import Touch
from app.core.bill_format import BillFormat
from app.core.purging import (
    Trace,
    Wiping,
    blank,
    count_references,
    register_need,
    register_trace,
    register_wiping,
)
from app.core.words import say, say_count
from app.customers.models import Customer
from app.lookups.models import LOOKUP_MODELS, Dealer, Lookup, NamedCustomer, UsageReportProfile


def register() -> None:
    """Put it in place."""
    register_wiping(Customer, Wiping(_number, wipe))
    register_trace(Customer, PROFILES)
    for model in LOOKUP_MODELS.values():
        register_need(model, uses_of_lookup)


def wipe(customer: Customer) -> None:
    """Leave nothing of an account but its number."""
    blank(
        customer,
        keep=("account_number", "account_number_normalised"),
        instead={"email_billing": False, "email_bill_type": BillFormat.NONE.value},
    )


def uses_of_lookup(session: Session, row: Lookup) -> list[str]:
    """Say how many customers, living or in the trash, have a row of a list chosen."""
    if isinstance(row, Dealer):
        count = session.scalar(select(func.count(Customer.id)).where(Customer.dealer_code == row.code)) or 0
    else:
        count = count_references(session, Customer.__table__, row)
    return [say_count("{count} customer has it.", "{count} customers have it.", count)] if count else []


def _profiles(session: Session, records: Sequence[Customer]) -> list[UsageReportProfile]:
    ids = [one.id for one in records]
    named = select(NamedCustomer.profile_id).where(NamedCustomer.customer_id.in_(ids))
    wanted = select(UsageReportProfile).where(UsageReportProfile.id.in_(named)).order_by(UsageReportProfile.id)
    return list(session.scalars(wanted))


def _name_profiles(session: Session, _actor: Actor, records: Sequence[Customer]) -> list[str]:
    """Name the usage report profiles that are available to customers which are purged."""
    return [say("The usage report {name}: its availability", name=one.name) for one in _profiles(session, records)]


def _leave_profiles(session: Session, customer: Customer) -> list[Touch]:
    """Take a customer off the usage report profiles that are available to it."""
    touched = []
    for profile in _profiles(session, [customer]):
        profile.customers = [one for one in profile.customers if one.id != customer.id]
        touched.append(Touch(profile.__tablename__, profile.id, profile.name))
    return touched


PROFILES = Trace(_name_profiles, _leave_profiles)


def _number(customer: Customer) -> str:
    return customer.account_number
