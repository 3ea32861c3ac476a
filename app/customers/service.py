"""The verbs of customers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import Operation
from app.core import audit, soft_delete
from app.core.actor import Actor
from app.core.audit import Touch, Verb
from app.core.errors import Conflict, FieldErrors
from app.core.records import check_version
from app.customers import queries
from app.customers.models import Customer
from app.customers.rules import CUSTOMER_FIELDS, customer_errors
from app.lookups.editing import Edit, prepare_change, prepare_new


def create_customer(session: Session, actor: Actor, *, values: Mapping[str, object]) -> Customer:
    """Open an account. Raises Forbidden, Invalid, Conflict (`duplicate`)."""
    ensure(actor, Operation.CREATE, "customer")
    edit = prepare_new(
        session,
        actor,
        resource="customer",
        fields=CUSTOMER_FIELDS,
        given=with_own_dealer(actor, values),
        rule=lambda merged: customer_errors(merged) | dealer_errors(actor, merged),
    )
    customer = Customer()
    edit.apply(customer)
    _refuse_duplicate(session, customer)
    session.add(customer)
    session.flush()
    audit.record(session, actor, verb=Verb.CUSTOMER_CREATED, touched=[_touch(customer, edit)])
    return customer


def update_customer(
    session: Session, actor: Actor, *, customer_id: int, values: Mapping[str, object], version: int | None = None
) -> Customer:
    """Change an account. Raises Forbidden, NotFound, Stale, Invalid, Conflict (`duplicate`)."""
    ensure(actor, Operation.UPDATE, "customer")
    customer = queries.customer(session, actor, customer_id=customer_id, lock=True)
    check_version(customer, version)
    edit = prepare_change(
        session,
        actor,
        resource="customer",
        fields=CUSTOMER_FIELDS,
        record=customer,
        given=values,
        rule=lambda merged: customer_errors(merged) | dealer_errors(actor, merged),
    )
    if edit.changes:
        with session.no_autoflush:
            edit.apply(customer)
            _refuse_duplicate(session, customer)
        audit.record(session, actor, verb=Verb.CUSTOMER_UPDATED, touched=[_touch(customer, edit)])
    return customer


def delete_customer(session: Session, actor: Actor, *, customer_id: int, version: int | None = None) -> Customer:
    """Delete an account with its direct contacts and documents; shared contacts stay, and so do their links.

    Raises Forbidden, NotFound, Stale.
    """
    ensure(actor, Operation.DELETE, "customer")
    customer = queries.customer(session, actor, customer_id=customer_id, lock=True)
    check_version(customer, version)
    soft_delete.delete(session, actor, record=customer, touch=_touch(customer), verb=Verb.CUSTOMER_DELETED)
    return customer


def restore_customer(session: Session, actor: Actor, *, customer_id: int) -> Customer:
    """Bring back an account with exactly what went with it. Raises Forbidden, NotFound, Conflict (`not_deleted`)."""
    ensure(actor, Operation.RESTORE, "customer")
    customer = queries.deleted_customer(session, actor, customer_id=customer_id)
    soft_delete.restore(session, actor, record=customer, touch=_touch(customer), verb=Verb.CUSTOMER_RESTORED)
    return customer


def with_own_dealer(actor: Actor, values: Mapping[str, object]) -> dict[str, object]:
    """Fill in the actor's dealer code where none is given, so that a dealer's staff see what they made."""
    given = dict(values)
    if actor.dealer_code is not None and not given.get("dealer_code"):
        given["dealer_code"] = actor.dealer_code
    return given


def dealer_errors(actor: Actor, values: Mapping[str, Any]) -> FieldErrors:
    """Refuse a dealer's staff what would put the record out of their own sight."""
    if actor.dealer_code is None or values.get("dealer_code") == actor.dealer_code:
        return {}
    return {"dealer_code": [f"You work for the dealer {actor.dealer_code}; choose that one."]}


def _touch(customer: Customer, edit: Edit | None = None) -> Touch:
    return Touch("customer", customer.id, customer.label, edit.trail() if edit else {})


def _refuse_duplicate(session: Session, customer: Customer) -> None:
    """Raise Conflict when the account number or the CRM reference is in use, or was: numbers are never used again."""
    for name in ("account_number", "crm_reference"):
        value = getattr(customer, name)
        taken = select(Customer.id).where(getattr(Customer, name) == value, Customer.id != (customer.id or 0)).limit(1)
        if value is not None and session.scalar(taken) is not None:
            words = name.replace("_", " ").replace("crm", "CRM")
            raise Conflict(f"The {words} {value} is taken. Give another one.", code="duplicate", field=name)
