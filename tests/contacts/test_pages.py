"""A contact of many customers, and a customer of many contacts, on the screens and over REST."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert

from app.contacts.models import Contact, ContactLink
from app.contacts.queries import touched_customers
from app.contacts.service import add_shared_contact
from app.customers.models import Customer
from app.extensions import db
from tests.conftest import actor
from tests.core import making

pytestmark = pytest.mark.usefixtures("app")

NOW = datetime(2026, 1, 1, tzinfo=UTC)
COMMON = {"created_at": NOW, "last_modified_at": NOW, "version": 1, "email_bill_type": "none"}


def many_customers(contact_id: int, *, dealer_code: str | None, first: int, count: int) -> None:
    """Link a shared contact to new customers of a dealer."""
    status = making.lookup("customer_status", f"Status {first}")
    given = {"email_billing": True, "dealer_code": dealer_code, "status_id": status, **COMMON}
    ids = range(first, first + count)
    rows = [{"id": n, "account_number": f"MANY-{n}", "company_name": f"Many {n}", **given} for n in ids]
    with db.engine.begin() as connection:
        connection.execute(insert(Customer), rows)
        links = [{"customer_id": row["id"], "contact_id": contact_id, "linked_by": "admin"} for row in rows]
        connection.execute(insert(ContactLink), links)


def many_contacts(customer_id: int, count: int) -> None:
    """Give a customer direct contacts."""
    ids = range(500, 500 + count)
    rows = [{"id": n, "last_name": f"Direct {n}", "customer_id": customer_id, **COMMON} for n in ids]
    with db.engine.begin() as connection:
        connection.execute(insert(Contact), rows)


def test_the_tab_shows_a_hundred_customers_and_counts_all(login):
    making.dealers("NORTH", "SOUTH")
    shared = making.contact()
    many_customers(shared, dealer_code="NORTH", first=1000, count=103)
    many_customers(shared, dealer_code="SOUTH", first=2000, count=2)
    page = login("north_support").get(f"/contacts/show/{shared}?tab=customers").text
    assert page.count("MANY-1") >= 100
    assert "MANY-1099" in page
    assert "MANY-1100" not in page
    assert "MANY-2" not in page
    assert "The first 100 are shown" in page
    assert "and 2 others out of your sight" in page
    assert ">105<" in "".join(page.split())


@pytest.mark.parametrize("path", ["edit", "delete"])
def test_a_change_names_three_customers_and_counts_the_others(login, path):
    making.dealers("NORTH", "SOUTH")
    shared = making.contact()
    many_customers(shared, dealer_code="NORTH", first=1000, count=5)
    many_customers(shared, dealer_code="SOUTH", first=2000, count=2)
    page = login("north_support").get(f"/contacts/{path}/{shared}").text
    assert [n for n in range(1000, 1005) if f"MANY-{n}" in page] == [1000, 1001, 1002]
    assert "and 4 others" in page


def test_one_customer_out_of_sight_is_one(login):
    making.dealers("NORTH", "SOUTH")
    shared = making.contact(dealer_code="NORTH")
    many_customers(shared, dealer_code="SOUTH", first=2000, count=1)
    assert "1 customer out of your sight" in login("north_support").get(f"/contacts/edit/{shared}").text


class TestTheListOfACustomersContacts:
    def test_holds_direct_and_shared_ones_and_says_whose(self, login):
        customer_id, other = making.customer("AC1"), making.customer("AC2")
        mine, shared, theirs = making.contact(customer_id), making.contact(), making.contact(other)
        making.run(add_shared_contact, customer_id=customer_id, contact_id=shared)
        page = login().get(f"/contacts/list/?customer_id={customer_id}").text
        assert [n for n in (mine, shared, theirs) if f'/contacts/show/{n}"' in page] == [mine, shared]
        assert f'<option value="{customer_id}" selected>' in page
        everybody = login().get("/contacts/list/?customer_id=").text
        assert f'/contacts/show/{theirs}"' in everybody

    def test_is_not_there_for_a_customer_out_of_sight(self, login):
        making.dealers("NORTH", "SOUTH")
        theirs = making.customer(dealer_code="SOUTH")
        browser = login("north_support")
        assert browser.get(f"/contacts/list/?customer_id={theirs}").status_code == 404
        assert browser.get("/contacts/list/?customer_id=99999").status_code == 404
        assert browser.get("/contacts/list/?customer_id=x").status_code == 404

    def test_is_where_the_tab_leads_when_it_shows_only_some(self, login):
        customer_id = making.customer()
        many_contacts(customer_id, 101)
        page = login().get(f"/customers/show/{customer_id}?tab=contacts").text
        assert f'<a href="/contacts/list/?customer_id={customer_id}">See all 101</a>' in page


class TestOverRest:
    def test_a_customers_contacts_are_counted_and_come_a_thousand_a_page(self, api):
        customer_id = making.customer()
        many_contacts(customer_id, 1003)
        call, path = api(), f"/api/v1/customer/{customer_id}/contacts"
        first, second = (call("get", f"{path}?q=(page:{page})").json for page in (0, 1))
        assert (first["count"], len(first["result"]), len(second["result"])) == (1003, 1000, 3)
        assert call("get", path).json == first
        assert "count_capped" not in first
        assert call("get", f"{path}?q=(page:-1)").status_code == 400
        assert call("get", f"{path}?q=(page_size:5)").status_code == 400

    @pytest.mark.parametrize("as_given", [str, int])
    def test_the_customer_may_be_named_again_as_text(self, api, as_given):
        customer_id = making.customer()
        given = {"last_name": "Again", "customer_id": as_given(customer_id)}
        answer = api()("post", f"/api/v1/customer/{customer_id}/contacts", json=given)
        assert answer.status_code == 201, answer.text

    @pytest.mark.parametrize("given", ["999", 999, "five", True])
    def test_another_customer_is_refused(self, api, given):
        path = f"/api/v1/customer/{making.customer()}/contacts"
        answer = api()("post", path, json={"last_name": "Other", "customer_id": given})
        assert answer.status_code == 422
        assert "customer_id" in answer.text


def test_what_is_named_is_read_with_a_limit():
    shared = making.contact()
    many_customers(shared, dealer_code=None, first=1000, count=6)
    db.session.rollback()
    seen, others = touched_customers(db.session(), actor(), db.session.get_one(Contact, shared), named=3)
    assert ([one.id for one in seen], others) == ([1000, 1001, 1002], 3)
