"""Bulk letters over REST and on the screens: each call, each page, and what is refused."""

from __future__ import annotations

import re
import threading

import pytest

from app.correspondence.bulk.jobs import Advance
from app.extensions import db
from tests.core import making

LETTERS = "/api/v1/bulk_letter/"
TEXTS = {"subject": "Works at {{ account_number }}", "body": "Dear {{ customer }}, we **work**."}


@pytest.fixture
def type_id(app):
    made = making.lookup("correspondence_type", "Works", correspondence_class="customer_services", bulk=True)
    first = making.customer("AC1", last_name="One", email="one@a.example", country="GB")
    making.customer("AC2", last_name="Two", country="GB")
    making.contact(first, last_name="Ann", email="ann@a.example")
    making.invoice(first)
    db.session.remove()
    return made


@pytest.fixture
def call(type_id, api):
    return api("support")


def advance():
    turn, never = Advance(), threading.Event()
    while turn(never):
        pass
    db.session.remove()


def written(call, type_id, **body):
    given = {"correspondence_type": type_id, "send": True, "filters": {"country": "GB"}, **TEXTS, **body}
    return call("post", LETTERS, json=given)


def words(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_from_the_text_to_the_end(call, type_id):
    answer = written(call, type_id, account_numbers=["ac1", "AC2"])
    assert answer.status_code == 201, answer.text
    result = answer.json["result"]
    assert (result["status"], result["letter_count"], result["send"]) == ("planned", 2, True)
    assert (result["filters"], result["account_numbers"]) == ({"country": "GB"}, ["ac1", "AC2"])
    assert result["correspondence_class"] == "customer_services"
    path = f"{LETTERS}{answer.json['id']}"
    plan = call("get", f"{path}/plan").json["result"]
    assert (plan["customers"], plan["letters"], plan["messages"], plan["no_letter"]) == (2, 2, 1, {})
    assert plan["skipped"]["type_not_selected"] == {"roads": 1, "customers": 1}
    assert plan["reaches_nobody"]["count"] == 1
    assert plan["reaches_nobody"]["first"][0]["account_number"] == "AC2"
    started = call("post", f"{path}/start")
    assert (started.status_code, started.json["result"]["status"]) == (202, "running")
    advance()
    plan = call("get", f"{path}/plan").json["result"]
    assert (plan["status"], plan["states"]["sent"], plan["states"]["created"]) == ("finished", 1, 1)
    assert plan["message_states"] == {"queued": 1}
    rows = call("get", f"{path}/customers").json["result"]
    assert [(one["number"], one["state"], one["reason"]) for one in rows] == [
        ("AC1/C001", "sent", None),
        ("AC2/C001", "created", "reaches_nobody"),
    ]
    letter = call("get", f"/api/v1/correspondence/{rows[0]['letter_id']}").json["result"]
    assert (letter["number"], letter["status"]) == ("AC1/C001", "emailed")
    assert call("post", f"{path}/start").status_code == 409


def test_previews_are_the_letter_and_the_mail(call, type_id):
    path = f"{LETTERS}{written(call, type_id).json['id']}"
    pdf = call("get", f"{path}/preview_pdf?customer_id=2")
    assert (pdf.status_code, pdf.data[:5]) == (200, b"%PDF-")
    mail = call("get", f"{path}/preview_mail").json
    assert mail["subject"].endswith("Works at AC1") or "Works at AC1" in mail["subject"]
    assert "<strong>work</strong>" in mail["html"]
    assert call("get", f"{path}/preview_pdf?customer_id=99").status_code == 404
    assert call("get", f"{path}/preview_pdf?customer_id=x").status_code == 400
    assert call("get", "/api/v1/correspondence/").json["count"] == 0


def test_what_is_refused(call, type_id, api):
    assert written(call, type_id, filters={}).status_code == 422
    refused = written(call, type_id, filters={"invoices": {"status": "draft"}})
    assert (refused.status_code, list(refused.json["errors"])) == (403, ["filters.invoices"])
    assert written(api("finance"), type_id).status_code == 403
    assert written(api("auditor"), type_id).status_code == 403
    path = f"{LETTERS}{written(call, type_id).json['id']}"
    assert call("post", f"{path}/choose", json={"untick": ["x"]}).status_code == 422
    assert call("post", f"{path}/start", json={"version": 99}).status_code == 412
    assert call("put", path, json={"subject": "x", "version": 1}).status_code in (404, 405)
    assert api("finance")("get", path).status_code == 200
    assert api("finance")("post", f"{path}/start").status_code == 403
    left = call("post", f"{path}/choose", json={"untick": [1], "untick_account_numbers": ["AC2"]})
    assert left.status_code == 200
    nothing = call("post", f"{path}/start")
    assert (nothing.status_code, nothing.json["code"]) == (409, "nothing_left")


def test_those_who_see_no_invoices_do_not_learn_of_filters_by_them(call, type_id, api):
    answer = written(api("admin"), type_id, filters={"country": "GB", "invoices": {"total_from": "1"}})
    assert answer.json["result"]["filters"]["invoices"] == {"total_from": "1.00"}
    path = f"{LETTERS}{answer.json['id']}"
    assert call("get", path).json["result"]["filters"] == {"country": "GB"}
    assert api("finance")("get", path).json["result"]["filters"]["invoices"] == {"total_from": "1.00"}


def test_support_learns_nothing_of_letters_of_finance(call, api):
    billing = making.lookup("correspondence_type", "Bills", correspondence_class="billing", bulk=True)
    db.session.remove()
    path = f"{LETTERS}{written(api('finance'), billing).json['id']}"
    assert call("get", path).status_code == call("get", f"{path}/customers").status_code == 404
    assert call("get", LETTERS).json["count"] == 0
    assert api("finance")("get", LETTERS).json["count"] == 1


def test_nothing_typed_is_lost(type_id, login):
    browser = login("admin")
    typed = {
        **TEXTS,
        "correspondence_type": str(type_id),
        "account_numbers": "AC1\nNOPE",
        "country": "GB",
        "invoices_invoice_date_from": "2026-02-30",
        "invoices_total_from": "12,50",
        "invoices_status": "draft",
        "send": "y",
    }
    answer = browser.post("/bulk-letters/add", data=typed)
    assert answer.status_code == 422
    for text in ("2026-02-30", "12,50", "AC1\nNOPE", "we **work**"):
        assert text in answer.text
    said = words(answer.text)
    assert "There is no customer with these account numbers: NOPE." in said
    assert "There is no such date." in said
    assert '<option selected value="draft">' in answer.text


def test_pages_from_the_form_to_the_letters(type_id, login):
    browser = login("support")
    assert "invoices_status" not in browser.get("/bulk-letters/add").text
    given = {**TEXTS, "correspondence_type": str(type_id), "country": "GB", "send": "y"}
    answer = browser.post("/bulk-letters/add", data=given)
    assert answer.status_code == 302, answer.text
    path = answer.headers["Location"]
    number = path.rpartition("/")[2]
    page = words(browser.get(path).text)
    assert "2 letters are made." in page
    assert "1 letter reaches nobody by mail: print it" in page
    assert TEXTS["body"] in browser.get(f"/bulk-letters/add?text_of={number}").text
    assert browser.get(f"/bulk-letters/{number}/preview?customer_id=2").status_code == 200
    assert "Works at AC2" in browser.get(f"/bulk-letters/{number}/preview-mail?customer_id=2").text
    browser.post(f"/bulk-letters/{number}/leave-out", data={"account_numbers": "AC2"})
    asked = words(browser.get(f"/bulk-letters/{number}/start").text)
    assert "1 letter is made" in asked
    assert "1 mail leaves" in asked
    assert browser.post(f"/bulk-letters/{number}/start").status_code == 302
    advance()
    page = words(browser.get(f"{path}?tab=customers").text)
    assert "AC1/C001" in page
    made = words(browser.get(f"/correspondence/list/?bulk_letter={number}").text)
    assert "AC1/C001" in made
    assert browser.get("/correspondence/list/?bulk_letter=99").status_code == 404
    assert login("finance").get(path).status_code == 200
    assert "run-start" not in login("finance").get(path).text
