"""What is left of a row of a list that is purged, and who keeps it from that."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.access.models import StaffUser
from app.core.purging import Wiping, register_need, register_wiping
from app.core.words import say_count
from app.lookups.models import LOOKUP_MODELS, Dealer, Lookup, UsageReportProfile, profile_dealer


def register() -> None:
    """Put it in place."""
    for model in LOOKUP_MODELS.values():
        register_wiping(model, Wiping(_name, wipe))
    register_need(Dealer, staff_of_dealer)
    register_need(Dealer, profiles_of_dealer)


def wipe(row: Lookup) -> None:
    """Take the name off a row; the rest of it says nothing about anybody, and a dealer's code stays taken."""
    row.name = ""
    if isinstance(row, UsageReportProfile):
        row.customers, row.dealers = [], []


def staff_of_dealer(session: Session, dealer: Dealer) -> list[str]:
    """Say how many users work for a dealer."""
    count = session.scalar(select(func.count(StaffUser.id)).where(StaffUser.dealer_code == dealer.code)) or 0
    return [say_count("{count} user works for it.", "{count} users work for it.", count)] if count else []


def profiles_of_dealer(session: Session, dealer: Dealer) -> list[str]:
    """Say how many usage report profiles name a dealer."""
    named = select(func.count()).where(profile_dealer.c.dealer_id == dealer.id)
    count = session.scalar(named) or 0
    return (
        [say_count("{count} usage report profile names it.", "{count} usage report profiles name it.", count)]
        if count
        else []
    )


def _name(row: Lookup) -> str:
    return row.name
