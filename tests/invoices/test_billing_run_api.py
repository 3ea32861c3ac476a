"""Billing runs over REST: choose, plan, leave out, start, pause, resume, and what is refused."""

from __future__ import annotations

import threading

import pytest

from app.extensions import db
from app.invoices.billing_runs.jobs import Advance
from tests.core import making

RUNS = "/api/v1/billing_run/"


@pytest.fixture
def call(app, api):
    first = making.billed("AC1", email="one@a.example, two@a.example")
    second = making.customer("AC2", email="silent@b.example")
    for customer_id in (first, second):
        making.invoice(customer_id)
    db.session.remove()
    return api("finance")


def advance():
    turn, never = Advance(), threading.Event()
    while turn(never):
        pass
    db.session.remove()


def planned(call, **body):
    answer = call("post", RUNS, json=body or {"filters": {"status": "draft"}})
    assert answer.status_code == 201, answer.text
    return answer.json["id"]


def test_from_the_choice_to_the_end(call):
    answer = call(
        "post", RUNS, json={"filters": {"status": "draft", "total_from": "1"}, "account_numbers": ["ac1", "AC2"]}
    )
    assert answer.status_code == 201
    result = answer.json["result"]
    assert (result["status"], result["invoice_count"]) == ("planned", 2)
    assert result["filters"] == {"status": "draft", "total_from": "1.00"}
    assert result["account_numbers"] == ["ac1", "AC2"]
    path = f"{RUNS}{answer.json['id']}"
    plan = call("get", f"{path}/plan").json["result"]
    assert plan["messages"] == 2
    assert plan["formats"] == {"short": 2}
    assert plan["skipped"] == {"email_billing_off": {"roads": 1, "invoices": 1}}
    assert plan["reaches_nobody"]["count"] == 1
    assert plan["reaches_nobody"]["first"][0]["account_number"] == "AC2"
    assert plan["already_sent"] == 0
    started = call("post", f"{path}/start")
    assert (started.status_code, started.json["result"]["status"]) == (202, "running")
    advance()
    plan = call("get", f"{path}/plan").json["result"]
    assert (plan["status"], plan["states"]["sent"], plan["states"]["nothing_to_send"]) == ("finished", 1, 1)
    assert plan["message_states"] == {"queued": 2}
    rows = call("get", f"{path}/invoices?state=nothing_to_send").json
    assert [(one["number"], one["reason"]) for one in rows["result"]] == [("AC2/1", "reaches_nobody")]
    assert rows["result"][0]["skipped"][0]["reason"] == "email_billing_off"
    assert rows["next"] is None


def test_the_same_once_more_says_that_they_have_it(call):
    first = planned(call, account_numbers=["AC1"])
    call("post", f"{RUNS}{first}/start")
    advance()
    second = planned(call, account_numbers=["AC1"])
    plan = call("get", f"{RUNS}{second}/plan").json["result"]
    assert (plan["messages"], plan["already_sent"]) == (0, 1)
    assert plan["skipped"]["already_sent"] == {"roads": 2, "invoices": 1}
    call("post", f"{RUNS}{second}/start")
    advance()
    rows = call("get", f"{RUNS}{second}/invoices").json["result"]
    assert [(one["state"], one["reason"]) for one in rows] == [("nothing_to_send", "already_sent")]
    assert len(making.messages()) == 2


def test_pause_and_resume_and_where_they_make_no_sense(call):
    path = f"{RUNS}{planned(call)}"
    for verb in ("pause", "resume"):
        answer = call("post", f"{path}/{verb}")
        assert (answer.status_code, answer.json["code"]) == (409, "not_possible")
    assert call("post", f"{path}/start").status_code == 202
    assert call("post", f"{path}/start").status_code == 409
    assert call("post", f"{path}/choose", json={"untick": [1]}).status_code == 409
    assert call("delete", path).status_code == 409
    assert call("post", f"{path}/pause").json["result"]["status"] == "paused"
    assert call("post", f"{path}/start").status_code == 409
    assert call("post", f"{path}/resume").status_code == 202
    advance()
    for verb in ("start", "pause", "resume"):
        assert call("post", f"{path}/{verb}").status_code == 409
    answer = call("post", f"{path}/plan_again")
    assert (answer.status_code, answer.json["code"]) == (409, "nothing_left")


def test_leaving_out_and_a_stale_version(call):
    path = f"{RUNS}{planned(call)}"
    version = call("get", path).json["result"]["version"]
    left = call("post", f"{path}/choose", json={"untick_account_numbers": ["AC2"]})
    assert left.status_code == 200
    assert call("post", f"{path}/start", json={"version": version}).status_code == 412
    plan = call("get", f"{path}/plan").json["result"]
    assert (plan["invoices"], plan["unticked"]) == (1, 1)
    back = call("post", f"{path}/choose", json={"tick": [2], "version": left.json["result"]["version"]})
    assert back.status_code == 200
    unknown = call("post", f"{path}/choose", json={"untick_account_numbers": ["AC2", "NOPE"]})
    assert unknown.status_code == 422
    assert "NOPE" in unknown.json["errors"]["account_numbers"][0]
    assert call("post", f"{path}/choose", json={"untick": ["x"]}).json["errors"].keys() == {"untick"}
    assert call("post", f"{path}/choose", json={"nonsense": 1}).status_code == 422


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"filters": {"total_from": "abc", "nonsense": 1}}, {"filters.total_from", "filters.nonsense"}),
        ({"filters": {"status": "paid"}, "account_numbers": ["NOPE"]}, {"filters.status", "account_numbers"}),
        ({"filters": "all"}, {"filters"}),
        ({}, {"filters"}),
        ({"nonsense": 1}, {"nonsense"}),
    ],
)
def test_a_bad_choice_is_refused_at_its_names(call, body, names):
    answer = call("post", RUNS, json=body)
    assert answer.status_code == 422
    assert set(answer.json["errors"]) == names


def test_what_cannot_be_read_or_is_not_there(call):
    path = f"{RUNS}{planned(call)}"
    assert call("get", f"{path}/invoices?outcome=because").status_code == 422
    assert call("get", f"{path}/invoices?after=x").status_code == 400
    assert call("get", f"{RUNS}999/plan").status_code == 404
    assert call("post", f"{RUNS}999/start").status_code == 404
    assert call("put", path, json={}).status_code == 405


def test_roles(call, api):
    path = f"{RUNS}{planned(call)}"
    support, auditor = api("support"), api("auditor")
    assert support("get", RUNS).status_code == 403
    assert support("get", f"{path}/plan").status_code == 403
    assert auditor("get", f"{path}/plan").status_code == 200
    for verb in ("start", "pause", "resume", "plan_again"):
        assert auditor("post", f"{path}/{verb}").status_code == 403
    assert auditor("post", RUNS, json={"filters": {"status": "draft"}}).status_code == 403


def test_in_the_trash_and_back_and_purged(call, api):
    number = planned(call)
    assert call("delete", f"{RUNS}{number}").status_code == 200
    assert call("get", f"{RUNS}trash").json["ids"] == [number]
    assert call("post", f"{RUNS}{number}/restore").status_code == 200
    assert call("delete", f"{RUNS}{number}").status_code == 200
    purged = api("admin")("post", f"{RUNS}{number}/purge", json={"reason": "Done with."})
    assert purged.status_code == 200
    assert call("get", f"{RUNS}{number}").status_code == 404
