"""Sample data for a first look: believable British customers, contacts of both kinds, documents, lists and users.

Everything is written by the services' verbs, so a demo database is a true one, its audit trail included.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from faker import Faker
from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.access.models import StaffUser
from app.access.table import Role
from app.contacts.service import add_shared_contact, create_contact
from app.core import audit, clock
from app.core.actor import Actor, Door
from app.core.addresses import split_addresses
from app.core.audit import Verb
from app.core.unit_of_work import unit_of_work
from app.customers.models import Customer
from app.customers.service import create_customer
from app.demo_calls import calls_of
from app.demo_documents import credit_first, send_first
from app.demo_letters import plan_bulk_letters, write_letters
from app.demo_mails import receive
from app.demo_runs import fill_run
from app.demo_tickets import converse
from app.demo_usage import PROFILES, add_four_readers
from app.extensions import db
from app.invoices.service import create_invoice
from app.issuer import queries as issuers
from app.issuer.service import update_issuer
from app.lookups.models import LOOKUP_MODELS
from app.lookups.service import create_lookup
from app.mailer.suppressions.rules import SuppressionKind
from app.mailer.suppressions.service import suppress

SEED = 20_260
CUSTOMERS = 40
SENT_CUSTOMERS = 6
# The random numbers of the sample data are meant to come out the same each time.
ACTOR = Actor.system(Door.CLI)

LISTS: dict[str, list[dict[str, Any]]] = {
    "title": [{"name": name} for name in ("Mr", "Mrs", "Ms", "Miss", "Mx", "Dr", "Prof")],
    "contact_type": [
        {"name": name} for name in ("Accounts payable", "Accountant", "Technical", "Director", "Office manager")
    ],
    "number_type": [{"name": name} for name in ("Office", "Mobile", "Direct line", "Home")],
    "topic": [{"name": name} for name in ("Invoices", "Payments", "Faults", "Orders", "Contracts")],
    "ticket_type": [{"name": name} for name in ("Fault", "Question", "Order", "Complaint")],
    "ticket_status": [{"name": "Open"}, {"name": "Waiting for customer"}, {"name": "Closed", "closed": True}],
    "correspondence_type": [
        {"name": "Price change", "correspondence_class": "billing"},
        {"name": "Payment reminder", "correspondence_class": "credit_control"},
        {"name": "Planned maintenance", "correspondence_class": "customer_services", "bulk": True},
        {"name": "News and offers", "correspondence_class": "marketing", "bulk": True},
    ],
    "usage_report_profile": PROFILES,
    "customer_status": [
        {"name": "Active", "allows_correspondence": True},
        {"name": "On stop", "allows_correspondence": True},
        {"name": "Closed", "allows_correspondence": False},
    ],
    "dealer": [{"name": "Northern Telecoms", "code": "NORTH"}, {"name": "Severn Networks", "code": "SEVERN"}],
}

SERVICES = (
    ("Broadband, 80 Mb/s", "Broadband", "34.50"),
    ("Leased line, 100 Mb/s", "Leased lines", "289.00"),
    ("Hosted telephone seat", "Telephony", "11.95"),
    ("Calls", "Calls", "18.4275"),
    ("Mobile tariff, 20 GB", "Mobile", "14.00"),
    ("Support, per hour", "Support", "65.00"),
)

ISSUER = {
    "name": "Pennine Communications Ltd",
    "address_line_1": "Weir Mill",
    "address_line_2": "18 Canal Street",
    "address_line_4": "Halifax",
    "address_line_5": "West Yorkshire",
    "postcode": "HX1 1AA",
    "country": "GB",
    "email": "accounts@pennine.example",
    "website": "https://www.pennine.example",
    "vat_number": "GB 123 4567 82",
    "bank_name": "Calder Bank",
    "bank_sort_code": "20-00-00",
    "bank_account_number": "55779911",
    "footer": "Pennine Communications Ltd. Registered in England and Wales, number 01234567.",
}


def fill() -> Iterator[str]:
    """Fill an empty database, and yield the lines to print: the users and their password.

    Does nothing to a database that has customers or users already.
    """
    session = db.session()
    users = session.scalar(select(func.count(StaffUser.id)))
    if users or session.scalar(select(func.count(Customer.id))):
        return
    settings = current_app.config["SETTINGS"]
    password = settings.demo_password or f"Demo-{secrets.token_urlsafe(9)}7"
    _Demo().fill()
    for role in Role:
        _add_user(role, password)
    converse()
    receive()
    yield f"Demo users: {', '.join(role.value.lower() for role in Role)}."
    yield (
        f"Their password: {password}" if not settings.demo_password else "Their password is COUNTERPART_DEMO_PASSWORD."
    )


def _add_user(role: Role, password: str) -> None:
    manager = current_app.appbuilder.sm  # type: ignore[attr-defined]
    name = role.value.lower()
    manager.add_user(name, "Demo", role.value, f"{name}@pennine.example", manager.find_role(role.value), password)


class _Demo:
    """Makes the records, one verb after the other, from one seeded source of chance."""

    def __init__(self) -> None:
        self.chance = random.Random(SEED)  # noqa: S311  sample data, no secret
        # Of its own: whatever is called leaves the rest as it is.
        self.calls = random.Random(SEED)  # noqa: S311  the same
        self.faker = Faker("en_GB")
        self.faker.seed_instance(SEED)
        self.ids: dict[str, list[int]] = {}

    def fill(self) -> None:
        """Make everything, each step in a unit of work of its own."""
        self._in_work(self._lists)
        customers = self._in_work(self._customers)
        self._in_work(lambda session: self._contacts(session, customers))
        self._in_work(lambda session: self._shared_contacts(session, customers))
        self._in_work(lambda session: self._invoices(session, customers))
        self._in_work(lambda session: send_first(session, ACTOR, customers[:SENT_CUSTOMERS]))
        self._in_work(lambda session: credit_first(session, ACTOR, customers[0]))
        self._in_work(lambda session: add_four_readers(session, ACTOR, customers, chance=self.calls))
        self._in_work(lambda session: self._bounced(session, customers[SENT_CUSTOMERS]))
        self._in_work(lambda session: write_letters(session, ACTOR, customers, self.ids["correspondence_type"]))
        self._in_work(lambda session: plan_bulk_letters(session, ACTOR, self.ids["correspondence_type"]))
        fill_run(ACTOR)

    def _in_work(self, step: Callable[[Session], Any]) -> Any:  # noqa: ANN401  what the step returns
        with unit_of_work(db.session) as session:
            return step(session)

    def _lists(self, session: Session) -> None:
        for resource, rows in LISTS.items():
            for position, values in enumerate(rows, start=1):
                create_lookup(session, ACTOR, resource=resource, values={"position": position, **values})
            model: Any = LOOKUP_MODELS[resource]
            self.ids[resource] = list(session.scalars(select(model.id).order_by(model.position)))
        issuer = issuers.issuer(session)
        update_issuer(session, ACTOR, issuer_id=issuer.id, values=ISSUER)

    def _customers(self, session: Session) -> list[int]:
        made = []
        for number in range(1, CUSTOMERS + 1):
            company = self.faker.unique.company()
            domain = _domain(company)
            billing = number % 5 != 0
            values = {
                "account_number": f"PC{1000 + number}",
                "company_name": company if number % 8 else None,
                "title": self._one("title"),
                **self._person(),
                **self._address(),
                "number_1": self.faker.numerify("01632 960 ###"),
                "number_1_type": self.ids["number_type"][0],
                "email": f"accounts@{domain}, office@{domain}" if number % 3 == 0 else f"accounts@{domain}",
                "website": f"https://www.{domain}",
                "status": self.ids["customer_status"][2 if number == CUSTOMERS else 1 if number % 13 == 0 else 0],
                "email_billing": billing,
                "email_bill_type": "short" if billing else "none",
                "dealer_code": {0: "NORTH", 1: "SEVERN"}.get(number % 6),
                "currency": "GBP",
                "language": "en",
            }
            made.append(create_customer(session, ACTOR, values=values).id)
        return made

    def _contacts(self, session: Session, customers: list[int]) -> None:
        for index, customer_id in enumerate(customers):
            for _ in range(index % 4):
                person = self._person()
                bill = self.chance.choice(("none", "short", "short", "long", "full"))
                values = {
                    "customer_id": customer_id,
                    "contact_type": self._one("contact_type"),
                    "title": self._one("title"),
                    **person,
                    **self._address(),
                    "number_1": self.faker.numerify("07700 900 ###"),
                    "number_1_type": self.ids["number_type"][1],
                    "email": f"{person['first_name']}.{person['last_name']}@people.example".lower().replace(" ", ""),
                    "position": self.faker.job()[:120],
                    "contact_regarding": self._some("topic"),
                    "email_bill_type": bill,
                    "copy_correspondence": self._some("correspondence_type"),
                    "copy_ticket_updates": self._some("ticket_type"),
                }
                create_contact(session, ACTOR, values=values)

    def _shared_contacts(self, session: Session, customers: list[int]) -> None:
        """Make the accountant of many customers, and a group's finance team."""
        shared: tuple[tuple[str, str, str, str, str, list[int]], ...] = (
            ("Priya", "Raman", "Raman & Holt Accountants", "priya@ramanholt.example", "short", customers[:6]),
            ("Owen", "Bevan", "Severn Group Finance", "finance@severngroup.example", "short", customers[6:9]),
            ("Isla", "Drummond", "Drummond Bookkeeping", "isla@drummond.example", "none", []),
        )
        for first, last, company, email, bill, linked in shared:
            values = {
                "contact_type": self.ids["contact_type"][1],
                "first_name": first,
                "last_name": last,
                "company_name": company,
                **self._address(),
                "email": email,
                "position": "Accountant",
                "contact_regarding": self.ids["topic"][:2],
                "email_bill_type": bill,
            }
            contact = create_contact(session, ACTOR, values=values)
            for customer_id in linked:
                add_shared_contact(session, ACTOR, customer_id=customer_id, contact_id=contact.id)

    def _invoices(self, session: Session, customers: list[int]) -> None:
        today = clock.now().date()
        for customer_id in customers[:24]:
            for months in range(1, self.chance.randint(1, 3) + 1):
                date = today - timedelta(days=30 * months - 12)
                lines = [self._line() for _ in range(self.chance.randint(2, 6))]
                values = {
                    "customer_id": customer_id,
                    "invoice_date": date.isoformat(),
                    "due_date": (date + timedelta(days=30)).isoformat(),
                    "purchase_order_number": self.faker.bothify("PO-####") if self.chance.random() < 1 / 3 else None,
                    "lines": lines,
                }
                usage = calls_of(lines, until=date, chance=self.calls)
                create_invoice(session, ACTOR, values=values, default_currency="GBP", usage=usage)

    def _bounced(self, session: Session, customer_id: int) -> None:
        """Suppress a customer's address, as if a mail of long ago had come back."""
        address = split_addresses(session.get_one(Customer, customer_id).email or "")[0]
        words = "550 5.1.1 The mailbox does not exist."
        kind = SuppressionKind.HARD_BOUNCE
        _, touched = suppress(session, ACTOR, address=address, kind=kind, reason=words, diagnostic=words)
        audit.record(session, ACTOR, verb=Verb.SUPPRESSION_ADDED, touched=touched)

    def _line(self) -> dict[str, str]:
        description, category, price = self.chance.choice(SERVICES)
        return {
            "description": description,
            "category": category,
            "quantity": str(self.chance.randint(1, 12)),
            "unit_price": price,
            "tax_rate": "20.00",
            "reference": self.faker.numerify("01632 960 ###"),
        }

    def _person(self) -> dict[str, str]:
        return {"first_name": self.faker.first_name(), "last_name": self.faker.last_name()}

    def _address(self) -> dict[str, str]:
        return {
            "address_line_1": self.faker.street_address().replace("\n", ", ")[:120],
            "address_line_4": self.faker.city(),
            "address_line_5": self.faker.county(),
            "postcode": self.faker.postcode(),
            "country": "GB",
        }

    def _one(self, resource: str) -> int:
        return self.chance.choice(self.ids[resource])

    def _some(self, resource: str) -> list[int]:
        return [one for one in self.ids[resource] if self.chance.random() < 1 / 3]


def _domain(company: str) -> str:
    words = "".join(char if char.isalnum() else "-" for char in company.lower())
    return f"{'-'.join(part for part in words.split('-') if part)}.example"
