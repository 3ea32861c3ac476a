"""A filled application for the tests of the web: two dealers, each with a customer, contacts, an invoice, a message."""

from __future__ import annotations

import io
import itertools
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from PIL import Image
from sqlalchemy import text
from sqlalchemy.orm import Session

from app import create_app
from app.access.table import LOOKUPS
from app.contacts.service import add_shared_contact, create_contact
from app.core.models import AuditRecord
from app.core.unit_of_work import unit_of_work
from app.correspondence.attachments import attach
from app.correspondence.bulk.service import create_run as write_to_many
from app.correspondence.service import create_letter
from app.customers.service import create_customer
from app.extensions import db
from app.inbound.jobs import taking
from app.inbound.models import InboundMail
from app.invoices.billing_runs.service import create_run
from app.invoices.service import create_invoice, send_invoice
from app.issuer.logo import set_logo
from app.lookups.service import create_lookup
from app.mailer.attaching import NewFile
from app.mailer.bounces.verp import Purpose, token_of
from app.mailer.models import Message
from app.mailer.planning.choices import Choices
from app.mailer.sending_defaults import sending_defaults
from app.mailer.suppressions.service import add_suppression
from app.tickets.service import Copies, open_ticket
from tests.conftest import (
    PASSWORD,
    POSTGRESQL,
    OwnContextClient,
    actor,
    add_users,
    postgresql_database,
    settings_for,
)
from tests.core import making

LINES = [{"description": "Line rental", "quantity": "2", "unit_price": "12.50", "tax_rate": "20", "reference": "0161"}]
_EXTRA = {"correspondence_type": {"correspondence_class": "billing", "bulk": True}}
_numbers = itertools.count(1)


@dataclass
class World:
    """The ids of what there is: for each dealer by resource, and each list's first row."""

    ours: dict[str, int] = field(default_factory=dict)
    theirs: dict[str, int] = field(default_factory=dict)
    lookups: dict[str, int] = field(default_factory=dict)


