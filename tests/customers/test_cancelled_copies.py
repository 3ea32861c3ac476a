"""Whoever saves a customer or contact is told which waiting copies that has cancelled; programs are told nothing."""

from __future__ import annotations

import pytest

from app.contacts.models import Contact
from app.contacts.service import add_shared_contact
from app.customers.models import Customer
from app.extensions import db
from tests.core import making

pytestmark = pytest.mark.usefixtures("app")

ONE = "1 waiting copy was cancelled by this change."
TWO = "2 waiting copies were cancelled by this change."
ADVICE = "The document can be sent to the new address: open its page, and choose Send."
OWN, ANN = "bills@acme.example", "ann@acme.example"


@pytest.fixture
def house():
    """Return a customer and a shared contact that are both to get an invoice, which waits in the outbox."""
    customer_id = making.billed(email=OWN)
    contact_id = making.contact(email=ANN, email_bill_type="short")
    making.run(add_shared_contact, customer_id=customer_id, contact_id=contact_id)
    invoice_id = making.invoice(customer_id)
    making.send(invoice_id)
    return customer_id, contact_id, invoice_id


def save(browser, model, record_id, **given):
    """Save a record's form with some fields changed, and return the page that follows."""
    db.session.rollback()
    version = db.session.get_one(model, record_id).version
    db.session.rollback()
    path = "customers" if model is Customer else "contacts"
    defaults = {"last_name": "Jones", "email_bill_type": "short", "version": version}
    defaults |= (
        {"email_billing": "y", "company_name": "Company AC1", "email": OWN} if model is Customer else {"email": ANN}
    )
    answer = browser.post(f"/{path}/edit/{record_id}", data={**defaults, **given}, follow_redirects=True)
    assert answer.status_code == 200
    return answer.text


def told(page):
    return [text for text in (ONE, TWO, ADVICE) if text in page]


def test_a_corrected_address_is_told_with_the_way_to_the_new_one(login, house):
    browser, (_, contact_id, invoice_id) = login("finance"), house
    assert told(save(browser, Contact, contact_id, first_name="Ann")) == []
    assert told(save(browser, Contact, contact_id, email="anne@acme.example")) == [ONE, ADVICE]
    assert making.states() == {OWN: "queued", ANN: "cancelled"}
    # What the text advises: the plan of the document offers the new address.
    assert "anne@acme.example" in browser.get(f"/invoices/{invoice_id}/send").text
    assert told(save(browser, Contact, contact_id, first_name="Anne", email="anne@acme.example")) == []


def test_a_customers_address_too(login, house):
    page = save(login("finance"), Customer, house[0], email="accounts@acme.example")
    assert told(page) == [ONE, ADVICE]


@pytest.mark.parametrize("given", [{"email_bill_type": "none"}, {"email_bill_type": "none", "email": ""}])
def test_without_a_new_address_it_is_told_without_advice(login, house, given):
    assert told(save(login("finance"), Contact, house[1], **given)) == [ONE]


def test_all_are_counted(login, house):
    status = making.lookup("customer_status", "Closed", allows_correspondence=False)
    assert told(save(login("finance"), Customer, house[0], status=str(status))) == [TWO]


def test_it_is_told_in_german(login, house):
    browser = login("finance")
    browser.post("/language", data={"language": "de"})
    page = save(browser, Contact, house[1], email="anne@acme.example")
    assert told(page) == []
    assert "1 wartende Kopie wurde durch diese \u00c4nderung abgebrochen." in page


def test_over_rest_nothing_changes(api, house):
    body = {"email": "anne@acme.example", "version": 1}
    answer = api("finance")("put", f"/api/v1/contact/{house[1]}", json=body)
    assert (answer.status_code, set(answer.json)) == (200, {"id", "result"})
    assert making.states() == {OWN: "queued", ANN: "cancelled"}
