"""Short ways to write a plan's input in a test."""

from typing import Any

from app.core.bill_format import BillFormat
from app.mailer.planning.plan_model import Circumstances, Contact, Customer, Document, DocumentKind, Link, Plan
from app.mailer.planning.rules import plan

BILLING_LETTER = 11
MARKETING_LETTER = 14
FAULT_TICKET = 21


def invoice(**fields: Any) -> Document:
    return Document(**{"kind": DocumentKind.INVOICE, "id": 5, "number": "ACME/5", "version": 1} | fields)


def letter(**fields: Any) -> Document:
    start = {"kind": DocumentKind.CORRESPONDENCE, "id": 6, "number": "ACME/C006", "version": 1}
    return Document(**start | {"type_id": BILLING_LETTER} | fields)


def marketing(**fields: Any) -> Document:
    return letter(**{"type_id": MARKETING_LETTER, "marketing": True} | fields)


def update(**fields: Any) -> Document:
    start = {"kind": DocumentKind.TICKET_UPDATE, "id": 7, "number": "T7", "version": 1, "type_id": FAULT_TICKET}
    return Document(**start | fields)


def customer(*emails: str, **fields: Any) -> Customer:
    start = {"id": 1, "name": "Acme Ltd", "email_billing": True, "email_bill_type": BillFormat.SHORT}
    return Customer(**start | {"emails": emails} | fields)


def contact(contact_id: int = 3, email: str | None = "anna@example.com", **fields: Any) -> Contact:
    start = {"name": f"Contact {contact_id}", "link": Link.DIRECT}
    return Contact(**start | {"id": contact_id, "email": email} | fields)


def planned(document: Document, account: Customer, *contacts: Contact, **circumstances: Any) -> Plan:
    return plan(document, account, contacts, Circumstances(**circumstances))


def outcome(result: Plan) -> tuple[dict[str, list[str]], list[tuple[str | None, str]]]:
    """Return who gets it and why, and who does not and why not."""
    getting = {message.address: [str(way.reason) for way in message.recipients] for message in result.messages}
    return getting, [(skip.address, str(skip.reason)) for skip in result.skipped]
