"""The fields that customers and contacts share, as people and programs meet them: warnings, lists, modules, codes."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from app import create_app
from app.contacts.models import Contact
from app.contacts.service import add_shared_contact, delete_contact
from app.core.errors import Conflict, Invalid
from app.customers.models import Customer
from app.customers.service import create_customer
from app.extensions import db
from app.lookups.service import update_lookup
from tests.conftest import OwnContextClient, settings_for
from tests.core import making

pytestmark = pytest.mark.usefixtures("app")


def version_in(page):
    return re.search(r'name="version"[^>]* value="(\d+)"', page)[1]


def text_of(page):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


class TestPhoneNumbers:
    def test_they_are_shown_by_country_and_kept_as_typed(self, login, api):
        contact_id = making.contact(number_1="01614960001", number_2="+49301234567")
        german = making.contact(number_1="030 1234567", country="DE")
        page = login().get(f"/contacts/show/{contact_id}").text
        assert '<a href="tel:+44-161-496-0001">0161 496 0001</a>' in page
        assert "+49 30 1234567" in page
        assert '<a href="tel:+49-30-1234567">030 1234567</a>' in login().get(f"/contacts/show/{german}").text
        assert api()("get", f"/api/v1/contact/{contact_id}").json["result"]["number_1"] == "01614960001"

    @pytest.mark.parametrize("resource", ["customer", "contact"])
    def test_one_that_cannot_be_one_is_saved_with_a_warning(self, login, api, resource):
        given = {"last_name": "Lee", "number_2": "call Ann", "number_3": "0161 496 0001"}
        if resource == "customer":
            given["account_number"] = "P1"
        answer = api()("post", f"/api/v1/{resource}/", json=given)
        assert answer.status_code == 201
        assert answer.json["warnings"].keys() == {"number_2"}
        number = answer.json["id"]
        path = f"/api/v1/{resource}/{number}"
        changed = api()("put", path, json={"version": 1, "number_3": "12"})
        assert (changed.status_code, set(changed.json["warnings"])) == (200, {"number_2", "number_3"})
        assert "warnings" not in api()("get", path).json
        browser = login()
        page = browser.get(f"/{resource}s/edit/{number}").text
        typed = {"version": version_in(page), "last_name": "Lee", "number_2": "call Ben"}
        saved = browser.post(f"/{resource}s/edit/{number}", data=typed, follow_redirects=True)
        assert (saved.status_code, "Number 2: call Ben can't be a phone number" in text_of(saved.text)) == (200, True)
        assert "Can't be a phone number" in text_of(browser.get(f"/{resource}s/show/{number}").text)

    def test_a_warning_is_no_refusal_for_a_directs_contact_either(self, api):
        path = f"/api/v1/customer/{making.customer()}/contacts"
        answer = api()("post", path, json={"last_name": "Lee", "number_1": "12"})
        assert (answer.status_code, set(answer.json["warnings"])) == (201, {"number_1"})


class TestAddressesOfACustomer:
    def test_each_wrong_one_is_named_on_a_line_of_its_own(self, login, api):
        typed = {"account_number": "A1", "company_name": "A", "email": "a@x.example, nobody, b@, c@y.example"}
        page = login().post("/customers/add", data=typed)
        assert page.status_code == 422
        assert re.findall(r'class="error-line">(\w+@?):', page.text) == ["nobody", "b@"]
        assert 'value="a@x.example, nobody, b@, c@y.example"' in page.text
        errors = api()("post", "/api/v1/customer/", json=typed).json["errors"]["email"]
        assert [one.partition(":")[0] for one in errors] == ["nobody", "b@"]


class TestNames:
    @pytest.mark.parametrize("wrong", ["x" * 161, "a\x07b"])
    def test_a_wrong_company_name_says_nothing_of_the_last_name(self, api, wrong):
        answer = api()("post", "/api/v1/contact/", json={"company_name": wrong})
        assert (answer.status_code, set(answer.json["errors"])) == (422, {"company_name"})
        assert set(api()("post", "/api/v1/contact/", json={}).json["errors"]) == {"company_name", "last_name"}

    def test_what_turns_a_name_around_is_taken_off(self, api):
        answer = api()("post", "/api/v1/contact/", json={"last_name": "Bar\u202efoo", "first_name": "Ann\u200b"})
        assert (answer.json["result"]["last_name"], answer.json["result"]["first_name"]) == ("Barfoo", "Ann")


class TestAccountNumbers:
    @pytest.mark.parametrize("same", ["ac1", "AC1", "\uff21C1", " aC1 "])
    def test_those_that_differ_by_case_alone_are_one(self, same):
        making.customer("AC1")
        with pytest.raises(Conflict) as refusal:
            making.customer(same)
        assert (refusal.value.code, set(refusal.value.errors)) == ("duplicate", {"account_number"})

    def test_the_database_refuses_them_too(self):
        making.customer("AC1")
        with pytest.raises(Conflict):
            making.run(lambda session, _actor: session.add(_row("ac1")) or session.flush())


def _row(account_number):
    return Customer(account_number=account_number, company_name="Raw")


class TestRowsThatAreNotActive:
    def test_they_stay_where_they_are_chosen_and_are_marked(self, login):
        kind, topic = making.lookup("contact_type", "Old kind"), making.lookup("topic", "Old topic")
        contact_id = making.contact(contact_type=kind, contact_regarding=[topic])
        for resource, number in (("contact_type", kind), ("topic", topic)):
            making.run(update_lookup, resource=resource, lookup_id=number, values={"active": False})
        browser = login()
        for page in ("edit", "show"):
            text = text_of(browser.get(f"/contacts/{page}/{contact_id}").text)
            assert "Old kind (no longer active)" in text
            assert "Old topic (no longer active)" in text
        given = {"version": version_in(browser.get(f"/contacts/edit/{contact_id}").text), "last_name": "Jones"}
        chosen = {**given, "contact_type": str(kind), "contact_regarding": [str(topic)], "position": "Still"}
        assert browser.post(f"/contacts/edit/{contact_id}", data=chosen).status_code == 302
        assert db.session.get_one(Contact, contact_id).contact_type_id == kind
        with pytest.raises(Invalid) as refusal:
            making.contact(contact_type=kind)
        assert set(refusal.value.errors) == {"contact_type"}


class TestTheUsageModule:
    def test_off_the_field_is_kept_hidden_and_not_sent(self, database_url, tmp_path):
        report = making.lookup("usage_report_profile", "By number")
        contact_id = making.contact(invoice_usage_report=report)
        customer_id = making.customer(invoice_usage_report=report)
        db.session.remove()
        other = create_app(settings_for(tmp_path, database_url, COUNTERPART_INVOICE_USAGE="no"))
        other.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
        other.appbuilder.sm.limiter.enabled = False
        other.test_client_class = OwnContextClient
        browser = other.test_client()
        browser.post("/login/", data={"username": "admin", "password": "Correct-horse-9"})
        for noun, number in (("contacts", contact_id), ("customers", customer_id)):
            for page in (f"/{noun}/show/{number}", f"/{noun}/edit/{number}", f"/{noun}/add"):
                assert "Invoice Usage Report" not in browser.get(page).text, page
            page = browser.get(f"/{noun}/edit/{number}").text
            given = {"version": version_in(page), "last_name": "Kept", "company_name": "Kept"}
            assert browser.post(f"/{noun}/edit/{number}", data=given).status_code == 302
        assert "Invoice Usage Report" not in browser.get(f"/contacts/{contact_id}/receives").text
        with other.app_context():
            db.session.remove()
            db.engine.dispose()
        kept = {model: db.session.get_one(model, 1).invoice_usage_report_id for model in (Contact, Customer)}
        assert kept == {Contact: report, Customer: report}

    def test_off_it_is_no_field_of_rest(self, app, api):
        report = making.lookup("usage_report_profile", "By number")
        numbers = {"contact": making.contact(invoice_usage_report=report)}
        numbers["customer"] = making.customer(invoice_usage_report=report)
        call, name = api(), "invoice_usage_report"
        app.config["SETTINGS"] = replace(app.config["SETTINGS"], invoice_usage=False)
        for resource, number in numbers.items():
            at = f"/api/v1/{resource}"
            one = call("get", f"{at}/{number}")
            assert name not in one.json["result"]
            assert name not in call("get", f"{at}/").json["result"][0]
            assert f'"{name}"' not in call("get", f"{at}/_info").text
            for column in (name, f"{name}.name"):
                assert call("get", f"{at}/?q=(columns:!({column}))").status_code == 400
            written = [call("put", f"{at}/{number}", json={"version": 1, name: value}) for value in (None, report, 99)]
            written.append(call("post", f"{at}/", json={"last_name": "X", "account_number": "X1", name: report}))
            written.append(call("post", "/api/v1/customer/1/contacts", json={"last_name": "X", name: report}))
            assert [(answer.status_code, set(answer.json["errors"])) for answer in written] == [(422, {name})] * 5
            assert call("put", f"{at}/{number}", json={**one.json["result"], "postcode": "M1"}).status_code == 200
        schemas = call("get", "/api/v1/_openapi").json["components"]["schemas"]
        assert all(name not in schema.get("properties", {}) for schema in schemas.values())
        app.config["SETTINGS"] = replace(app.config["SETTINGS"], invoice_usage=True)
        for resource, number in numbers.items():
            assert call("get", f"/api/v1/{resource}/{number}").json["result"][name] == report

    def test_on_it_is_shown(self, login):
        contact_id = making.contact()
        assert "Invoice Usage Report" in login().get(f"/contacts/edit/{contact_id}").text


class TestARefusedForm:
    def test_boxes_that_were_unticked_stay_unticked(self, login):
        topic = making.lookup("topic", "Bills")
        customer_id = making.billed()
        contact_id = making.contact(contact_regarding=[topic])
        browser = login()
        page = browser.get(f"/customers/edit/{customer_id}").text
        assert re.search(r"<input[^>]*checked[^>]*email_billing|email_billing[^>]*checked", page)
        given = {"version": version_in(page), "company_name": "", "email": "nobody"}
        page = browser.post(f"/customers/edit/{customer_id}", data=given)
        assert page.status_code == 422
        box = re.search(r'<input[^>]*name="email_billing"[^>]*>', page.text)[0]
        assert "checked" not in box
        given = {"version": version_in(browser.get(f"/contacts/edit/{contact_id}").text), "last_name": ""}
        page = browser.post(f"/contacts/edit/{contact_id}", data=given)
        assert page.status_code == 422
        assert "selected" not in re.search(r'<select[^>]*name="contact_regarding".*?</select>', page.text, re.DOTALL)[0]


@pytest.mark.parametrize("value", ["9999999999", "2147483648", "-1", "x", "1" * 30, "\u0661"])
@pytest.mark.parametrize("field", ["title", "contact_type", "customer_id", "contact_regarding"])
def test_an_id_that_no_record_has_comes_back_in_the_form(login, field, value):
    page = login().post("/contacts/add", data={"last_name": "Lee", field: value})
    assert page.status_code == 422
    assert 'value="Lee"' in page.text


def test_deleting_a_customer_names_and_counts_what_goes_and_says_what_stays(login):
    customer_id = making.customer()
    for number in range(7):
        making.contact(customer_id, last_name=f"Direct{number}")
    making.invoice(customer_id)
    browser = login()
    text = text_of(browser.get(f"/customers/delete/{customer_id}").text)
    assert "shared contact" not in text
    shared = [making.contact(last_name=f"Shared{number}") for number in range(3)]
    for contact_id in shared:
        making.run(add_shared_contact, customer_id=customer_id, contact_id=contact_id)
    making.run(delete_contact, contact_id=shared[0])
    text = text_of(browser.get(f"/customers/delete/{customer_id}").text)
    assert sum(f"The direct contact Direct{number} goes along" in text for number in range(7)) == 5
    assert "2 more direct contacts go along." in text
    assert "Invoice AC1/1 goes along." in text
    assert "2 shared contacts stay, with their links to other customers." in text


def test_the_form_takes_a_currency_that_is_one(api):
    given = {"company_name": "A", "account_number": "C1", "currency": "XXX"}
    assert set(api()("post", "/api/v1/customer/", json=given).json["errors"]) == {"currency"}
    assert making.run(create_customer, values={**given, "currency": "EUR"}).currency == "EUR"
