"""Messages are found by their address, in any case, and by their Message-ID, with and without its angle brackets."""

from __future__ import annotations

import pytest

from tests.core import making

ADDRESS = "Ann.Schmidt@Acme.example"


@pytest.fixture
def sent(app):
    """Return a message to an address in mixed case, with another beside it."""
    customer_id = making.billed(email="other@acme.example")
    making.contact(customer_id, email=ADDRESS, email_bill_type="short")
    making.send(making.invoice(customer_id))
    return next(one for one in making.messages() if one.address == ADDRESS)


def wanted(sent):
    bare = sent.message_id.strip("<>")
    return [ADDRESS, ADDRESS.upper(), ADDRESS.lower(), "ann.sch", bare, f"<{bare}>"]


@pytest.mark.parametrize("which", range(6))
def test_the_list_and_the_headers_search_find_it(login, sent, which):
    text = wanted(sent)[which]
    browser = login("finance")
    page = browser.get("/messages/list/", query_string={"q": text}).text
    assert f"/messages/show/{sent.id}" in page
    assert "other@acme.example" not in page
    assert f"/messages/show/{sent.id}" in browser.get("/search/", query_string={"q": text}).text


def test_rest_filters(api, sent):
    def ids(column, value, opr="eq"):
        quoted = value.replace("!", "!!").replace("'", "!'")
        q = f"(filters:!((col:{column},opr:{opr},value:'{quoted}')),columns:!(id))"
        answer = api("finance")("get", "/api/v1/message/", query_string={"q": q})
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json["result"]]

    for text in (ADDRESS, ADDRESS.lower(), ADDRESS.upper()):
        assert ids("address", text) == [sent.id], text
    bare = sent.message_id.strip("<>")
    for text in (bare, f"<{bare}>"):
        assert ids("message_id", text) == [sent.id], text
    assert ids("address", "nobody@acme.example") == []
    assert len(ids("address", "nobody@acme.example", "neq")) == 2
    assert ids("address", "SCHMIDT", "ct") == [sent.id]
