"""The Messages tabs say why somebody got a copy, or did not, as of the day that it was sent."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import Engine, event

from app.contacts import service as contacts
from app.customers import service as customers
from tests.core import making

pytestmark = pytest.mark.usefixtures("app")


def text(browser, path):
    return " ".join(re.sub(r"<[^>]+>", " ", browser.get(path).text).replace("&#39;", "'").split())


@pytest.fixture
def house(app):
    """Return a customer, somebody who gets bills and somebody who doesn't, and an invoice that was sent."""
    customer_id = making.billed()
    ann = making.contact(customer_id, first_name="Ann", email="ann@acme.example", email_bill_type="short")
    ben = making.contact(customer_id, first_name="Ben", email="ben@acme.example")
    invoice_id = making.invoice(customer_id)
    making.send(invoice_id)
    return customer_id, ann, ben, invoice_id


def test_who_got_it_and_who_did_not_and_why(login, house):
    customer_id, ann, ben, invoice_id = house
    browser = login("finance")
    for path in (f"/customers/show/{customer_id}?tab=messages", f"/invoices/show/{invoice_id}?tab=messages"):
        page = text(browser, path)
        assert "Ann Jones ann@acme.example" in page
        assert "A bill format is chosen under the contact's Copy Email Bill." in page
        assert "Ben Jones ben@acme.example" in page
        assert "The bill format is none." in page
    assert "A bill format is chosen" in text(browser, f"/contacts/show/{ann}?tab=messages")
    page = text(browser, f"/contacts/show/{ben}?tab=messages")
    assert "AC1/1" in page
    assert "Not sent The bill format is none." in page


def test_the_reason_is_that_of_the_day(login, house):
    making.run(contacts.update_contact, contact_id=house[2], values={"email_bill_type": "full"})
    assert "Not sent The bill format is none." in text(login("finance"), f"/contacts/show/{house[2]}?tab=messages")


def test_who_came_later_and_who_was_passed_over(login, house):
    customer_id, ann, _, _ = house
    late = making.contact(customer_id, email="late@acme.example", email_bill_type="short")
    browser = login("finance")
    page = text(browser, f"/contacts/show/{late}?tab=messages")
    assert "Not sent They were no contact of this customer yet when it was sent." in page
    making.send(making.invoice(customer_id), recipients=["x@y.example"])
    page = text(browser, f"/contacts/show/{ann}?tab=messages")
    assert "Not sent It was sent to addresses that were typed in, and to nobody else." in page


def test_a_cancelled_one_says_what_has_gone(login, house):
    making.run(contacts.delete_contact, contact_id=house[1])
    browser = login("finance")
    page = text(browser, f"/customers/show/{house[0]}?tab=messages")
    assert "Cancelled, because this has gone: The contact is deleted." in page
    number = next(one.id for one in making.messages() if one.address == "ann@acme.example")
    assert "No longer: The contact is deleted." in text(browser, f"/messages/show/{number}?tab=why")
    assert f"/contacts/show/{house[1]}" not in browser.get(f"/messages/show/{number}?tab=why").text


def test_who_may_not_see_invoices_sees_none_of_it(login, house):
    assert "AC1/1" not in text(login("support"), f"/contacts/show/{house[2]}?tab=messages")
    assert login("north_finance").get(f"/contacts/show/{house[2]}?tab=messages").status_code == 404


def test_nothing_leads_to_a_page_that_is_not_there(login):
    customer_id, shared = making.billed(), making.contact(email="shared@acme.example", email_bill_type="short")
    passed = making.contact(last_name="Passed", email="passed@acme.example")
    for contact_id in (shared, passed):
        making.run(contacts.add_shared_contact, customer_id=customer_id, contact_id=contact_id)
    invoice_id = making.invoice(customer_id)
    making.send(invoice_id)
    browser, message = login("finance"), making.messages()[0].id
    pages = ["/messages/list/", f"/messages/show/{message}", f"/contacts/show/{shared}?tab=messages"]
    pages.append(f"/contacts/show/{passed}?tab=messages")
    to_customer, to_invoice = f'href="/customers/show/{customer_id}"', f'href="/invoices/show/{invoice_id}"'
    assert all(to_customer in browser.get(path).text for path in pages)
    assert all(to_invoice in browser.get(path).text for path in pages if path != pages[2])
    making.run(customers.delete_customer, customer_id=customer_id)
    for path in pages:
        page = browser.get(path).text
        assert to_customer not in page, path
        assert to_invoice not in page, path
        assert "AC1/1" in page, path
        assert "Company AC1" in page, path


def test_the_documents_of_a_list_are_looked_up_at_once(login, house):
    making.send(making.invoice(house[0]))
    browser, statements = login("finance"), []
    event.listen(Engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    assert browser.get("/messages/list/").text.count('href="/invoices/show/') == len(making.messages()) == 4
    assert len([one for one in statements if "FROM invoice" in one]) == 1
