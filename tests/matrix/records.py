"""Which record is whose: ours, another dealer's, deleted, or not there at all."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from sqlalchemy import text

from app.access.table import LOOKUPS
from app.contacts.service import add_shared_contact, delete_contact
from app.core.unit_of_work import unit_of_work
from app.correspondence.service import delete_letter
from app.customers.service import delete_customer
from app.extensions import db
from app.invoices.imports.rules import ImportKind
from app.invoices.imports.service import File, begin_import
from app.invoices.service import delete_invoice
from app.lookups.service import delete_lookup
from app.tickets.service import delete_ticket
from tests.conftest import actor
from tests.web.house import House

NOTHING = 999_983
# What only another dealer's records hold; the dealer's own name stands in a list that everybody may read.
FOREIGN_WORDS = re.compile(r"South works|south\.example|SOUTH-\d|(?:Direct|Shared|Linked)South")
# The records that a dealer code puts in or out of sight, by the name that the filled house gives their ids.
SCOPED = {
    "customer": "customer",
    "contact": "contact",
    "invoice": "draft",
    "billing_run": "billing_run",
    "ticket": "ticket",
    "correspondence": "correspondence",
    "bulk_letter": "bulk_letter",
    "message": "message",
    "suppression": "suppression",
    "inbound_mail": "inbound_mail",
}


@dataclass(frozen=True)
class Standing:
    """The ids of records by resource: in sight of the dealer's staff, another dealer's, and deleted."""

    ours: dict[str, int]
    theirs: dict[str, int]
    gone: dict[str, int]


def add_the_deleted(house: House) -> Standing:
    """Delete a record of each kind, tie a contact of ours to another dealer's customer, and tell whose is whose."""
    world = house.world
    gone: dict[str, int] = {}
    gone["customer"] = house.customer(company_name="Gone North", dealer_code="NORTH")
    house.do(delete_customer, customer_id=gone["customer"])
    gone["contact"] = house.contact(last_name="GoneNorth", customer_id=world.ours["customer"])
    house.do(delete_contact, contact_id=gone["contact"])
    gone["invoice"] = house.invoice(world.ours["customer"])
    house.do(delete_invoice, invoice_id=gone["invoice"])
    gone["ticket"] = house.ticket(world.ours["customer"])
    house.do(delete_ticket, ticket_id=gone["ticket"])
    gone["correspondence"] = house.letter(world.ours["customer"])
    house.do(delete_letter, letter_id=gone["correspondence"])
    for name in LOOKUPS:
        gone[name] = _deleted_row(house, name)
    house.do(add_shared_contact, customer_id=world.theirs["customer"], contact_id=world.ours["linked"])
    ours = {resource: world.ours[name] for resource, name in SCOPED.items()}
    theirs = {resource: world.theirs[name] for resource, name in SCOPED.items()}
    ours |= world.lookups | {
        "issuer": 1,
        "mail_template": 1,
        "audit": _entry_about(house, "customer", ours["customer"]),
    }
    # The trash has a customer of each dealer.
    ours["trash"], theirs["trash"] = (
        gone["customer"],
        house.customer(company_name="South works gone", dealer_code="SOUTH"),
    )
    house.do(delete_customer, customer_id=theirs["trash"])
    theirs["audit"] = _entry_about(house, "customer", theirs["customer"])
    for ids in (ours, theirs):
        ids["ticket_update"] = _first_update(house, ids["ticket"])
    ours["import"], theirs["import"] = (_import_of(house, dealer) for dealer in ("NORTH", "SOUTH"))
    return Standing(ours, theirs, gone)


def _deleted_row(house: House, name: str) -> int:
    from app.lookups.service import create_lookup

    extra = {"code": "GONE"} if name == "dealer" else {}
    extra |= {"correspondence_class": "billing"} if name == "correspondence_type" else {}
    row = house.do(create_lookup, resource=name, values={"name": f"Gone {name}", **extra})
    house.do(delete_lookup, resource=name, lookup_id=row)
    return row


def _first_update(house: House, ticket_id: int) -> int:
    query = text("SELECT min(id) FROM ticket_update WHERE ticket_id = :ticket")
    with house.session() as session:
        return session.execute(query, {"ticket": ticket_id}).scalar_one()


def _import_of(house: House, dealer: str) -> int:
    staff = replace(actor("finance"), dealer_code=dealer)
    file = File(kind=ImportKind.INVOICES, name=f"{dealer}.csv", sha256=dealer, size=1)
    with house.app.app_context():
        with unit_of_work(db.session) as session:
            number = begin_import(session, staff, file=file).id
        db.session.remove()
    return number


def _entry_about(house: House, resource: str, number: int) -> int:
    query = text("SELECT min(entry_id) FROM audit_record WHERE resource = :resource AND record_id = :number")
    with house.session() as session:
        return session.execute(query, {"resource": resource, "number": number}).scalar_one()
