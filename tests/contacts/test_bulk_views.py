"""One shared contact and many customers: asked first, a result for each, and no failure that stops the others."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import func, select

from app.contacts import bulk_views
from app.contacts.models import ContactLink
from app.contacts.service import add_shared_contact, delete_contact, remove_shared_contact
from app.extensions import db
from tests.core import making

ADD = "/customers/many/add-shared-contact"
REMOVE = "/customers/many/remove-shared-contact"


@pytest.fixture
def world(app):
    making.dealers("NORTH", "SOUTH")
    customers = [making.customer(f"AC{n}", dealer_code="SOUTH" if n == 3 else "NORTH") for n in range(4)]
    shared = making.contact(last_name="Accountant", dealer_code="NORTH")
    making.run(add_shared_contact, customer_id=customers[0], contact_id=shared)
    return {"customers": customers, "shared": shared, "direct": making.contact(customers[0], last_name="Direct")}


def links() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(ContactLink))


def test_it_asks_for_the_contact_and_then_whether_it_is_meant(world, login):
    chosen = {"state": "", "rowid": world["customers"]}
    page = login().post(ADD, data=chosen)
    assert page.status_code == 200
    assert "4 customers are chosen." in page.text
    assert 'data-picker-url="/pickers/shared_contact' in page.text
    page = login().post(ADD, data={**chosen, "contact_id": world["shared"]})
    assert "Link Accountant to 4 customers?" in page.text
    assert links() == 1
    found = login().get("/pickers/shared_contact?q=accou").json["results"]
    assert [one["text"] for one in found] == ["Accountant"]


def test_each_customer_has_a_result_and_an_entry(world, login):
    before = len(making.trail())
    data = {"state": "", "everything": "1", "contact_id": world["shared"], "confirmed": "1"}
    page = login("finance").post(ADD, data=data).text
    assert "3 of 4 changed." in page
    assert page.count("Nothing changed") == 1
    assert links() == 4
    assert [entry.verb for entry in making.trail()[before:]].count("customer:shared_contact_added") == 3
    page = login("finance").post(REMOVE, data=data).text
    assert "4 of 4 changed." in page
    assert links() == 0
    assert "0 of 4 changed." in login("finance").post(REMOVE, data=data).text


def test_a_dealers_staff_reach_their_own_alone(world, login):
    data = {"state": "", "rowid": world["customers"], "contact_id": world["shared"], "confirmed": "1"}
    page = login("north_support").post(ADD, data=data).text
    assert "2 of 3 changed." in page
    assert "AC3" not in page
    foreign = making.contact(last_name="Foreign", dealer_code="SOUTH")
    answer = login("north_support").post(ADD, data={**data, "contact_id": foreign})
    assert answer.status_code == 422
    assert "Foreign" not in answer.text
    assert login("north_support").get("/pickers/shared_contact?q=foreign").json["results"] == []


@pytest.mark.parametrize("given", ["", "x", "0", "-1", "99999999999999999999", "٣", "' OR 1=1"])
def test_what_names_no_contact_is_refused_at_the_field(world, login, given):
    data = {"state": "", "everything": "1", "contact_id": given, "confirmed": "1"}
    answer = login().post(ADD, data=data)
    assert answer.status_code == 422
    assert "contact_id-error" in answer.text
    assert links() == 1


def test_a_direct_contact_is_refused(world, login):
    data = {"state": "", "everything": "1", "contact_id": world["direct"], "confirmed": "1"}
    answer = login().post(ADD, data=data)
    assert answer.status_code == 422
    assert "Convert it to a shared contact first" in answer.text


def test_none_or_too_many_are_refused(world, login, monkeypatch):
    assert login().post(ADD, data={"state": ""}).status_code == 422
    assert login().post(ADD, data={"state": "q=nobody", "everything": "1"}).status_code == 422
    monkeypatch.setattr(bulk_views, "MAX_ROWS", 3)
    answer = login().post(ADD, data={"state": "", "everything": "1"})
    assert answer.status_code == 422
    assert "3 customers at most" in answer.text


def test_who_may_not_link_is_not_offered_it(world, login):
    assert login("auditor").post(ADD, data={"everything": "1"}).status_code == 403
    assert ADD not in login("auditor").get("/customers/list/").text
    assert ADD in login("support").get("/customers/list/").text
    assert login().get(ADD).status_code == 404


def undo(browser, page: str):
    """Press the Undo button of a page of results."""
    form = re.search(r'<form method="post" action="([^"]+)" class="notice-undo">.*?</form>', page, re.DOTALL)
    given = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form[0])
    data = {name: [unescape(value) for other, value in given if other == name] for name, _ in given}
    return browser.post(form[1], data=data)


def test_what_was_changed_can_be_undone_and_nothing_else(world, login):
    browser, everything = login("finance"), {"state": "", "everything": "1", "contact_id": world["shared"]}
    removed = browser.post(REMOVE, data={**everything, "confirmed": "1"}).text
    assert "1 of 4 changed." in removed
    again = undo(browser, removed)
    assert "1 of 1 changed." in again.text
    assert "AC0" in again.text
    assert links() == 1
    before = len(making.trail())
    added = browser.post(ADD, data={**everything, "confirmed": "1"}).text
    assert "3 of 4 changed." in added
    assert links() == 4
    making.run(remove_shared_contact, customer_id=world["customers"][1], contact_id=world["shared"])
    assert "2 of 3 changed." in undo(browser, added).text
    assert links() == 1
    verbs = [entry.verb for entry in making.trail()[before:]]
    assert verbs.count("customer:shared_contact_removed") == 3
    nothing = undo(browser, added).text
    assert "0 of 3 changed." in nothing
    assert "notice-undo" not in nothing
    making.run(delete_contact, contact_id=world["shared"])
    assert "undone any more" in browser.get(undo(browser, removed).headers["Location"]).text
    assert links() == 1
