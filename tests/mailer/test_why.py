"""Why somebody got a copy: the chain from the document to the server's answer, with who set what and when."""

from __future__ import annotations

import pytest

from app.contacts import service as contacts
from app.customers import service as customers
from app.mailer.models import Message
from app.mailer.service import cancel_message
from app.mailer.why.chain import chain_of
from tests.conftest import actor
from tests.core import making

ANN = "ann@acme.example"


@pytest.fixture
def house(app):
    """Return the ids of a customer, a shared contact that finance set and admin linked, and an invoice sent."""
    customer_id = making.billed()
    contact_id = making.contact(last_name="Schmidt", first_name="Ann", email=ANN)
    making.run(contacts.add_shared_contact, customer_id=customer_id, contact_id=contact_id)
    making.run(contacts.update_contact, actor("finance"), contact_id=contact_id, values={"email_bill_type": "short"})
    invoice_id = making.invoice(customer_id)
    making.send(invoice_id, actor("finance"))
    return customer_id, contact_id, invoice_id


def message_to(address: str) -> Message:
    return next(one for one in making.messages() if one.address == address)


def why(app, address, name="finance"):
    from app.extensions import db

    with app.test_request_context():
        return chain_of(db.session(), actor(name), message_to(address))


def test_one_sentence_says_it(app, house):
    sentence = why(app, ANN).sentence
    assert sentence.startswith(
        "Ann Schmidt is to get it because Copy Email Bill is Short on the contact Ann Schmidt, set by finance on"
    )
    assert "Ann Schmidt is a shared contact, linked to AC1 Company AC1 by admin on" in sentence


def test_every_link_over_rest(api, house):
    customer_id, contact_id, invoice_id = house
    answer = api("finance")("get", f"/api/v1/message/{message_to(ANN).id}").json["result"]["why"]
    links = {one["link"]: one for one in answer["chain"]}
    assert list(links) == ["document", "customer", "road", "link", "setting", "plan"]
    assert (links["document"]["number"], links["document"]["id"]) == ("AC1/1", invoice_id)
    assert links["customer"]["id"] == customer_id
    assert (links["road"]["contact_id"], links["road"]["reason"]) == (contact_id, "copy_email_bill")
    assert (links["link"]["kind"], links["link"]["by"]) == ("shared", "admin")
    setting = links["setting"]
    assert (setting["field"], setting["value"], setting["value_now"]) == ("email_bill_type", "short", "short")
    assert (setting["by"], setting["door"]) == ("finance", "screen")
    assert (links["plan"]["by"], links["plan"]["verb"]) == ("finance", "invoice:sent")


def test_the_setting_is_that_of_the_day_and_says_what_it_is_today(app, house):
    making.run(contacts.update_contact, contact_id=house[1], values={"email_bill_type": "full"})
    setting = next(one for one in why(app, ANN).steps if one.kind == "setting")
    assert (setting.facts["value"], setting.facts["value_now"]) == ("short", "full")
    assert setting.facts["changed_by"] == "admin"
    assert "Copy Email Bill is Full since: admin changed it" in setting.text


def test_what_has_gone_since(app, house):
    making.run(contacts.remove_shared_contact, actor("support"), customer_id=house[0], contact_id=house[1])
    chain = why(app, ANN)
    assert "It was cancelled before it left. The contact is no longer linked to this customer." in chain.sentence
    link = next(one for one in chain.steps if one.kind == "link")
    assert (link.by, link.facts["removed_by"]) == ("admin", "support")


def test_the_customers_own_addresses_name_their_settings(app, house):
    making.run(customers.update_customer, customer_id=house[0], values={"email_bill_type": "full"})
    chain = why(app, "bills@acme.example")
    assert "their Email bill type is Short" in chain.sentence
    assert [one.facts["field"] for one in chain.steps if one.kind == "setting"] == [
        "email_bill_type",
        "email_billing",
        "email",
    ]


def test_who_did_what_to_the_message(app, house):
    making.run(cancel_message, actor("admin"), message_id=message_to(ANN).id)
    last = why(app, ANN).steps[-1]
    assert (last.kind, last.by, last.facts["verb"]) == ("act", "admin", "message:cancelled")


def test_typed_in_says_by_whom(app, house):
    making.send(house[2], actor("finance"), recipients=["x@else.example"])
    assert "finance typed the address in when sending it" in why(app, "x@else.example").sentence


def test_a_contact_out_of_sight_keeps_its_settings_to_itself(app, house):
    making.run(contacts.delete_contact, contact_id=house[1])
    chain = why(app, ANN, "auditor")
    assert [one.kind for one in chain.steps if one.kind in {"link", "setting"}] == []
    assert next(one for one in chain.steps if one.kind == "road").url is None


def test_the_page_says_the_sentence_first(login, house):
    page = login("finance").get(f"/messages/show/{message_to(ANN).id}?tab=why").text
    assert "Copy Email Bill is Short on the contact Ann Schmidt, set by finance on" in page
    assert page.index("Ann Schmidt is to get it because") < page.index("Link by link")


def test_who_sees_no_invoices_is_told_nothing(api, house):
    assert api("support")("get", f"/api/v1/message/{message_to(ANN).id}").status_code == 404
