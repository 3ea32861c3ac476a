"""The plans of many documents, made from facts that are read for all of them at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session, joinedload, load_only

from app.contacts import models as contact_models
from app.contacts.models import ContactLink
from app.core.addresses import split_addresses
from app.customers import models as customer_models
from app.customers.usage_reports import customers_without
from app.lookups.models import CustomerStatus
from app.mailer.models import Message
from app.mailer.planning.facts import Defaults, contact_of, customer_of, latest_of, suppressed_among
from app.mailer.planning.plan_model import Circumstances, Contact, Customer, Document, DocumentKind, Made, Plan
from app.mailer.planning.rules import plan

# So many documents are planned with one set of statements; a database takes only so many parameters.
PORTION = 500

_CONTACT = contact_models.Contact
_CUSTOMER = customer_models.Customer
# What a plan asks of a person: whole rows of thirty thousand contacts would be a burden.
_NAMES = ("first_name", "last_name", "company_name")
_BILLS = ("email", "email_bill_type", "invoice_usage_report_id", "marketing_consent_at", "deleted_at", "language")


class Wanted(NamedTuple):
    """A document to plan, and the id of its customer."""

    document: Document
    customer_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the plans of some documents of one kind are made from; contacts by customer, messages made by document."""

    customers: Mapping[int, Customer]
    contacts: Mapping[int, Sequence[Contact]]
    suppressed: Mapping[str, str]
    made: Mapping[int, Mapping[str, Made]]
    # For each usage report that somebody asks for, the customers that it is not available to.
    without: Mapping[int, Collection[int]]
    usage_module: bool

    def plan(self, document: Document, customer_id: int, *, made_until: int | None = None) -> Plan:
        """Return the plan of a document; with `made_until`, as if messages with a higher id were not there."""
        made = self.made.get(document.id, {})
        if made_until is not None:
            made = {key: one for key, one in made.items() if one.message_id <= made_until}
        circumstances = Circumstances(
            suppressed=self.suppressed,
            already_made=made,
            usage_module=self.usage_module,
            unavailable_reports=frozenset(report for report, ids in self.without.items() if customer_id in ids),
        )
        return plan(document, self.customers[customer_id], self.contacts.get(customer_id, ()), circumstances)


def plans_of_many(session: Session, wanted: Sequence[Wanted], *, defaults: Defaults) -> Iterator[Plan]:
    """Give the plan of each of many documents of one kind, in their order, without choices."""
    for start in range(0, len(wanted), PORTION):
        portion = wanted[start : start + PORTION]
        facts = facts_of_many(session, portion, defaults=defaults)
        for one in portion:
            yield facts.plan(one.document, one.customer_id)


def facts_of_many(session: Session, wanted: Sequence[Wanted], *, defaults: Defaults) -> Facts:
    """Read what the plans of some invoices, or of some letters, are made from.

    There are as many statements for one as for `PORTION` of them. Of the types that contacts want copies of, letters
    need their own, and invoices none; of usage reports, letters need none.
    """
    ids = {one.customer_id for one in wanted}
    rows = list(session.scalars(_customers(ids)))
    languages = {row.id: row.language or defaults.language for row in rows}
    customers = {row.id: customer_of(row, language=defaults.language) for row in rows}
    wanting = _wanting(session, ids, {one.document for one in wanted})
    contacts: defaultdict[int, list[Contact]] = defaultdict(list)
    for customer_id, row in _contacts(session, ids):
        person = contact_of(row, language=languages[customer_id], with_types=False)
        types = wanting.get(person.id)
        contacts[customer_id].append(replace(person, copy_correspondence=types) if types else person)
    addresses = {address for row in rows for address in split_addresses(row.email or "")}
    addresses |= {one.email for people in contacts.values() for one in people if one.email}
    reports = {row.invoice_usage_report_id for row in rows}
    reports |= {one.usage_report for people in contacts.values() for one in people}
    bills = any(one.document.kind == DocumentKind.INVOICE for one in wanted)
    known = [one for one in reports if one is not None] if defaults.usage_module and bills else []
    return Facts(
        customers=customers,
        contacts=contacts,
        suppressed=suppressed_among(session, addresses),
        made=_made_by_many(session, [one.document for one in wanted]),
        without={report: customers_without(session, report, rows) for report in known},
        usage_module=defaults.usage_module,
    )


