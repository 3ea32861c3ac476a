"""What was sent is kept as it was sent: names, addresses and the issuer of that day, in every later rendition."""

from __future__ import annotations

import io
import threading

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from app.contacts.service import update_contact
from app.core.unit_of_work import unit_of_work
from app.customers import service as customers
from app.extensions import db
from app.invoices import service as invoices
from app.invoices.models import Invoice
from app.invoices.source import InvoiceSource
from app.issuer import service as issuers
from app.issuer.models import Issuer
from app.mailer.delivery import sending as delivery
from app.mailer.models import Content, Message, Rendition
from app.mailer.planning.choices import Again
from app.mailer.smtp.connection import connect
from tests.core import making
from tests.mailer.smtp_servers import Server, running

OWN = "bills@acme.example"
# The smallest picture: one pixel.
LOGO = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c636000000002000148afa4710000000049454e44ae426082"
)


def deliver(app):
    with running(Server()) as port:
        state = app.extensions["mail"]
        state.server, state.port = "127.0.0.1", port
        with connect(app) as connection:
            delivery.drain(db.session, connection, worker="test", sender=None, stop=threading.Event())
    db.session.rollback()


def words(data):
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)


def mail_of(address, *, revision=0):
    """Return the words of the mail that went to an address, decoded."""
    db.session.rollback()
    message = db.session.scalars(select(Message).where(Message.address == address, Message.revision == revision)).one()
    return message.subject, db.session.get_one(Content, message.content_digest).data.decode().replace("=\r\n", "")


@pytest.fixture
def ids(app):
    """Return the ids of a customer and of its invoice."""
    customer_id = making.billed(email=OWN, company_name="Former Ltd", address_line_1="1 Old Street", language="en")
    making.run(issuers.update_issuer, issuer_id=1, values={"name": "Old Sender", "bank_iban": "GB00 OLD"})
    return customer_id, making.invoice(customer_id)


def change(customer_id):
    """Give customer and issuer other names, addresses and a bank, as happens years later."""
    values = {"company_name": "Renamed Ltd", "address_line_1": "9 New Road", "country": "DE"}
    making.run(customers.update_customer, customer_id=customer_id, values=values)
    values = {"name": "New Sender", "bank_iban": "GB99 NEW", "email": "new@sender.example"}
    making.run(issuers.update_issuer, issuer_id=1, values=values)


def pdf(client, invoice_id, door="api"):
    path = f"/api/v1/invoice/{invoice_id}/pdf" if door == "api" else f"/invoices/{invoice_id}/pdf"
    answer = client("get", path) if door == "api" else client.get(path)
    assert answer.status_code == 200
    return answer.data


def clients(api, login):
    return (("api", api("finance")), ("screen", login("finance")))


def test_both_doors_show_the_bytes_that_were_sent(app, ids, api, login, monkeypatch):
    making.send(ids[1])
    deliver(app)
    change(ids[0])
    (sent,) = db.session.execute(select(Content.data).join(Rendition)).scalars()
    # Whatever the program would draw by now: nothing is drawn.
    monkeypatch.setattr("app.invoices.source.print_invoice", lambda *_, **__: b"%PDF of another release")
    assert [pdf(client, ids[1], door) for door, client in clients(api, login)] == [sent, sent]


def test_a_rendition_that_is_made_later_has_the_names_of_the_day(ids, api, login):
    making.send(ids[1])
    change(ids[0])
    for door, client in clients(api, login):
        text = words(pdf(client, ids[1], door))
        for was in ("Former Ltd", "1 Old Street", "Old Sender", "GB00 OLD", "£30.00"):
            assert was in text
        for now in ("Renamed", "New Road", "New Sender", "NEW"):
            assert now not in text


def test_it_stays_in_the_language_of_the_day(app, ids, api):
    making.send(ids[1])
    deliver(app)
    making.run(customers.update_customer, customer_id=ids[0], values={"language": "de"})
    assert "Invoice AC1/1" in words(pdf(api("finance"), ids[1]))


def test_what_the_worker_renders_late_and_in_another_language_too(app, ids):
    contact_id = making.contact(ids[0], email="ann@acme.example", email_bill_type="short", language="de")
    making.send(ids[1])
    change(ids[0])
    deliver(app)
    german = db.session.scalars(select(Content.data).join(Rendition).where(Rendition.language == "de")).one()
    assert "Rechnung AC1/1" in words(german)
    assert "Former Ltd" in words(german)
    subject, mail = mail_of("ann@acme.example")
    assert subject == "Rechnung AC1/1 von Old Sender"
    assert "Former Ltd" in mail
    assert "Renamed" not in mail
    assert "New Sender" not in mail
    # The company mails from where it mails today.
    assert "new@sender.example" in mail
    making.run(update_contact, contact_id=contact_id, values={"language": "fr"})
    again = Again.checked(addresses=["ann@acme.example"], reason="Lost.")
    making.run(invoices.send_invoice_again, invoice_id=ids[1], again=again, defaults=making.DEFAULTS)
    deliver(app)
    french = db.session.scalars(select(Content.data).join(Rendition).where(Rendition.language == "fr")).one()
    assert "Facture AC1/1" in words(french)
    assert "Former Ltd" in words(french)
    assert "Former Ltd" in mail_of("ann@acme.example", revision=1)[1]


def test_sending_to_more_people_later_keeps_the_first_day(ids):
    making.send(ids[1])
    change(ids[0])
    making.contact(ids[0], email="late@acme.example", email_bill_type="short")
    making.send(ids[1])
    assert len(making.messages()) == 2
    db.session.rollback()
    assert db.session.get_one(Invoice, ids[1]).sent_particulars["customer_name"] == "Former Ltd"


def test_a_draft_shows_what_the_records_say(ids, api):
    change(ids[0])
    assert "Renamed Ltd" in words(pdf(api("finance"), ids[1]))
    making.run(invoices.approve_invoice, invoice_id=ids[1])
    assert "New Sender" in words(pdf(api("finance"), ids[1]))
    db.session.rollback()
    assert db.session.get_one(Invoice, ids[1]).sent_particulars is None


def test_one_without_kept_particulars_is_rendered_as_the_records_are(ids):
    making.send(ids[1])
    with making.unaudited(), unit_of_work(db.session) as session:
        session.get_one(Invoice, ids[1]).sent_particulars = None
    change(ids[0])
    made = InvoiceSource().render(db.session(), document_id=ids[1], format_="short", language="en")
    assert "Renamed Ltd" in words(made.data)


def test_the_logo_is_kept_once_for_all_invoices(ids):
    with making.unaudited(), unit_of_work(db.session) as session:
        session.get_one(Issuer, 1).logo = LOGO
    other = making.invoice(ids[0])
    making.send(ids[1])
    making.send(other)
    with making.unaudited(), unit_of_work(db.session) as session:
        session.get_one(Issuer, 1).logo = None
    assert [(one.content_type, one.data) for one in db.session.scalars(select(Content))] == [("image/png", LOGO)]
    made = InvoiceSource().render(db.session(), document_id=other, format_="short", language="en")
    assert len(PdfReader(io.BytesIO(made.data)).pages[0].images) == 1


def test_rest_does_not_give_them(ids, api):
    making.send(ids[1])
    answer = api("admin")("get", f"/api/v1/invoice/{ids[1]}")
    assert answer.status_code == 200
    assert "Old Sender" not in answer.text
    assert "sent_particulars" not in answer.text
    assert "sent_particulars" not in api("admin")("get", "/api/v1/invoice/_info").text
