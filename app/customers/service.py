"""The verbs of customers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.access.ask import ensure
from app.access.table import Operation
from app.core import audit, clock, purging, soft_delete
from app.core.actor import Actor
from app.core.audit import Touch, Verb
from app.core.errors import Conflict, FieldErrors
from app.core.reach import Reach, lessened
from app.core.records import check_version
from app.core.words import say
from app.customers import queries
from app.customers.models import Customer, normalised_number
from app.customers.party import Party
from app.customers.rules import CUSTOMER_FIELDS, DECIDE_COPIES, customer_errors, settled_consent
from app.customers.usage_reports import customer_choice_errors
from app.lookups.editing import Edit, prepare_change, prepare_new


def create_customer(session: Session, actor: Actor, *, values: Mapping[str, object]) -> Customer:
    """Open an account. Raises Forbidden, Invalid, Conflict (`duplicate`)."""
    ensure(actor, Operation.CREATE, "customer")
    edit = prepare_new(
        session,
        actor,
        resource="customer",
        fields=CUSTOMER_FIELDS,
        given=settled_consent(with_own_dealer(actor, values), before=(None, None), now=clock.now()),
        rule=lambda merged: _errors(session, actor, merged, None),
    )
    customer = Customer()
    edit.apply(customer)
    customer.account_number_normalised = normalised_number(customer.account_number)
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
        given=settled_consent(values, before=consent_of(customer), now=clock.now()),
        rule=lambda merged: _errors(session, actor, merged, customer),
    )
    if edit.changes:
        with session.no_autoflush:
            edit.apply(customer)
            _refuse_duplicate(session, customer)
        touched = [_touch(customer, edit)]
        if edit.changes.keys() & DECIDE_COPIES:
            touched += lessened(session, Reach(customer_id=customer.id))
        audit.record(session, actor, verb=Verb.CUSTOMER_UPDATED, touched=touched)
    return customer


def delete_customer(session: Session, actor: Actor, *, customer_id: int, version: int | None = None) -> Customer:
    """Delete an account with its direct contacts and documents; shared contacts stay, and so do their links.

    Raises Forbidden, NotFound, Stale.
    """
    ensure(actor, Operation.DELETE, "customer")
    customer = queries.customer(session, actor, customer_id=customer_id, lock=True)
    check_version(customer, version)
    entry = soft_delete.delete(session, actor, record=customer, touch=_touch(customer), verb=Verb.CUSTOMER_DELETED)
    audit.also(session, entry, lessened(session, Reach(customer_id=customer.id)))
    return customer


def restore_customer(
    session: Session, actor: Actor, *, customer_id: int, version: int | None = None, act: int | None = None
) -> Customer:
    """Bring back an account with exactly what went with it; with `act`, only after that very deletion.

    Raises Forbidden, NotFound, Stale, Conflict (`not_deleted`, `other_deletion`).
    """
    ensure(actor, Operation.RESTORE, "customer")
    customer = queries.deleted_customer(session, actor, customer_id=customer_id)
    soft_delete.restore(
        session,
        actor,
        record=customer,
        touch=_touch(customer),
        verb=Verb.CUSTOMER_RESTORED,
        version=version,
        act=act,
    )
    return customer


def purge_customer(
    session: Session, actor: Actor, *, customer_id: int, reason: object, version: int | None = None
) -> None:
    """Wipe a deleted account for good, with its direct contacts, documents and messages; its number stays taken.

    Raises Forbidden, NotFound, Invalid, Stale, Conflict (`not_deleted`, `still_needed`).
    """
    ensure(actor, Operation.PURGE, "customer")
    customer = queries.deleted_customer(session, actor, customer_id=customer_id)
    purging.purge(session, actor, record=customer, verb=Verb.CUSTOMER_PURGED, reason=reason, version=version)


def with_own_dealer(actor: Actor, values: Mapping[str, object]) -> dict[str, object]:
    """Fill in the actor's dealer code where none is given, so that a dealer's staff see what they made."""
    given = dict(values)
    if actor.dealer_code is not None and not given.get("dealer_code"):
        given["dealer_code"] = actor.dealer_code
    return given


def consent_of(record: Party) -> tuple[datetime | None, str | None]:
    """Return a customer's or contact's marketing consent: since when, and its source."""
    return record.marketing_consent_at, record.marketing_consent_source


def dealer_errors(actor: Actor, values: Mapping[str, Any]) -> FieldErrors:
    """Refuse a dealer's staff what would put the record out of their own sight."""
    if actor.dealer_code is None or values.get("dealer_code") == actor.dealer_code:
        return {}
    return {"dealer_code": [say("You work for the dealer {code}; choose that one.", code=actor.dealer_code)]}


def _errors(session: Session, actor: Actor, values: Mapping[str, Any], customer: Customer | None) -> FieldErrors:
    """Return what keeps a customer, or one to be made, from being saved."""
    found = customer_errors(values, now=clock.now()) | dealer_errors(actor, values)
    return found | customer_choice_errors(session, values, customer)


def _touch(customer: Customer, edit: Edit | None = None) -> Touch:
    return Touch("customer", customer.id, customer.label, edit.trail() if edit else {})


def _refuse_duplicate(session: Session, customer: Customer) -> None:
    """Raise Conflict when the account number or the CRM reference is in use, or was: numbers are never used again."""
    if session.scalar(_taken(customer, Customer.account_number_normalised, customer.account_number_normalised)):
        text = say(
            "The account number {number} is taken. Give another one; capitals make no difference.",
            number=customer.account_number,
        )
        raise Conflict(text, code="duplicate", field="account_number")
    reference = customer.crm_reference
    if reference is not None and session.scalar(_taken(customer, Customer.crm_reference, reference)):
        text = say("The CRM reference {reference} is taken. Give another one.", reference=reference)
        raise Conflict(text, code="duplicate", field="crm_reference")


def _taken(customer: Customer, column: InstrumentedAttribute[Any], value: str) -> Select[int]:
    return select(Customer.id).where(column == value, Customer.id != (customer.id or 0)).limit(1)
