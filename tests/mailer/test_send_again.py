"""Send Again: once more to addresses that have had it, for a reason, by a message of its own."""

from __future__ import annotations

import pytest

from app.contacts import service as contacts
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.invoices.service import send_invoice_again
from app.mailer.models import Message
from app.mailer.planning.choices import Again
from app.mailer.service import cancel_message
from tests.conftest import actor
from tests.core import making

OWN, ANN = "bills@acme.example", "ann@acme.example"


@pytest.fixture
def house(app):
    """Return the ids of a customer, a contact and an invoice that both have had."""
    customer_id = making.billed(email=OWN)
    contact_id = making.contact(customer_id, email=ANN, email_bill_type="short")
    invoice_id = making.invoice(customer_id)
    making.send(invoice_id)
    settle("sent")
    return customer_id, contact_id, invoice_id


def settle(state):
    with making.unaudited(), unit_of_work(db.session) as work:
        for message in work.query(Message):
            message.state = state


def again(invoice_id, *addresses, reason="Lost by their server.", who=None):
    chosen = Again.checked(addresses=list(addresses), reason=reason)
    return making.run(send_invoice_again, who, invoice_id=invoice_id, again=chosen, defaults=making.DEFAULTS)


def test_a_new_message_with_the_next_revision_and_the_same_content(house):
    first = {one.address: one for one in making.messages()}
    version = first[ANN].document_version
    plan = again(house[2], " ANN@acme.example")
    assert [one.address for one in plan.messages] == [ANN]
    rows = [(one.address, one.revision, one.state, one.document_version) for one in making.messages()]
    assert rows == [(OWN, 0, "sent", version), (ANN, 0, "sent", version), (ANN, 1, "queued", version)]
    assert len({one.message_id for one in making.messages()}) == 3
    entry = making.trail()[-1]
    assert (entry.verb, entry.reason) == ("invoice:sent_again", "Lost by their server.")
    assert [one.resource for one in entry.touched] == ["invoice", "message"]
    settle("sent")
    again(house[2], ANN)
    assert [one.revision for one in making.messages() if one.address == ANN] == [0, 1, 2]


def test_the_settings_of_the_day_decide_and_an_address_without_a_road_keeps_its_format(house):
    making.run(contacts.update_contact, contact_id=house[1], values={"email_bill_type": "full"})
    assert [one.format for one in again(house[2], ANN).messages] == ["full"]
    settle("sent")
    making.run(contacts.delete_contact, contact_id=house[1])
    (message,) = again(house[2], ANN).messages
    assert (message.format, [str(way.reason) for way in message.recipients]) == ("full", ["typed_in"])


def test_what_is_refused_says_what_to_do(house):
    with pytest.raises(Invalid, match=r"has not had this document\. Use Send") as refusal:
        again(house[2], ANN, "never@acme.example")
    assert list(refusal.value.errors) == ["addresses"]
    making.suppress(ANN, "It bounced in May.")
    with pytest.raises(Invalid, match=r"The address is suppressed\. It bounced in May\."):
        again(house[2], ANN)
    with pytest.raises(Invalid, match="Say why"):
        again(house[2], OWN, reason="  ")
    with pytest.raises(Invalid, match="at least one"):
        again(house[2])
    assert len(making.messages()) == 2


@pytest.mark.parametrize("state", ["queued", "waiting", "held", "sending", "uncertain"])
def test_what_is_on_its_way_is_not_sent_again(house, state):
    settle(state)
    with pytest.raises(Conflict) as refusal:
        again(house[2], ANN)
    assert refusal.value.code == "on_its_way"


@pytest.mark.parametrize("state", ["sent", "failed", "bounced"])
def test_what_has_left_or_failed_may_be(house, state):
    settle(state)
    assert len(again(house[2], ANN, OWN).messages) == 2


def test_the_same_call_twice_at_once_sends_once(app, house):
    db.session.remove()
    results = making.at_once(app, [lambda: again(house[2], ANN)] * 2)
    assert making.codes(results) == ["ok", "on_its_way"]
    assert [one.revision for one in making.messages() if one.address == ANN] == [0, 1]


def test_a_cancelled_second_copy_takes_nothing_from_the_first(house):
    number = again(house[2], ANN).messages[0].message_id
    making.run(cancel_message, message_id=number)
    done = making.send(house[2])
    assert done.messages == ()
    assert {str(one.reason) for one in done.skipped} == {"already_sent"}


def test_who_may(house):
    for who, kind in (("support", Forbidden), ("auditor", Forbidden), ("north_finance", NotFound)):
        with pytest.raises(kind):
            again(house[2], ANN, who=actor(who))
    assert again(house[2], ANN, who=actor("finance")).messages


def test_over_rest(api, house):
    call = api("finance")
    path = f"/api/v1/invoice/{house[2]}/send_again"
    answer = call("post", path, json={"reason": "Asked for it.", "addresses": [ANN]})
    assert answer.status_code == 202
    (message,) = answer.json["result"]["messages"]
    assert (message["address"], message["state"]) == (ANN, "queued")
    got = call("get", f"/api/v1/message/{message['message_id']}").json["result"]
    assert (got["revision"], got["lost_reasons"]) == (1, None)
    assert [(one["verb"], one["reason"]) for one in got["history"]] == [("invoice:sent_again", "Asked for it.")]
    listed = call("get", f"/api/v1/message/?q=(filters:!((col:contact,opr:rel_m_m,value:{house[1]})))").json
    assert listed["count"] == 2
    refused = {
        422: {"reason": "x", "addresses": ["never@acme.example"]},
        409: {"reason": "x", "addresses": [ANN]},
    }
    for status, body in refused.items():
        assert call("post", path, json=body).status_code == status
    for body in ({}, {"reason": "x"}, {"addresses": [OWN]}, {"reason": 1, "addresses": OWN}, {"reason": "x", "a": 1}):
        assert call("post", path, json=body).status_code == 422
    assert api("auditor")("post", path, json={"reason": "x", "addresses": [OWN]}).status_code == 403
    assert api("north_finance")("post", path, json={"reason": "x", "addresses": [OWN]}).status_code == 404


def test_on_the_screen(login, house):
    browser = login("finance")
    path = f"/invoices/{house[2]}/send-again"
    page = browser.get(f"{path}?address={ANN}").text
    assert page.count('name="addresses"') == 2
    refused = browser.post(path, data={"addresses": ANN, "reason": " "})
    assert refused.status_code == 422
    assert "Say why it is sent again." in refused.text
    done = browser.post(path, data={"addresses": ANN, "reason": "Asked for it."}, follow_redirects=False)
    assert done.status_code == 302
    assert "Still on its way." in browser.get(path).text
    assert "send-again" in browser.get(f"/invoices/show/{house[2]}").text
    assert f"/invoices/{house[2]}/send-again?address=" in browser.get("/messages/show/1").text
    reader = login("auditor")
    assert reader.get(path).status_code in (302, 403)
    menu = reader.get(f"/invoices/show/{house[2]}").text
    assert f'/invoices/{house[2]}/send"' in menu
    assert "send-again" not in menu
