"""Adding a contact that exists already warns, shows it within sight, and offers to link that one instead."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.contacts import service
from app.contacts.models import Contact
from app.contacts.rules import name_key
from app.extensions import db
from tests.core import making

NAMES = st.text(alphabet=st.characters(categories=("L", "Nd")), min_size=1, max_size=12)


def count():
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Contact))


class TestNameKey:
    @given(NAMES, NAMES, NAMES)
    def test_case_and_space_make_no_difference(self, first, last, company):
        plain = name_key(first_name=first.lower(), last_name=last.lower(), company_name=company.lower())
        loud = name_key(
            first_name=f" {first.lower()}", last_name=f"{last.lower()}  ", company_name=f"\u3000{company.lower()} "
        )
        assert plain == loud
        assert plain is not None
        assert len(plain) == 64

    @given(NAMES, NAMES)
    def test_a_bare_name_is_compared_with_nobody(self, first, last):
        assert name_key(first_name=first, last_name=last, company_name=None) is None

    def test_name_and_company_both_count(self):
        keys = {
            name_key(first_name=first, last_name=last, company_name=company)
            for first, last, company in (
                ("Ann", "Lee", "Acme"),
                ("Ann", "Lee", "Other"),
                ("Ann", "Moss", "Acme"),
                (None, None, "Acme"),
                ("Ann Lee", None, "Acme"),
            )
        }
        assert len(keys) == 4
        assert name_key(first_name="\uff21nn", last_name="STRASSE", company_name="a") == name_key(
            first_name="ann", last_name="straße", company_name="A"
        )


@pytest.mark.usefixtures("app")
class TestOnTheScreen:
    def test_the_form_comes_back_with_the_contact_and_adds_it_anyway_when_told_to(self, login):
        making.contact(last_name="Found", email="Ann@x.example", company_name="Acme")
        browser = login("finance")
        typed = {"last_name": "Typed", "email": "ann@X.example ", "position": "Owner of the typed"}
        page = browser.post("/contacts/add", data=typed)
        assert (page.status_code, count()) == (409, 1)
        for text in ("exists already", "Found", "Shared", "Add anyway", 'value="Owner of the typed"', 'value="Typed"'):
            assert text in page.text
        seen = re.search(r'name="seen_contacts" value="([\d,]+)"', page.text)[1]
        # Another address that is taken too is asked about anew.
        making.contact(last_name="Second", email="second@x.example")
        again = browser.post("/contacts/add", data={**typed, "email": "second@x.example", "seen_contacts": seen})
        assert (again.status_code, "Second" in again.text, count()) == (409, True, 2)
        assert browser.post("/contacts/add", data={**typed, "seen_contacts": seen}).status_code == 302
        assert count() == 3

    def test_a_password_that_was_typed_is_asked_for_again(self, login):
        making.contact(email="ann@x.example")
        browser = login("support")
        typed = {"last_name": "Typed", "email": "ann@x.example"}
        again = "Type it again: a page never gives back what is secret."
        page = browser.post("/contacts/add", data={**typed, "account_password": "swordfish"}).text
        assert (again in page, "swordfish" in page, "Add anyway" in page) == (True, False, True)
        page = browser.post("/contacts/add", data={"account_password": "swordfish"}).text
        assert (again in page, "swordfish" in page) == (True, False)
        assert again not in browser.post("/contacts/add", data=typed).text

    def test_what_cannot_be_saved_is_refused_before_anything_is_asked(self, login):
        making.contact(email="ann@x.example")
        page = login().post("/contacts/add", data={"email": "ann@x.example"})
        assert (page.status_code, "Already there" in page.text) == (422, False)

    def test_from_a_customer_a_shared_one_is_linked_instead(self, login):
        customer_id, shared = making.customer(), making.contact(last_name="Found", email="ann@x.example")
        browser = login("support")
        add = f"/contacts/add?customer_id={customer_id}"
        page = browser.post(add, data={"last_name": "Typed", "email": "ann@x.example"}).text
        assert f'action="/customers/{customer_id}/add-shared-contact"' in page
        assert f'name="contact_id" value="{shared}"' in page
        linked = browser.post(f"/customers/{customer_id}/add-shared-contact", data={"contact_id": str(shared)})
        assert linked.status_code == 302
        page = browser.post(add, data={"last_name": "Typed", "email": "ann@x.example"}).text
        assert ("is a contact of this" in page or "This is a contact of AC1" in page, "Link that one" in page) == (
            True,
            False,
        )

    def test_a_direct_one_of_another_customer_is_to_be_converted_first(self, login):
        customer_id = making.customer()
        theirs = making.contact(making.customer("AC2"), last_name="Found", email="ann@x.example")
        page = login().post(
            f"/contacts/add?customer_id={customer_id}", data={"email": "ann@x.example", "last_name": "T"}
        )
        assert f"/contacts/{theirs}/convert-to-shared" in page.text
        assert "Link that one instead" not in page.text

    def test_nothing_out_of_sight_is_found(self, login, api):
        making.dealers("NORTH", "SOUTH")
        making.contact(last_name="Hidden", email="ann@x.example", dealer_code="SOUTH")
        assert login("north_support").post(
            "/contacts/add", data={"last_name": "Typed", "email": "ann@x.example", "dealer_code": "NORTH"}
        ).status_code == 302  # fmt: skip
        answer = api("north_finance")("post", "/api/v1/contact/", json={"last_name": "T", "email": "hidden@x.example"})
        assert "duplicates" not in answer.json
        mine = api("north_finance")("post", "/api/v1/contact/", json={"last_name": "T", "email": "ann@x.example"})
        assert mine.json["duplicates"] == [2]
        assert "Hidden" not in mine.text

    def test_one_that_is_deleted_is_not_found(self, login):
        gone = making.contact(email="ann@x.example")
        making.run(service.delete_contact, contact_id=gone)
        assert login().post("/contacts/add", data={"last_name": "T", "email": "ann@x.example"}).status_code == 302

    def test_five_are_shown_at_most(self, login):
        for number in range(7):
            making.contact(last_name=f"Same{number}", email="ann@x.example")
        page = login().post("/contacts/add", data={"last_name": "T", "email": "ann@x.example"}).text
        assert sum(f"Same{number}" in page for number in range(7)) == 5


@pytest.mark.usefixtures("app")
class TestOverRest:
    def test_it_is_made_with_a_warning_and_the_ids(self, api):
        customer_id = making.customer()
        first = making.contact(email="ann@x.example")
        second = making.contact(first_name="Ann", last_name="Lee", company_name="Acme")
        same = {"first_name": "ANN", "last_name": "lee", "company_name": "acme", "email": "ANN@x.example"}
        for path in ("/api/v1/contact/", f"/api/v1/customer/{customer_id}/contacts"):
            answer = api()("post", path, json=same)
            assert answer.status_code == 201
            assert answer.json["duplicates"][:2] == [first, second]
            assert set(answer.json["warnings"]) == {"email", "company_name"}

    def test_the_key_follows_a_change_of_the_name(self, api):
        contact_id = making.contact(first_name="Ann", last_name="Lee", company_name="Acme")
        making.run(service.update_contact, contact_id=contact_id, values={"last_name": "Moss"})
        call = api()
        for last, found in (("Lee", False), ("Moss", True)):
            given = {"first_name": "Ann", "last_name": last, "company_name": "Acme"}
            assert ("duplicates" in call("post", "/api/v1/contact/", json=given).json) is found
