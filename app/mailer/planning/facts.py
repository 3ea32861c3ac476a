"""What a plan is made from, read from the database: a customer, the contacts, the messages made before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session, selectinload

from app.contacts import models as contact_models
from app.contacts import queries as contact_queries
from app.core.addresses import normalise, split_addresses
from app.core.bill_format import BillFormat
from app.customers import models as customer_models
from app.customers.usage_reports import unavailable
from app.mailer import queries
from app.mailer.message_states import MessageState
from app.mailer.models import Message, SkippedRoad
from app.mailer.planning.choices import Choices
from app.mailer.planning.plan_model import Circumstances, Contact, Customer, Document, Link, Made, Plan
from app.mailer.planning.reasons import Reason
from app.mailer.suppressions.models import Suppression

# A message, or as much of its row as says which of a document's messages counts.
AnyMessage = TypeVar("AnyMessage", Message, Row[Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What the settings say where a record is silent; `public_url` is how people outside reach this instance."""

    language: str
    usage_module: bool
    domain: str
    public_url: str | None = None


def circumstances_of(
    session: Session,
    document: Document,
    customer: customer_models.Customer,
    people: Iterable[Contact],
    *,
    choices: Choices,
    usage_module: bool,
) -> Circumstances:
    """Return what else decides about a document: suppressed addresses, messages made before, modules and choices."""
    addresses = {
        *split_addresses(customer.email or ""),
        *choices.recipients,
        *(one.email for one in people if one.email),
        *((document.requester_email,) if document.requester_email else ()),
    }
    reports = (customer.invoice_usage_report_id, *(one.usage_report for one in people)) if usage_module else ()
    return Circumstances(
        suppressed=suppressed_among(session, addresses),
        unavailable_reports=unavailable(session, reports, customer),
        already_made=made_by(session, document),
        usage_module=usage_module,
        unticked=frozenset(choices.untick),
        typed_in=choices.recipients,
    )


def skipped_roads(plan: Plan, *, customer_id: int) -> list[SkippedRoad]:
    """Return the rows that keep why somebody got nothing, as it is now; an address that has it needs none."""
    return [
        SkippedRoad(
            customer_id=customer_id,
            contact_id=skip.contact_id,
            document_kind=plan.document.kind.value,
            document_class=plan.document.document_class,
            document_id=plan.document.id,
            document_number=plan.document.number,
            road=skip.road.value,
            link=skip.link.value if skip.link else None,
            address=skip.address,
            name=skip.name,
            reason=skip.reason.value,
            detail=str(skip.detail),
        )
        for skip in plan.skipped
        if skip.reason != Reason.ALREADY_SENT
    ]


def lock_customer(session: Session, customer_id: int) -> None:
    """Keep a customer and its links as they are until the unit of work ends; asked for before any document's lock."""
    model = customer_models.Customer
    session.execute(select(model.id).where(model.id == customer_id).with_for_update(read=True, of=model))


def lock_people(session: Session, customer: customer_models.Customer) -> None:
    """Keep a customer, the contacts and the links as they are until the unit of work ends, and read them afresh.

    Whoever changes one of them either comes first, and the plan knows, or waits, and finds the messages.
    """
    lock_customer(session, customer.id)
    session.refresh(customer)
    model = contact_models.Contact
    wanted = _living_contacts(customer).with_only_columns(model.id).order_by(model.id)
    session.execute(wanted.with_for_update(read=True, of=model))
    for row in [one for one in session.identity_map.values() if isinstance(one, model)]:
        session.expire(row)


def contacts_of(session: Session, customer: customer_models.Customer, *, language: str) -> list[Contact]:
    """Return a customer's living contacts, both kinds."""
    wanted = _living_contacts(customer)
    return [contact_of(row, language=customer.language or language) for row in _with_choices(session, wanted)]


def _living_contacts(customer: customer_models.Customer) -> Select[contact_models.Contact]:
    model = contact_models.Contact
    return select(model).where(model.deleted_at.is_(None), model.id.in_(contact_queries.ids_of_customer(customer.id)))


def contacts_by_id(session: Session, ids: Iterable[int]) -> dict[int, Contact]:
    """Return contacts by their ids, deleted ones among them and marked so."""
    model = contact_models.Contact
    rows = _with_choices(session, select(model).where(model.id.in_(set(ids))))
    return {row.id: contact_of(row, language="") for row in rows}


def contact_of(row: contact_models.Contact, *, language: str, with_types: bool = True) -> Contact:
    """Return a contact as a plan asks for it; `language` is the one of who has none.

    Without the types that they want copies of, it does for the plans of bills.
    """
    return Contact(
        id=row.id,
        name=row.name,
        link=Link.SHARED if row.customer_id is None else Link.DIRECT,
        email=row.email,
        email_bill_type=BillFormat(row.email_bill_type),
        usage_report=row.invoice_usage_report_id,
        copy_correspondence=frozenset(one.id for one in row.copy_correspondence) if with_types else frozenset(),
        copy_ticket_updates=frozenset(one.id for one in row.copy_ticket_updates) if with_types else frozenset(),
        marketing_consent=row.marketing_consent_at is not None,
        deleted=row.deleted_at is not None,
        language=row.language or language,
    )


def customer_of(row: customer_models.Customer, *, language: str) -> Customer:
    """Return a customer as a plan asks for it; `language` is the one of who has none."""
    return Customer(
        id=row.id,
        name=row.name,
        emails=tuple(split_addresses(row.email or "")),
        email_billing=row.email_billing,
        email_bill_type=BillFormat(row.email_bill_type),
        usage_report=row.invoice_usage_report_id,
        marketing_consent=row.marketing_consent_at is not None,
        allows_correspondence=row.status is None or row.status.allows_correspondence,
        deleted=row.deleted_at is not None,
        language=row.language or language,
    )


def suppressed_among(session: Session, addresses: Iterable[str]) -> dict[str, str]:
    """Return those of some addresses that are suppressed, normalised, each with the reason in plain words."""
    rows = session.execute(
        select(Suppression.address_normalised, Suppression.reason).where(
            Suppression.address_normalised.in_({normalise(address) for address in addresses}),
            Suppression.deleted_at.is_(None),
        )
    )
    return {address: reason for address, reason in rows}  # noqa: C416  dict() of rows has no type


def made_by(session: Session, document: Document) -> dict[str, Made]:
    """Return the message that a document has made for each address: the latest that isn't cancelled, if there is one.

    A copy that was to be sent again and was cancelled takes nothing from the one that left before.
    """
    return {key: Made(row.id, row.state) for key, row in latest_messages(session, document).items()}


def latest_messages(session: Session, document: Document) -> dict[str, Message]:
    """Return the message that counts for each address that a document was made for, by normalised address."""
    return latest_of(queries.messages_of_document(session, kind=document.kind.value, document_id=document.id))


def latest_of(rows: Iterable[AnyMessage]) -> dict[str, AnyMessage]:
    """Return the one that counts of a document's messages for each address: the latest that is not cancelled."""
    latest: dict[str, AnyMessage] = {}
    for row in sorted(rows, key=lambda one: (one.state != MessageState.CANCELLED, one.revision)):
        latest[row.address_normalised] = row
    return latest


def _with_choices(session: Session, statement: Select[contact_models.Contact]) -> list[contact_models.Contact]:
    model = contact_models.Contact
    choices = (selectinload(model.copy_correspondence), selectinload(model.copy_ticket_updates))
    return list(session.scalars(statement.options(*choices)))
