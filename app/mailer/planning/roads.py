"""Every road by which a document may reach an address, and what the road itself has against it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.core.addresses import normalise
from app.core.bill_format import BillFormat
from app.mailer.planning.plan_model import (
    Circumstances,
    Contact,
    Customer,
    Document,
    DocumentKind,
    Road,
    unique_contacts,
)
from app.mailer.planning.reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A road before it is known whether a mail goes along it; `obstacle` is what the road itself has against it."""

    key: str
    address: str | None
    road: Road
    name: str
    reason: Reason
    obstacle: Reason | None = None
    contact: Contact | None = None
    format: BillFormat | None = None
    usage_report: int | None = None


def roads(
    document: Document, customer: Customer, contacts: Iterable[Contact], circumstances: Circumstances
) -> Iterator[Way]:
    """Give every road in its order: the customer's addresses, the requester, the contacts by id; or the typed in."""
    if circumstances.typed_in:
        yield from _typed_in(document, customer, circumstances)
        return
    own = _unique(customer.emails)
    if document.kind == DocumentKind.INVOICE:
        yield from _bill_roads(customer, own)
    else:
        yield _main_road(document, customer, own[0] if own else "")
        for address in own[1:]:
            yield _customer_way(customer, address, Reason.BILLS_ONLY)
    for contact in unique_contacts(contacts):
        yield _contact_way(document, contact)


def closed_gate(document: Document, customer: Customer) -> Reason | None:
    """Return what stands in the way of the whole document, the first such thing."""
    if customer.deleted:
        return Reason.CUSTOMER_DELETED
    if not customer.allows_correspondence:
        return Reason.STATUS_FORBIDS
    if document.kind == DocumentKind.TICKET_UPDATE and document.internal:
        return Reason.INTERNAL
    return None


def _typed_in(document: Document, customer: Customer, circumstances: Circumstances) -> Iterator[Way]:
    bill_format = None
    if document.kind == DocumentKind.INVOICE:
        wished = (circumstances.typed_in_format, customer.email_bill_type, BillFormat.SHORT)
        bill_format = next(choice for choice in wished if choice not in {None, BillFormat.NONE})
    for address in _unique(circumstances.typed_in):
        yield Way(
            key=normalise(address),
            address=address,
            road=Road.TYPED_IN,
            name=customer.name,
            reason=Reason.TYPED_IN,
            format=bill_format,
        )


def _bill_roads(customer: Customer, own: list[str]) -> Iterator[Way]:
    obstacle = None
    if not customer.email_billing:
        obstacle = Reason.EMAIL_BILLING_OFF
    elif customer.email_bill_type == BillFormat.NONE:
        obstacle = Reason.FORMAT_NONE
    # A customer without any address is one road that leads nowhere, so that the plan can say so.
    for address in own or [""]:
        yield _customer_way(
            customer, address, obstacle, bill_format=customer.email_bill_type, usage_report=customer.usage_report
        )


def _main_road(document: Document, customer: Customer, main: str) -> Way:
    """Return the one road of correspondence and tickets that is not a contact's: the main address or the requester."""
    if document.kind == DocumentKind.CORRESPONDENCE:
        refused = document.marketing and not customer.marketing_consent
        return _customer_way(customer, main, Reason.NO_MARKETING_CONSENT if refused else None)
    requester = (document.requester_email or "").strip()
    obstacle = Reason.AUTHOR if _wrote_it(document, requester or main) else None
    if not requester:
        return _customer_way(customer, main, obstacle)
    return Way(
        key=normalise(requester),
        address=requester,
        road=Road.REQUESTER,
        name=customer.name,
        reason=Reason.REQUESTER,
        obstacle=obstacle,
    )


def _customer_way(
    customer: Customer,
    address: str,
    obstacle: Reason | None,
    *,
    bill_format: BillFormat | None = None,
    usage_report: int | None = None,
) -> Way:
    return Way(
        key=normalise(address),
        address=address or None,
        road=Road.CUSTOMER,
        name=customer.name,
        reason=Reason.CUSTOMER_EMAIL,
        obstacle=obstacle,
        format=bill_format,
        usage_report=usage_report,
    )


def _contact_way(document: Document, contact: Contact) -> Way:
    is_bill = document.kind == DocumentKind.INVOICE
    reason, obstacle = _contact_wish(document, contact)
    address = (contact.email or "").strip()
    return Way(
        key=normalise(address),
        address=address or None,
        road=Road.CONTACT,
        name=contact.name,
        reason=reason,
        obstacle=obstacle,
        contact=contact,
        format=contact.email_bill_type if is_bill else None,
        usage_report=contact.usage_report if is_bill else None,
    )


def _contact_wish(document: Document, contact: Contact) -> tuple[Reason, Reason | None]:
    """Return why a contact gets such a document, and what in their own settings is against it."""
    match document.kind:
        case DocumentKind.INVOICE:
            wants = contact.email_bill_type != BillFormat.NONE
            return Reason.COPY_EMAIL_BILL, None if wants else Reason.FORMAT_NONE
        case DocumentKind.CORRESPONDENCE:
            if document.type_id not in contact.copy_correspondence:
                return Reason.COPY_CORRESPONDENCE, Reason.TYPE_NOT_SELECTED
            refused = document.marketing and not contact.marketing_consent
            return Reason.COPY_CORRESPONDENCE, Reason.NO_MARKETING_CONSENT if refused else None
        case DocumentKind.TICKET_UPDATE:
            if document.type_id not in contact.copy_ticket_updates:
                return Reason.COPY_TICKET_UPDATES, Reason.TYPE_NOT_SELECTED
            return Reason.COPY_TICKET_UPDATES, Reason.AUTHOR if _wrote_it(document, contact.email) else None


def _wrote_it(document: Document, address: str | None) -> bool:
    authors = {normalise(one) for one in (document.author_address, document.sent_from) if one} - {""}
    return normalise(address or "") in authors


def _unique(addresses: Iterable[str]) -> list[str]:
    """Return addresses trimmed and in their order, the first spelling of each; empty ones are none."""
    by_key: dict[str, str] = {}
    for address in addresses:
        by_key.setdefault(normalise(address), address.strip())
    by_key.pop("", None)
    return list(by_key.values())
