"""Tickets over REST, to the letter of the contract."""

from __future__ import annotations

import pytest

from tests.core import making
from tests.tickets.making_tickets import MAIN, Desk

ANN = "ann@acme.example"


@pytest.fixture
def desk(app):
    return Desk()


@pytest.fixture
def call(api):
    return api("support")


def opened(call, desk, **values):
    given = {"requester_email": "asks@x.example", **desk.values(**values)}
    answer = call("post", "/api/v1/ticket/", json=given)
    assert answer.status_code == 201, answer.text
    return answer.json


def test_a_ticket_is_opened_with_its_first_text(call, desk):
    made = opened(call, desk)
    result = made["result"]
    assert result["number"] == "AC1/T001"
    assert (result["ticket_status"], result["closed"], result["body"]) == (desk.open, False, "The line is dead.")
    assert result["deleted_at"] is None
    assert making.states() == {"asks@x.example": "queued"}
    assert call("get", f"/api/v1/ticket/{made['id']}").json["result"] == result


def test_what_get_gives_put_takes_back(call, desk):
    made = opened(call, desk)
    entries = len(making.trail())
    path = f"/api/v1/ticket/{made['id']}"
    assert call("put", path, json=made["result"]).status_code == 200
    assert len(making.trail()) == entries
    changed = call("put", path, json={**made["result"], "subject": "No line", "ticket_status": desk.waiting})
    assert changed.json["result"]["subject"] == "No line"
    for name, value in (("number", "X"), ("closed", True), ("body", "Another"), ("ticket_status", desk.closed)):
        refused = call("put", path, json={name: value, "version": changed.json["result"]["version"]})
        assert (refused.status_code, set(refused.json["errors"])) == (422, {name})
    assert call("put", path, json={"subject": "x"}).status_code == 428
    assert call("put", path, json={"subject": "x", "version": 1}).status_code == 412


def test_an_update_is_added_and_its_copies_go(call, desk):
    number = opened(call, desk)["id"]
    desk.person(ANN)
    answer = call("post", f"/api/v1/ticket/{number}/updates", json={"body": "On it."})
    assert answer.status_code == 201
    update = answer.json["result"]
    assert (update["number"], update["kind"], update["body"]) == ("AC1/T001/2", "text", "On it.")
    assert (update["internal"], update["author_name"], update["door"]) == (False, "support User", "api")
    plan = answer.json["plan"]
    assert {one["address"]: one["state"] for one in plan["messages"]} == {"asks@x.example": "queued", ANN: "queued"}
    assert plan["document"] == {"kind": "ticket_update", "id": update["id"], "number": "AC1/T001/2"}
    listed = call("get", f"/api/v1/ticket/{number}/updates").json["result"]
    assert [one["body"] for one in listed] == ["The line is dead.", "On it."]
    told = call("get", f"/api/v1/ticket/{number}/updates/{update['id']}/plan").json["result"]
    assert told["messages"] == []
    assert {(one["address"], one["reason"]) for one in told["skipped"]} == {
        ("asks@x.example", "already_sent"),
        (ANN, "already_sent"),
    }


def test_an_internal_one_goes_to_nobody(call, desk):
    number = opened(call, desk)["id"]
    answer = call("post", f"/api/v1/ticket/{number}/updates", json={"body": "Us alone.", "internal": True})
    assert (answer.status_code, answer.json["plan"]["messages"]) == (201, [])
    assert len(making.messages()) == 1


def test_the_next_updates_plan_holds_or_is_refused(call, desk):
    number = opened(call, desk)["id"]
    path = f"/api/v1/ticket/{number}"
    seen = call("get", f"{path}/plan").json["result"]
    assert [one["address"] for one in seen["messages"]] == ["asks@x.example"]
    desk.person(ANN)
    refused = call("post", f"{path}/updates", json={"body": "On it.", "fingerprint": seen["fingerprint"]})
    assert (refused.status_code, refused.json["code"]) == (409, "plan_changed")
    again = {"body": "On it.", "fingerprint": refused.json["result"]["fingerprint"], "untick": [ANN]}
    answer = call("post", f"{path}/updates", json=again)
    assert [one["address"] for one in answer.json["plan"]["messages"]] == ["asks@x.example"]


