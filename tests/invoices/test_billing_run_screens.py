"""The screens of billing runs: nothing typed is lost, and each step leads to the next."""

from __future__ import annotations

import re
import threading

import pytest

from app.extensions import db
from app.invoices.billing_runs.jobs import Advance
from tests.core import making


@pytest.fixture
def browser(app, login):
    making.invoice(making.billed("AC1", email="one@a.example, two@a.example"))
    making.invoice(making.customer("AC2", email="silent@b.example"))
    db.session.remove()
    return login("finance")


def advance():
    turn, never = Advance(), threading.Event()
    while turn(never):
        pass
    db.session.remove()


def plan(browser, **values):
    answer = browser.post("/billing-runs/add", data={"status": "draft", **values})
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def words(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_nothing_typed_is_lost_and_unknown_numbers_are_named(browser):
    typed = {
        "invoice_date_from": "2026-02-30",
        "status": "draft",
        "already_sent": "yes",
        "dealer_code": "NOBODY",
        "total_from": "12,50",
        "account_numbers": "AC1\nNOPE",
    }
    answer = browser.post("/billing-runs/add", data=typed)
    assert answer.status_code == 422
    for text in ("2026-02-30", "NOBODY", "12,50", "AC1\nNOPE"):
        assert text in answer.text
    said = words(answer.text)
    assert "There is no customer with these account numbers: NOPE." in said
    assert "There is no such date." in said
    assert "There is no dealer with this code." in said
    assert '<option selected value="yes">' in answer.text
    assert '<option selected value="draft">' in answer.text


def test_nothing_that_matches_is_said(browser):
    answer = browser.post("/billing-runs/add", data={"status": "sent", "account_numbers": "AC1"})
    assert answer.status_code == 422
    assert "No invoice matches this." in answer.text


def test_from_the_plan_to_the_end(browser):
    path = plan(browser)
    page = words(browser.get(path).text)
    assert "2 invoices, 2 copies: Short: 2." in page
    assert "1 invoice reaches nobody" in page
    assert "AC2 Company AC2" in page
    asked = words(browser.get("/billing-runs/1/start").text)
    assert "2 invoices" in asked
    assert "1 invoice reaches nobody" in asked
    assert browser.post("/billing-runs/1/start", data={"version": "1"}).status_code == 302
    page = browser.get(path).text
    assert "0 of 2 invoices done." in words(page)
    assert 'hx-trigger="every 2s"' in page
    assert '<progress class="run-progress" value="0" max="2"' in page
    browser.post("/billing-runs/1/pause")
    assert "Paused: 0 of 2 invoices done." in words(browser.get(path).text)
    browser.post("/billing-runs/1/resume")
    advance()
    page = browser.get(path).text
    assert "Finished: 2 invoices done." in words(page)
    # The copies have yet to leave.
    assert 'hx-trigger="every 15s"' in page
    assert "Nobody is left to get it." in page
    assert "Queued 2" in words(page)


def test_a_button_that_makes_no_sense_any_more_says_so(browser):
    path = plan(browser)
    answer = browser.post("/billing-runs/1/pause", follow_redirects=True)
    assert answer.request.path == path
    assert "This run has not been started yet." in answer.text
    stale = browser.post("/billing-runs/1/plan-again", data={"version": "99"}, follow_redirects=True)
    assert "Somebody else has changed this record" in stale.text
    assert browser.post("/billing-runs/1/plan-again", data={"version": "x"}).status_code == 400
    assert browser.post("/billing-runs/1/start", data={"version": "99"}).status_code == 412


def test_unticked_invoices_and_customers_are_left_out(browser):
    path = plan(browser)
    tab = browser.get(f"{path}?tab=invoices").text
    assert tab.count('name="keep"') == 2
    browser.post("/billing-runs/1/choose", data={"shown": ["1", "2"], "keep": ["2"], "state": "waiting"})
    assert "1 invoice is left out." in words(browser.get(path).text)
    browser.post("/billing-runs/1/choose", data={"shown": ["1"], "keep": ["1"]})
    refused = browser.post("/billing-runs/1/leave-out", data={"account_numbers": "AC2, NOPE"})
    assert refused.status_code == 422
    assert "AC2, NOPE" in refused.text
    browser.post("/billing-runs/1/leave-out", data={"account_numbers": "AC2"})
    assert "1 invoice, 2 copies" in words(browser.get(path).text)


def test_invoices_of_a_kind_are_shown_with_who_and_why(browser):
    path = plan(browser)
    page = words(browser.get(f"{path}?tab=invoices&outcome=email_billing_off").text)
    assert "silent@b.example: Email billing is off for the customer." in page
    assert "AC1/1" not in page
    assert browser.get(f"{path}?tab=invoices&outcome=because").status_code == 400
    assert browser.get(f"{path}?tab=invoices&after=x").status_code == 400
    assert "Nothing matches" in browser.get(f"{path}?tab=invoices&state=sent").text


def test_an_auditor_reads_and_has_no_buttons(browser, login):
    path = plan(browser)
    page = login("auditor").get(path).text
    assert "2 copies" in words(page)
    assert "run-start" not in page
    assert "run-plan_again" not in page
    tab = login("auditor").get(f"{path}?tab=invoices").text
    assert 'name="keep"' not in tab
    assert login("support").get(path).status_code in (302, 403)


def test_the_history_tells_each_step(browser):
    path = plan(browser)
    browser.post("/billing-runs/1/start")
    advance()
    page = words(browser.get(f"{path}?tab=history").text)
    for what in ("Billing run planned", "Billing run started", "Invoice sent", "Billing run finished"):
        assert what in page
