"""What is left of a customer that is purged, and the rows of lists that customers keep from it."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.bill_format import BillFormat
from app.core.purging import Wiping, blank, count_references, register_need, register_wiping
from app.core.words import say_count
from app.customers.models import Customer
from app.lookups.models import LOOKUP_MODELS, Dealer, Lookup


def register() -> None:
    """Put it in place."""
    register_wiping(Customer, Wiping(_number, wipe))
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


def _number(customer: Customer) -> str:
    return customer.account_number
