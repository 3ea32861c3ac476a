"""How many addresses may be typed in, unticked, and sent to again: few are typed, many may be ticked."""

from __future__ import annotations

import re

import pytest

from app.core.errors import Invalid
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.mailer.models import Message
from app.mailer.planning.choices import MAX_PICKED, MAX_TYPED_IN, Again, Choices
from tests.core import making

ADDRESSES = [f"depot{number:02}@acme.example" for number in range(56)]
LEFT, UNTICKED = ADDRESSES[:5], ADDRESSES[5:]


@pytest.fixture
def invoice_id(app):
    """Return a draft of a customer with 56 addresses."""
    return making.invoice(making.billed(email=", ".join(ADDRESSES)))


def some(count: int) -> list[str]:
    return [f"a{number}@x.example" for number in range(count)]


def test_typed_in_are_few_and_what_is_ticked_is_bounded_generously():
    assert len(Choices.checked(recipients=some(MAX_TYPED_IN), untick=some(MAX_PICKED)).untick) == MAX_PICKED
    assert len(Again.checked(addresses=some(MAX_PICKED), reason="Lost.").addresses) == MAX_PICKED
    with pytest.raises(Invalid) as refusal:
        Choices.checked(recipients=some(MAX_TYPED_IN + 1), untick=some(MAX_PICKED + 1))
    assert refusal.value.errors == {
        "recipients": ["Give a list of at most 50 addresses."],
        "untick": ["Give a list of at most 10,000 addresses."],
    }
    with pytest.raises(Invalid) as refusal:
        Again.checked(addresses=some(MAX_PICKED + 1), reason="Lost.")
    assert list(refusal.value.errors) == ["addresses"]


def test_fifty_one_of_fifty_six_are_unticked_over_rest(api, invoice_id):
    call, path = api("finance"), f"/api/v1/invoice/{invoice_id}/send"
    answer = call("post", path, json={"untick": UNTICKED})
    assert answer.status_code == 202, answer.text
    assert set(making.states()) == set(LEFT)
    refused = call("post", path, json={"recipients": UNTICKED})
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["recipients"])


def test_and_on_the_screen(login, invoice_id):
    browser, path = login("finance"), f"/invoices/{invoice_id}/send"
    given = {"planned": ADDRESSES, "keep": LEFT, "recipients": "", "previewed": ""}
    page = browser.post(path, data={**given, "action": "preview"})
    assert page.status_code == 200
    fingerprint = re.search(r'name="fingerprint"[^>]* value="([^"]+)"', page.text)[1]
    done = browser.post(path, data={**given, "action": "send", "fingerprint": fingerprint})
    assert done.status_code == 302, done.text
    assert set(making.states()) == set(LEFT)


@pytest.mark.parametrize("door", ["rest", "screen"])
def test_more_than_fifty_are_sent_again(api, login, invoice_id, door):
    making.send(invoice_id)
    with making.unaudited(), unit_of_work(db.session) as work:
        for message in work.query(Message):
            message.state = "sent"
    given = {"addresses": UNTICKED, "reason": "Their server lost them."}
    if door == "rest":
        answer = api("finance")("post", f"/api/v1/invoice/{invoice_id}/send_again", json=given)
        assert answer.status_code == 202, answer.text
    else:
        answer = login("finance").post(f"/invoices/{invoice_id}/send-again", data=given)
        assert answer.status_code == 302, answer.text
    assert {one.address for one in making.messages() if one.revision == 1} == set(UNTICKED)
