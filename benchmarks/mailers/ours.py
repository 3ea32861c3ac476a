"""Counterpart, as `mail.py` runs it: messages by the outbox's own verb, drained by `flask worker --once`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import stage
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import URL
from sqlalchemy.orm import Session

from app import create_app
from app.core import audit
from app.core.actor import Actor, Door
from app.core.audit import Verb
from app.core.bill_format import BillFormat
from app.core.unit_of_work import unit_of_work
from app.core.words import say
from app.customers.models import Customer
from app.extensions import db
from app.mailer.documents import Letter, Rendered, register_source
from app.mailer.models import Message
from app.mailer.outbox import put_into_outbox
from app.mailer.planning import plan_model
from app.mailer.planning.facts import Defaults
from app.mailer.planning.plan_model import Circumstances, Document, DocumentKind
from app.mailer.planning.rules import Plan, plan
from config import Settings

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
CUSTOMER = 1


class Source:
    """A kind of document of which each mail says the same, with or without a PDF."""

    kind = DocumentKind.INVOICE
    noun = say("invoice")

    def __init__(self, *, pdf: bool) -> None:
        self._pdf = pdf

    def documents(self, _session: Session, ids: Collection[int]) -> Mapping[int, Document]:
        """Return documents by their ids."""
        return {one: document(one) for one in ids}

    def page(self, document_id: int) -> str:
        """Return the address of a document's page."""
        return f"/documents/{document_id}"

    def formats(self) -> frozenset[str]:
        """Return the formats that can be made."""
        return frozenset({BillFormat.SHORT.value})

    def usage_reports(self) -> frozenset[int]:
        """Return none."""
        return frozenset()

    def is_final(self, _session: Session, _document_id: int) -> bool:
        """Say that no document changes."""
        return True

    def render(self, _session: Session, **_which: object) -> Rendered | None:
        """Return the PDF, if there is to be one."""
        if not self._pdf:
            return None
        return Rendered(filename=stage.PDF_NAME, content_type=stage.PDF_TYPE, data=stage.pdf())

    def render_usage_report(self, _session: Session, **_which: object) -> Rendered:
        """Refuse."""
        raise ValueError("there are none")

    def letter(self, _session: Session, *, message: Message) -> Letter:  # noqa: ARG002  the protocol's parameter
        """Write the mail, the same for all."""
        return Letter(sender_name="", sender_address=stage.SENDER, subject=stage.SUBJECT, text=stage.BODY, html="")


def document(number: int) -> Document:
    return Document(kind=DocumentKind.INVOICE, id=number, number=f"C1/{number}", version=1)


def application(order: stage.Order) -> Flask:
    given = {
        "COUNTERPART_INSTANCE": order.folder,
        "COUNTERPART_SECRET_KEY": "k" * 40,
        "COUNTERPART_DATABASE_URL": URL.create("postgresql+psycopg", **order.database).render_as_string(
            hide_password=False
        ),
        "MAIL_SERVER": "127.0.0.1",
        "MAIL_PORT": str(order.port or 25),
    }
    app = create_app(Settings.from_environment(given))
    register_source(Source(pdf=order.pdf))
    return app


def prepare() -> None:
    upgrade(directory=str(MIGRATIONS))
    with unit_of_work(db.session) as session:
        session.add(Customer(id=CUSTOMER, account_number="C1", company_name="Customer", email_bill_type="short"))


def planned(order: stage.Order) -> list[Plan]:
    """Return the plans of documents that go to so many addresses each; to make them is no part of what is timed."""
    every, each = order.addresses, order.addresses_each or order.count
    return [
        plan(
            document(order.first + at),
            plan_model.Customer(
                id=CUSTOMER,
                name="Customer",
                emails=tuple(every[at : at + each]),
                email_billing=True,
                email_bill_type=BillFormat.SHORT,
            ),
            (),
            Circumstances(),
        )
        for at in range(0, order.count, each)
    ]


def enqueue(plans: list[Plan]) -> None:
    defaults = Defaults(language="en", usage_module=False, domain="issuer.example")
    with unit_of_work(db.session) as session:
        customer = session.get_one(Customer, CUSTOMER)
        touched = []
        for chosen in plans:
            touched += put_into_outbox(session, chosen=chosen, customer=customer, defaults=defaults)[1]
        audit.record(session, Actor.system(Door.CLI), verb=Verb.INVOICE_SENT, touched=touched)


def drain(app: Flask) -> None:
    app.test_cli_runner().invoke(args=["worker", "--once"], catch_exceptions=False)


def main() -> None:
    order = stage.order()
    app = application(order)
    if order.act == "drain":
        stage.perform(order, drain=lambda: drain(app))
        return
    with app.app_context():
        plans = planned(order) if order.act == "enqueue" else []
        stage.perform(order, prepare=prepare, enqueue=lambda: enqueue(plans))
        db.session.remove()
        db.engine.dispose()


if __name__ == "__main__":
    main()