def test_close_and_reopen(call, desk):
    number = opened(call, desk)["id"]
    path = f"/api/v1/ticket/{number}"
    closed = call("post", f"{path}/close")
    assert (closed.status_code, closed.json["result"]["closed"]) == (200, True)
    assert closed.json["result"]["ticket_status"] == desk.closed
    twice = call("post", f"{path}/close", json={})
    assert (twice.status_code, twice.json["code"]) == (409, "already_closed")
    stale = call("post", f"{path}/reopen", json={"version": 1})
    assert stale.status_code == 412
    again = call("post", f"{path}/reopen", json={"ticket_status": desk.waiting, "body": "Still dead."})
    assert (again.status_code, again.json["result"]["ticket_status"]) == (200, desk.waiting)
    kinds = [one["kind"] for one in call("get", f"{path}/updates").json["result"]]
    assert kinds == ["text", "closed", "reopened"]
    assert len(making.messages()) == 3


@pytest.mark.parametrize(
    ("body", "status", "fields"),
    [
        ({}, 422, {"body"}),
        ({"body": ""}, 422, {"body"}),
        ({"body": 7}, 422, {"body"}),
        ({"body": "x" * 20_001}, 422, {"body"}),
        ({"body": "x", "internal": "yes"}, 422, {"internal"}),
        ({"body": "x", "untick": "a@x.example"}, 422, {"untick"}),
        ({"body": "x", "fingerprint": 7}, 422, {"fingerprint"}),
        ({"body": "x", "kind": "closed"}, 422, {"kind"}),
        ({"body": "x", "version": "no"}, 422, {"version"}),
    ],
)
def test_bad_input_is_told_at_its_field_and_changes_nothing(call, desk, body, status, fields):
    number = opened(call, desk)["id"]
    answer = call("post", f"/api/v1/ticket/{number}/updates", json=body)
    assert (answer.status_code, set(answer.json["errors"])) == (status, fields)
    assert len(call("get", f"/api/v1/ticket/{number}/updates").json["result"]) == 1


def test_what_is_not_there_is_not_found(call, desk):
    number = opened(call, desk)["id"]
    other = opened(call, desk, customer_id=making.customer("AC2", email=MAIN))["id"]
    first = call("get", f"/api/v1/ticket/{other}/updates").json["result"][0]["id"]
    for method, path in (
        ("get", f"{number}/updates/{first}/plan"),
        ("get", "999/updates"),
        ("get", "999/plan"),
        ("post", "999/close"),
        ("get", f"{number}/updates/x/plan"),
    ):
        assert call(method, f"/api/v1/ticket/{path}").status_code == 404


def test_readers_read_and_write_nothing(api, call, desk):
    number = opened(call, desk)["id"]
    for name in ("finance", "auditor"):
        reader = api(name)
        assert reader("get", f"/api/v1/ticket/{number}/updates").status_code == 200
        assert reader("get", f"/api/v1/ticket/{number}/plan").status_code == 200
        for path in ("updates", "close", "reopen"):
            assert reader("post", f"/api/v1/ticket/{number}/{path}", json={"body": "x"}).status_code == 403
        assert reader("post", "/api/v1/ticket/", json=desk.values()).status_code == 403


def test_lists_are_filtered_sorted_and_dotted(call, desk):
    opened(call, desk)
    second = opened(call, desk, ticket_type=desk.question)["id"]
    wanted = "columns:!(id,ticket_type.name,customer.account_number)"
    q = f"(filters:!((col:ticket_type,opr:eq,value:{desk.question})),{wanted})"
    rows = call("get", "/api/v1/ticket/", query_string={"q": q}).json["result"]
    assert rows == [{"id": second, "ticket_type.name": "Question", "customer.account_number": "AC1"}]


def test_it_is_deleted_restored_and_purged_as_other_records_are(api, call, desk):
    number = opened(call, desk)["id"]
    path = f"/api/v1/ticket/{number}"
    assert call("delete", path).status_code == 200
    assert call("get", path).status_code == 404
    assert [one["id"] for one in call("get", "/api/v1/ticket/trash").json["result"]] == [number]
    assert call("post", f"{path}/purge", json={"reason": "x"}).status_code == 403
    assert call("post", f"{path}/restore").status_code == 200
    assert call("get", path).status_code == 200