def lock_customers(session: Session, ids: Iterable[int], *, to_number: bool = False) -> None:
    """Keep customers and their links as they are until the unit of work ends; before any document's lock.

    With `to_number` nobody else gives out the next number of a customer's series meanwhile.
    """
    wanted = select(_CUSTOMER.id).where(_CUSTOMER.id.in_(set(ids))).order_by(_CUSTOMER.id)
    # Not the key: a message or a contact that names the customer need not wait for it.
    mode = {"key_share": True} if to_number else {"read": True}
    session.execute(wanted.with_for_update(of=_CUSTOMER, **mode))


def lock_contacts(session: Session, customer_ids: Iterable[int]) -> None:
    """Keep the contacts of customers as they are until the unit of work ends; after the customers' own locks."""
    ids = set(customer_ids)
    linked = select(ContactLink.contact_id).where(ContactLink.customer_id.in_(ids))
    wanted = select(_CONTACT.id).where(or_(_CONTACT.customer_id.in_(ids), _CONTACT.id.in_(linked)))
    session.execute(wanted.order_by(_CONTACT.id).with_for_update(read=True, of=_CONTACT))


def _customers(ids: set[int]) -> Select[customer_models.Customer]:
    names = (*_NAMES, *_BILLS, "email_billing", "status_id", "dealer_code")
    status = joinedload(_CUSTOMER.status).load_only(CustomerStatus.allows_correspondence)
    statement = select(_CUSTOMER).where(_CUSTOMER.id.in_(ids))
    return _afresh(statement.options(load_only(*_columns(_CUSTOMER, names)), status))


def _contacts(session: Session, customer_ids: set[int]) -> Iterator[tuple[int, contact_models.Contact]]:
    """Give each living contact with the id of its customer, a shared one with each of those that it is linked to."""
    only = load_only(*_columns(_CONTACT, (*_NAMES, *_BILLS, "customer_id")))
    direct = select(_CONTACT).where(_CONTACT.deleted_at.is_(None), _CONTACT.customer_id.in_(customer_ids))
    for row in session.scalars(_afresh(direct.options(only))):
        if row.customer_id is not None:
            yield row.customer_id, row
    linked = and_(ContactLink.contact_id == _CONTACT.id, ContactLink.customer_id.in_(customer_ids))
    shared = select(ContactLink.customer_id, _CONTACT).join(_CONTACT, linked).where(_CONTACT.deleted_at.is_(None))
    for customer_id, row in session.execute(_afresh(shared.options(only))):
        yield customer_id, row


def _wanting(session: Session, customer_ids: set[int], documents: Collection[Document]) -> Mapping[int, frozenset[int]]:
    """Return which of the types of some letters the contacts of their customers want copies of, by the contact's id."""
    types = {one.type_id for one in documents if one.kind == DocumentKind.CORRESPONDENCE}
    if not types:
        return {}
    chosen = contact_models.contact_copy_correspondence.c
    linked = select(ContactLink.contact_id).where(ContactLink.customer_id.in_(customer_ids))
    theirs = or_(_CONTACT.customer_id.in_(customer_ids), _CONTACT.id.in_(linked))
    statement = select(chosen.contact_id, chosen.correspondence_type_id).join(
        _CONTACT, _CONTACT.id == chosen.contact_id
    )
    found: defaultdict[int, set[int]] = defaultdict(set)
    for contact_id, type_id in session.execute(statement.where(theirs, chosen.correspondence_type_id.in_(types))):
        found[contact_id].add(type_id)
    return {contact_id: frozenset(types) for contact_id, types in found.items()}


def _made_by_many(session: Session, documents: Sequence[Document]) -> dict[int, dict[str, Made]]:
    """Return the message that counts for each address that each document was made for, by the document's id."""
    columns = (Message.id, Message.document_id, Message.address_normalised, Message.state, Message.revision)
    statement = select(*columns).where(
        Message.document_kind.in_({one.kind.value for one in documents}),
        Message.document_id.in_([one.id for one in documents]),
    )
    rows: defaultdict[int, list[Any]] = defaultdict(list)
    for row in session.execute(statement.order_by(Message.id)):
        rows[row.document_id].append(row)
    return {
        number: {key: Made(row.id, row.state) for key, row in latest_of(found).items()}
        for number, found in rows.items()
    }


def _columns(model: Any, names: Sequence[str]) -> list[Any]:  # noqa: ANN401  a mapped class and its attributes
    return [getattr(model, name) for name in names]


def _afresh(statement: Any) -> Any:  # noqa: ANN401  a selection of any rows
    """Have rows read as the database has them, under the locks that the unit of work holds by then."""
    return statement.execution_options(populate_existing=True)
