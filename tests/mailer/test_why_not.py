"""Why an address did not get a document: skipped, suppressed, cancelled, unticked, joined later, or nowhere at all."""

from __future__ import annotations

import pytest

from app.contacts import service as contacts
from app.customers import service as customers
from tests.conftest import actor
from tests.core import making

OWN, ANN, BEN = "bills@acme.example", "ann@acme.example", "ben@acme.example"


@pytest.fixture
def house(app):
    """Return the ids of a customer, of two contacts, one of whom gets bills, and of an invoice that was sent."""
    customer_id = making.billed()
    ann = making.contact(customer_id, last_name="Ann", email=ANN, email_bill_type="short")
    ben = making.contact(customer_id, last_name="Ben", email=BEN)
    invoice_id = making.invoice(customer_id)
    making.send(invoice_id, actor("finance"))
    return customer_id, ann, ben, invoice_id


@pytest.fixture
def ask(api):
    def asked(invoice_id, address, name="finance"):
        answer = api(name)("get", f"/api/v1/invoice/{invoice_id}/why", query_string={"address": address})
        assert answer.status_code == 200, answer.text
        return answer.json["result"]

    return asked


def test_who_got_it(house, ask):
    told = ask(house[3], " ANN@Acme.example ")
    message = next(one for one in making.messages() if one.address == ANN)
    assert (told["outcome"], told["message"]["id"]) == ("on_its_way", message.id)
    assert "Copy Email Bill is Short on the contact Ann" in told["sentence"]
    assert [one["link"] for one in told["chain"]][:3] == ["document", "customer", "road"]


def test_who_was_skipped_with_the_setting_and_who_set_it(house, ask):
    making.run(contacts.update_contact, contact_id=house[2], values={"email_bill_type": "full"})
    told = ask(house[3], BEN)
    assert told["outcome"] == "skipped"
    assert told["as_of"]
    assert told["sentence"].startswith(
        "ben@acme.example did not get it. Ben: The bill format is none. (set by admin on"
    )
    assert told["sentence"].endswith("Sent at this moment, it would reach the address.")
    setting = next(one for one in told["chain"] if one["link"] == "setting")
    assert (setting["field"], setting["value"], setting["value_now"]) == ("email_bill_type", "none", "full")


def test_the_customers_own_switch(app, ask):
    customer_id = making.billed(email_billing=False)
    making.contact(customer_id, email=ANN, email_bill_type="short")
    invoice_id = making.invoice(customer_id)
    making.send(invoice_id)
    told = ask(invoice_id, OWN)
    assert (told["outcome"], told["chain"][0]["reason"]) == ("skipped", "email_billing_off")
    assert next(one for one in told["chain"] if one["link"] == "setting")["field"] == "email_billing"


def test_suppressed_unticked_and_not_sent_yet(house, ask):
    making.suppress("gone@acme.example", "Hard bounce on 3 May.")
    making.contact(house[0], last_name="Gone", email="gone@acme.example", email_bill_type="short")
    invoice_id = making.invoice(house[0])
    assert ask(invoice_id, ANN)["outcome"] == "not_sent_yet"
    assert "It was not sent yet" in ask(invoice_id, "gone@acme.example")["sentence"]
    making.send(invoice_id, actor("finance"), untick=[ANN])
    assert "The address is suppressed. Hard bounce on 3 May." in ask(invoice_id, "gone@acme.example")["sentence"]
    told = ask(invoice_id, ANN)
    assert told["outcome"] == "skipped"
    assert "Staff unticked the address. It was finance who sent it." in told["sentence"]


def test_cancelled_later_and_why(house, ask):
    making.run(contacts.update_contact, contact_id=house[1], values={"email_bill_type": "none"})
    told = ask(house[3], ANN)
    assert told["outcome"] == "cancelled"
    assert "It was cancelled before it left. The bill format is none." in told["sentence"]
    making.run(contacts.update_contact, contact_id=house[1], values={"email_bill_type": "short"})
    assert ask(house[3], ANN)["sentence"].endswith("Sent at this moment, it would reach the address.")


def test_who_came_later(house, ask):
    making.contact(house[0], last_name="Late", email="late@acme.example", email_bill_type="short")
    told = ask(house[3], "late@acme.example")
    assert told["outcome"] == "not_planned"
    assert "They were no contact of this customer yet when it was sent." in told["sentence"]
    making.contact(house[0], last_name="Later", email="later@acme.example")
    assert "no contact of this customer yet" in ask(house[3], "later@acme.example")["sentence"]


def test_who_was_passed_over_by_addresses_typed_in(house, ask):
    invoice_id = making.invoice(house[0])
    making.send(invoice_id, recipients=["x@else.example"])
    told = ask(invoice_id, ANN)
    assert told["outcome"] == "not_planned"
    assert "It was sent to addresses that were typed in, and to nobody else." in told["sentence"]


def test_no_road_leads_there_and_who_has_the_address(house, ask):
    shared = making.contact(last_name="Shared", email="far@else.example")
    other = making.customer("AC2", email="main@else.example, far@else.example")
    told = ask(house[3], "FAR@else.example")
    assert told["outcome"] == "no_road"
    assert told["chain"] == []
    assert [(one["resource"], one["id"]) for one in told["elsewhere"]] == [("contact", shared), ("customer", other)]
    assert "Shared, a shared contact, has this address, and is not linked to this customer." in told["sentence"]
    assert "It is an address of another customer, AC2 Company AC2." in told["sentence"]
    assert ask(house[3], "nobody@else.example")["elsewhere"] == []


def test_a_deleted_contact_had_it(house, ask):
    making.run(contacts.delete_contact, contact_id=house[1])
    later = making.invoice(house[0])
    told = ask(later, ANN)
    assert told["outcome"] == "no_road"
    assert "Ann had this address, and was deleted." in told["sentence"]


def test_within_the_readers_sight(house, api, ask):
    making.dealers("NORTH", "SOUTH")
    making.contact(last_name="Southern", email="far@else.example", dealer_code="SOUTH")
    making.run(customers.update_customer, customer_id=house[0], values={"dealer_code": "NORTH"})
    assert ask(house[3], "far@else.example")["elsewhere"] != []
    assert ask(house[3], "far@else.example", "north_finance")["elsewhere"] == []
    path = f"/api/v1/invoice/{house[3]}/why?address=x@y.example"
    assert api("support")("get", path).status_code == 403
    making.run(customers.update_customer, customer_id=house[0], values={"dealer_code": "SOUTH"})
    assert api("north_finance")("get", path).status_code == 404


@pytest.mark.parametrize(
    "query", ["", "?address=", "?address=nobody", "?address=a@b@c", f"?address={'x' * 400}@y.example"]
)
def test_what_is_no_address_is_refused(house, api, query):
    answer = api("finance")("get", f"/api/v1/invoice/{house[3]}/why{query}")
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["address"]


def test_the_page_asks_and_answers(login, house):
    browser = login("finance")
    tab = browser.get(f"/invoices/show/{house[3]}?tab=messages").text
    assert f'action="/invoices/{house[3]}/why"' in tab
    page = browser.get(f"/invoices/{house[3]}/why?address={BEN}").text
    assert "Ben: The bill format is none. (set by admin on" in page
    assert f'href="/contacts/show/{house[2]}"' in page
    wrong = browser.get(f"/invoices/{house[3]}/why?address=nobody")
    assert wrong.status_code == 422
    assert 'id="why-address-error"' in wrong.text
    assert 'value="nobody"' in wrong.text
    assert login("support").get(f"/invoices/{house[3]}/why?address={BEN}").status_code in (302, 403)