@dataclass
class House:
    """An application with a world in it, and browsers and programs of each user."""

    app: Flask
    world: World
    browsers: dict[str, FlaskClient] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def new_browser(self, name: str = "admin", password: str = PASSWORD) -> FlaskClient:
        """Log a user in, in a browser of its own."""
        client = self.app.test_client()
        answer = client.post("/login/", data={"username": name, "password": password})
        assert answer.status_code == 302, answer.text
        return client

    def browser(self, name: str = "admin") -> FlaskClient:
        """Return the browser in which a user is logged in; nobody for an empty name."""
        if not name:
            return self.app.test_client()
        if name not in self.browsers:
            self.browsers[name] = self.new_browser(name)
        return self.browsers[name]

    def api(self, name: str = "admin") -> Callable[..., Any]:
        """Return a REST caller with a user's token; without any for an empty name."""
        client = self.app.test_client()
        if name and name not in self.tokens:
            given = {"username": name, "password": PASSWORD, "provider": "db"}
            self.tokens[name] = client.post("/api/v1/security/login", json=given).json["access_token"]

        def call(method: str, path: str, **arguments: Any) -> Any:
            headers = {"Authorization": f"Bearer {self.tokens[name]}"} if name else {}
            headers |= arguments.pop("headers", {})
            return client.open(path, method=method.upper(), headers=headers, **arguments)

        return call

    def do(self, verb: Callable[..., Any], name: str = "admin", **arguments: Any) -> Any:
        """Run a verb in a unit of work; returns the id of what it gives."""
        with self.app.app_context(), unit_of_work(db.session) as session:
            made = verb(session, actor(name), **arguments)
            session.flush()
            return getattr(made, "id", None)

    def customer(self, **values: object) -> int:
        """Make a customer."""
        given = {"account_number": f"T{next(_numbers):06}", "company_name": "Test customer", **values}
        return self.do(create_customer, values=given)

    def contact(self, **values: object) -> int:
        """Make a contact; shared without a `customer_id`."""
        return self.do(create_contact, values={"last_name": "Test", **values})

    def invoice(self, customer_id: int, **values: object) -> int:
        """Make a draft."""
        given = {"customer_id": customer_id, "invoice_date": "2026-01-05", "due_date": "2026-02-05", "lines": LINES}
        return self.do(create_invoice, values={**given, **values}, default_currency="GBP")

    def ticket(self, customer_id: int, **values: object) -> int:
        """Open a ticket."""
        lookups = self.world.lookups
        given = {"customer_id": customer_id, "ticket_type": lookups["ticket_type"], "subject": "Test ticket"}
        given |= {"ticket_status": lookups["ticket_status"], "body": "First text", **values}
        file = NewFile("log.txt", b"A file of a ticket.")
        return self.do(open_ticket, values=given, copies=Copies(defaults=making.DEFAULTS), files=[file])

    def letter(self, customer_id: int, **values: object) -> int:
        """Write a letter of the class that finance writes."""
        given = {"customer_id": customer_id, "correspondence_type": self.world.lookups["correspondence_type"]}
        number = self.do(create_letter, values={**given, "subject": "Prices", "body": "They rise.", **values})
        self.do(attach, letter_id=number, filename="list.txt", data=b"A file of a letter.")
        return number

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Give a session to look into the database."""
        with self.app.app_context():
            yield db.session()

    def count(self, table: str) -> int:
        """Count the rows of a table."""
        with self.session() as session:
            return session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608  a test's own word


def fill(house: House) -> None:
    """Make the world."""
    world = house.world
    for name in LOOKUPS:
        given = {"name": f"First {name}", **_EXTRA.get(name, {})}
        for code in ("NORTH", "SOUTH") if name == "dealer" else ("",):
            extra = {"code": code, "name": f"Dealer {code}"} if code else {}
            number = house.do(create_lookup, resource=name, values={**given, **extra})
            world.lookups.setdefault(name, number)
    logo = io.BytesIO()
    Image.new("RGB", (30, 10)).save(logo, "PNG")
    house.do(set_logo, issuer_id=1, picture=logo.getvalue())
    for code, ids in (("NORTH", world.ours), ("SOUTH", world.theirs)):
        _fill_dealer(house, code, ids)


def _fill_dealer(house: House, code: str, ids: dict[str, int]) -> None:
    status = house.world.lookups["customer_status"]
    ids["customer"] = house.customer(
        account_number=f"{code}-1",
        company_name=f"{code.title()} works",
        dealer_code=code,
        status=status,
        email=f"office@{code.lower()}.example",
        email_billing=True,
        email_bill_type="short",
    )
    ids["contact"] = house.contact(
        last_name=f"Direct{code.title()}",
        customer_id=ids["customer"],
        email=f"direct@{code.lower()}.example",
        email_bill_type="short",
        account_password="planted-secret-phrase",
        contact_regarding=[house.world.lookups["topic"]],
        copy_correspondence=[house.world.lookups["correspondence_type"]],
        copy_ticket_updates=[house.world.lookups["ticket_type"]],
    )
    ids["shared"] = house.contact(last_name=f"Shared{code.title()}", dealer_code=code)
    ids["linked"] = house.contact(last_name=f"Linked{code.title()}", email=f"linked@{code.lower()}.example")
    house.do(add_shared_contact, customer_id=ids["customer"], contact_id=ids["linked"])
    bounced = {"address": f"linked@{code.lower()}.example", "reason": "The mailbox is closed."}
    ids["suppression"] = house.do(add_suppression, values=bounced)
    ids["ticket"] = house.ticket(ids["customer"])
    ids["draft"] = house.invoice(ids["customer"])
    ids["invoice"] = house.invoice(ids["customer"])
    ids["correspondence"] = house.letter(ids["customer"], subject=f"{code.title()} works: prices")
    with house.app.app_context(), unit_of_work(db.session) as session:
        send_invoice(
            session,
            actor(),
            invoice_id=ids["invoice"],
            choices=Choices(),
            fingerprint=None,
            defaults=sending_defaults(),
        )
    # A run of the dealer's own staff: others of that dealer see it, and those of another one don't.
    with house.app.app_context(), unit_of_work(db.session) as session:
        of_dealer = replace(actor("finance"), dealer_code=code)
        given = {"filters": {"dealer_code": code}}
        ids["billing_run"] = create_run(session, of_dealer, values=given, defaults=sending_defaults()).id
        given |= {"correspondence_type": house.world.lookups["correspondence_type"], "send": True}
        given |= {"subject": f"{code.title()} works: all", "body": "Dear {{ customer }}"}
        ids["bulk_letter"] = write_to_many(session, of_dealer, values=given, defaults=sending_defaults()).id
    ids["inbound_mail"] = _mail_to(house, code, ids["ticket"])
    with house.session() as session:
        ids["message"] = session.query(Message.id).filter_by(document_id=ids["invoice"]).order_by(Message.id).first()[0]
        ids["issuer"] = ids["mail_template"] = 1
        about_customer = session.query(AuditRecord.entry_id).filter_by(resource="customer", record_id=ids["customer"])
        ids["audit"] = about_customer.order_by(AuditRecord.id).first()[0]


def _mail_to(house: House, code: str, ticket_id: int) -> int:
    """Have a program answer a copy of a ticket: that is listed, and belongs to the ticket."""
    with house.session() as session:
        message = session.query(Message.id).filter_by(thread_id=ticket_id).order_by(Message.id).first()[0]
        token = token_of(message, secret=house.app.config["SECRET_KEY"], purpose=Purpose.ANSWER)
        header = [f"From: absent@{code.lower()}.example", f"To: desk+{token}@here.example", "Precedence: bulk"]
        assert taking(house.app)("\r\n".join([*header, f"Subject: {code.title()} works", "", "Away."]).encode())
        return session.query(InboundMail.id).order_by(InboundMail.id.desc()).first()[0]


def build(folder: Path, database_url: str | None = None, **settings: str) -> Flask:
    """Return an application whose requests are tested without CSRF tokens and rate limits."""
    app = create_app(settings_for(folder, database_url, **settings))
    app.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    app.appbuilder.sm.limiter.enabled = False
    app.test_client_class = OwnContextClient
    return app


def dispose(app: Flask) -> None:
    """Let go of the database."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@contextmanager
def postgresql_house(folder: Path) -> Iterator[House]:
    """Give a filled house on a PostgreSQL database of its own."""
    with postgresql_database() as url:
        app = build(folder, url)
        with app.app_context():
            upgrade()
            add_users(app)
        house = House(app, World())
        fill(house)
        yield house
        dispose(app)


@contextmanager
def sqlite_house(folder: Path, template: Path, world: World) -> Iterator[House]:
    """Give a house on a copy of a filled SQLite database."""
    shutil.copy(template, folder / "counterpart.sqlite")
    app = build(folder)
    yield House(app, world)
    dispose(app)


@contextmanager
def any_house(folder: Path, filled: tuple[Path, World]) -> Iterator[House]:
    """Give a house on the database that these tests run on."""
    if POSTGRESQL:
        with postgresql_house(folder) as house:
            yield house
    else:
        with sqlite_house(folder, *filled) as house:
            yield house
