"""The kinds of record that the header's search looks through, in the order in which they are shown."""

from __future__ import annotations

from typing import Any

from flask import url_for

from app.contacts import queries as contacts
from app.contacts.resource import CONTACT
from app.correspondence import queries as letters
from app.correspondence.resource import LETTER
from app.customers import queries as customers
from app.customers.resource import CUSTOMER
from app.invoices import queries as invoices
from app.invoices.resource import INVOICE
from app.mailer import queries as mailer
from app.mailer.resource import MESSAGE
from app.tickets import queries as tickets
from app.tickets.resource import TICKET
from app.web.search_registry import Findable, register_findable


def register() -> None:
    """Have the header's search look through them."""
    register_findable(_findable(CUSTOMER, "CustomerView", customers.findings, _place_and_address, has_number=True))
    register_findable(_findable(CONTACT, "ContactView", contacts.findings, _company_and_address))
    register_findable(_findable(INVOICE, "InvoiceView", invoices.findings, _label_of_customer, has_number=True))
    register_findable(_findable(TICKET, "TicketView", tickets.findings, _label_of_customer, has_number=True))
    register_findable(_findable(LETTER, "CorrespondenceView", letters.findings, _label_of_customer, has_number=True))
    register_findable(_findable(MESSAGE, "MessageView", mailer.findings, _label_of_customer))


def _findable(resource: Any, view: str, findings: Any, hint: Any, *, has_number: bool = False) -> Findable:  # noqa: ANN401  as typed there
    return Findable(
        resource=resource,
        findings=findings,
        page=lambda record: url_for(f"{view}.show", pk=record.id),
        list_url=lambda: url_for(f"{view}.list"),
        hint=hint,
        has_number=has_number,
    )


def _label_of_customer(document: Any) -> str:  # noqa: ANN401  an invoice, a ticket or a message
    label: str = document.customer.label
    return label


def _place_and_address(customer: Any) -> str:  # noqa: ANN401  a customer
    return _joined(customer.person_name if customer.company_name else "", customer.postcode, customer.email)


def _company_and_address(contact: Any) -> str:  # noqa: ANN401  a contact
    return _joined(contact.company_name if contact.person_name else "", contact.email, contact.postcode)


def _joined(*parts: str | None) -> str:
    return ", ".join(part for part in parts if part)
