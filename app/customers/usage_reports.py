"""Whose usage reports are whose: which profiles a customer may have, newly chosen and when an invoice is planned."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import FieldErrors
from app.core.words import say
from app.customers import queries
from app.customers.models import Customer
from app.lookups.models import Dealer, NamedCustomer, UsageReportProfile, profile_dealer
from app.lookups.usage_reports.rules import Availability

FIELD = "invoice_usage_report"
Ids = Collection[int] | Select[Any]
Codes = Collection[str] | Select[Any]


def available_to(ids: Ids, codes: Codes) -> ColumnElement[bool]:
    """Return the condition that a profile is available to at least one of some customers: their ids, their dealers."""
    named = select(NamedCustomer.profile_id).where(NamedCustomer.customer_id.in_(ids))
    of_dealers = (
        select(profile_dealer.c.profile_id)
        .join(Dealer, Dealer.id == profile_dealer.c.dealer_id)
        .where(Dealer.code.in_(codes))
    )
    kind, number = UsageReportProfile.available_to, UsageReportProfile.id
    return or_(
        kind == Availability.ALL.value,
        and_(kind == Availability.CUSTOMERS.value, number.in_(named)),
        and_(kind == Availability.DEALERS.value, number.in_(of_dealers)),
    )


def available_to_any(customers: Select[Customer]) -> ColumnElement[bool]:
    """Return the condition that a profile is available to at least one of the customers that a statement selects."""
    some = customers.order_by(None)
    return available_to(some.with_only_columns(Customer.id), some.with_only_columns(Customer.dealer_code))


def available_to_one(customer: Customer | None, dealer_code: str | None) -> ColumnElement[bool]:
    """Return the condition that a profile is available to a customer with a dealer's code; None is one to be made."""
    return available_to([customer.id] if customer else [], [dealer_code] if dealer_code else [])


def choice_errors(
    session: Session, values: Mapping[str, Any], *, before: int | None, available: Callable[[], ColumnElement[bool]]
) -> FieldErrors:
    """Refuse a profile that is newly chosen and not available; `before` is the one that stands, which may stay.

    `available` gives the condition, and is asked only where something is newly chosen.
    """
    chosen = values.get(FIELD)
    if chosen is None or chosen == before:
        return {}
    # One that doesn't exist is refused by its field.
    refused = session.scalar(select(UsageReportProfile.name).where(UsageReportProfile.id == chosen, ~available()))
    if refused is None:
        return {}
    return {FIELD: [say("The usage report {name} is for other customers.", name=refused)]}


def customer_choice_errors(session: Session, values: Mapping[str, Any], customer: Customer | None) -> FieldErrors:
    """Refuse a customer a profile that is newly chosen and not available to it; None is a customer to be made."""
    return choice_errors(
        session,
        values,
        before=customer.invoice_usage_report_id if customer else None,
        available=lambda: available_to_one(customer, values.get("dealer_code")),
    )


def unavailable(session: Session, profile_ids: Iterable[int | None], customer: Customer) -> frozenset[int]:
    """Return those of some profiles that are not available to a customer; asks nothing where there are none."""
    ids = {one for one in profile_ids if one is not None}
    if not ids:
        return frozenset()
    theirs = available_to_one(customer, customer.dealer_code)
    return frozenset(
        session.scalars(select(UsageReportProfile.id).where(UsageReportProfile.id.in_(ids), ~theirs)).all()
    )


def customers_without(session: Session, profile_id: int | None, customers: Sequence[Customer]) -> set[int]:
    """Return the ids of those of some customers that a profile is not available to."""
    profile = session.get(UsageReportProfile, profile_id) if profile_id is not None else None
    if profile is None or profile.available_to == Availability.ALL:
        return set()
    if profile.available_to == Availability.DEALERS:
        codes = {dealer.code for dealer in profile.dealers}
        return {one.id for one in customers if one.dealer_code not in codes}
    ids = [one.id for one in customers]
    named = NamedCustomer.customer_id.in_(ids) & (NamedCustomer.profile_id == profile_id)
    return set(ids) - set(session.scalars(select(NamedCustomer.customer_id).where(named)))


def customers_by_id(session: Session, actor: Actor, ids: Collection[int]) -> dict[int, Customer]:
    """Return the customers in sight with these ids, by id: those that a profile may name."""
    return {one.id: one for one in session.scalars(queries.customers(actor).where(Customer.id.in_(ids)))}
