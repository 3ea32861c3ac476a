"""What changed between looking at a plan and sending it is refused at every door, with what is different by now."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from app.contacts import service as contacts
from app.customers.service import update_customer
from app.invoices import service as invoices
from tests.core import making
from tests.process.pages import Page

DONE = (200, "", "")
OWN, ANN = "bills@acme.example", "ann@acme.example"


@pytest.fixture
def house(app):
    """Return the ids of a customer, a contact and an invoice that nobody has had."""
    customer_id = making.billed(email=OWN)
    contact_id = making.contact(customer_id, last_name="Ann", email=ANN, email_bill_type="short")
    return customer_id, contact_id, making.invoice(customer_id)


def contact_set(house, **values):
    making.run(contacts.update_contact, contact_id=house[1], values=values)


# Each change with what every door says of it: the address that it is about, and what a screen tells.
CHANGES = {
    "set to none": (lambda house: contact_set(house, email_bill_type="none"), "no longer gets a copy. The bill format"),
    "another address": (lambda house: contact_set(house, email="b@x.example"), "b@x.example gets a copy, and did not"),
    "another format": (lambda house: contact_set(house, email_bill_type="long"), "gets the Long format instead of"),
    "deleted": (lambda house: making.run(contacts.delete_contact, contact_id=house[1]), "no longer gets a copy."),
    "one more": (
        lambda house: making.contact(house[0], email="new@x.example", email_bill_type="full"),
        "new@x.example gets a copy, and did not before.",
    ),
    "billing off": (
        lambda house: making.run(update_customer, customer_id=house[0], values={"email_billing": False}),
        "no longer gets a copy. Email billing is off",
    ),
    "suppressed": (lambda _: making.suppress(ANN), "no longer gets a copy. The address is suppressed."),
    "the document": (
        lambda house: making.run(
            invoices.update_invoice, invoice_id=house[2], values={"purchase_order_number": "PO 7"}
        ),
        "The document itself, or a reason, has changed; the same addresses get it.",
    ),
}


def screen(house, login, _api, _app):
    client = login("finance")
    path = f"/invoices/{house[2]}/send"
    form = Page(SimpleNamespace(url="", status_code=200, text=client.get(path).text)).form("fingerprint")

    def send():
        answer = client.post(path, data={**form, "action": "send"})
        if answer.status_code == 302:
            return DONE
        shown = Page(SimpleNamespace(url="", status_code=409, text=answer.text))
        return (answer.status_code, shown.text, shown.form("fingerprint")["fingerprint"][0])

    return send


def rest(house, _login, api, _app):
    call, path = api("finance"), f"/api/v1/invoice/{house[2]}"
    looked_at = call("get", f"{path}/plan").json["result"]["fingerprint"]

    def send():
        answer = call("post", f"{path}/send", json={"fingerprint": looked_at})
        if answer.status_code == 202:
            return DONE
        assert answer.json["code"] == "plan_changed"
        return answer.status_code, answer.json["message"], answer.json["result"]["fingerprint"]

    return send


def command(_house, _login, _api, app):
    words = ["send", "invoice", "AC1/1", "--as", "finance"]
    looked_at = fingerprint_of(app.test_cli_runner().invoke(args=[*words, "--dry-run"]).output)

    def send():
        done = app.test_cli_runner().invoke(args=[*words, "--fingerprint", looked_at])
        return DONE if done.exit_code == 0 else (409, done.output, fingerprint_of(done.output))

    return send


def fingerprint_of(output):
    return output.rsplit("Fingerprint: ", 1)[1].strip()


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("door", [screen, rest, command])
def test_it_is_refused_with_the_difference(app, login, api, house, door, change):
    send = door(house, login, api, app)
    make, told = CHANGES[change]
    make(house)
    entries = len(making.trail())
    status, said, fingerprint = send()
    assert status == 409
    assert "The plan has changed since you looked at it." in said
    assert making.messages() == []
    assert len(making.trail()) == entries
    if door is screen:
        assert told in said
    # What the refusal shows is the plan of this moment: sent as it is shown, it leaves.
    assert making.send(house[2], fingerprint=fingerprint).messages


@pytest.mark.parametrize("door", [screen, rest, command])
def test_what_changes_nothing_of_it_stops_nothing(app, login, api, house, door):
    send = door(house, login, api, app)
    contact_set(house, number_1="020 7946 0000", position="Bookkeeper")
    assert send() == DONE
    assert sorted(making.states()) == [ANN, OWN]
