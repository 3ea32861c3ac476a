"""The Contacts tab of a customer: who speaks about what, both kinds together, and the way to unlink."""

from __future__ import annotations

import re

import pytest

from app.contacts.service import add_shared_contact
from tests.core import making

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def customer_id():
    """Make a customer with a direct contact for bills and a shared one for faults."""
    number = making.customer()
    bills, faults = making.lookup("topic", "Bills"), making.lookup("topic", "Faults")
    making.lookup("topic", "Nobody's")
    making.contact(number, last_name="Payer", contact_regarding=[bills], position="Owner", number_2="01614960001")
    shared = making.contact(
        last_name="Fixer", contact_regarding=[faults, bills], email_bill_type="full", email="f@x.io"
    )
    making.run(add_shared_contact, customer_id=number, contact_id=shared)
    return number


def names(page):
    return [name for name in ("Payer", "Fixer") if name in page]


def test_it_shows_topics_position_and_phone_of_both_kinds(login, customer_id):
    page = login("auditor").get(f"/customers/show/{customer_id}?tab=contacts").text
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    for words in ("Payer Direct Owner Bills", "0161 496 0001", "Fixer Shared", "Bills, Faults", "f@x.io", "Full"):
        assert words in text, words
    assert "remove-shared-contact" not in page


def test_it_is_filtered_by_topic(login, customer_id):
    browser = login()
    page = browser.get(f"/customers/show/{customer_id}?tab=contacts")
    assert names(page.text) == ["Payer", "Fixer"]
    options = re.search(r'<select[^>]*id="topic".*?</select>', page.text, re.DOTALL)[0]
    assert ("Bills" in options, "Faults" in options, "Nobody" in options) == (True, True, False)
    faults = browser.get(f"/customers/show/{customer_id}?tab=contacts&topic=2").text
    assert names(faults) == ["Fixer"]
    assert re.search(r'value="2" selected', faults)
    nobody = browser.get(f"/customers/show/{customer_id}?tab=contacts&topic=3").text
    assert (names(nobody), "Nobody deals with this" in nobody) == ([], True)
    for odd in ("x", "", "9999999999", "-1"):
        assert browser.get(f"/customers/show/{customer_id}?tab=contacts&topic={odd}").status_code == 200


def test_a_shared_one_is_removed_from_its_row(login, customer_id):
    browser = login("support")
    page = browser.get(f"/customers/show/{customer_id}?tab=contacts").text
    address = re.search(r'href="(/customers/\d+/remove-shared-contact\?contact_id=\d+)"', page)[1]
    asked = browser.get(address).text
    assert re.search(r"<option[^>]*selected[^>]*>Fixer", asked)
    assert browser.post(address, data={"contact_id": "2"}).status_code == 302
    assert "Fixer is no longer linked." in browser.get(f"/customers/show/{customer_id}?tab=contacts").text
    assert names(browser.get(f"/customers/show/{customer_id}?tab=contacts").text) == ["Payer"]
    # Somebody who isn't linked is not named by the address alone.
    other = making.contact(last_name="Stranger")
    assert "Stranger" not in browser.get(f"/customers/{customer_id}/remove-shared-contact?contact_id={other}").text


def test_removing_offers_undo_to_those_who_still_see_the_contact(login):
    making.dealers("NORTH")
    customer_id = making.customer(dealer_code="NORTH")
    known, by_link = making.contact(last_name="Known", dealer_code="NORTH"), making.contact(last_name="Guest")
    browser = login("north_support")
    for contact_id, offered in ((known, True), (by_link, False)):
        making.run(add_shared_contact, customer_id=customer_id, contact_id=contact_id)
        address = f"/customers/{customer_id}/remove-shared-contact"
        assert browser.post(address, data={"contact_id": str(contact_id)}).status_code == 302
        page = browser.get(f"/customers/show/{customer_id}?tab=contacts").text
        assert "is no longer linked." in page
        assert (f"/customers/{customer_id}/link-again" in page) is offered


def test_a_hundred_contacts_stay_a_light_page(login):
    customer_id = making.customer()
    for number in range(100):
        making.contact(customer_id, last_name=f"Person {number}", email=f"p{number}@x.example")
    page = login().get(f"/customers/show/{customer_id}?tab=contacts").text
    assert page.count("/contacts/show/") == 100
    assert len(page.encode()) < 80_000


def test_the_tabs_come_before_the_facts(login, customer_id):
    page = login().get(f"/customers/show/{customer_id}").text
    assert page.index('id="tabs"') < page.index('class="record-facts"')
