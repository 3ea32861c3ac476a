"""The screens of invoices: the plan and its words, the form with its lines, and who may look."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.core import clock
from app.invoices.resource import INVOICE
from app.invoices.service import create_invoice
from app.invoices.source import InvoiceSource
from app.invoices.views import InvoiceView
from app.mailer.screens.plan_page import plan_context
from tests.core import making
from tests.mailer.plan_cases import customer, letter, planned

MAIN = "main@acme.example"


@pytest.fixture
def usage(app):
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], invoice_usage=True)


def copies(customer_id, *formats):
    for number, one in enumerate(formats):
        making.contact(customer_id, email=f"p{number}@acme.example", email_bill_type=one)


def fingerprint(page):
    return re.search(r'name="fingerprint" value="(\w+)"', page.text)[1]


def send(browser, invoice_id, **data):
    path = f"/invoices/{invoice_id}/send"
    shown = fingerprint(browser.get(path))
    return browser.post(path, data={"action": "send", "fingerprint": shown, **data}, follow_redirects=True)


@pytest.mark.parametrize(
    ("formats", "words"),
    [
        (("short",), "1 copy is on the way."),
        (("short", "short"), "2 copies are on the way."),
        (("short", "long", "full"), "3 copies are on the way."),
    ],
)
def test_each_format_leaves_at_once(login, formats, words):
    customer_id = making.customer()
    copies(customer_id, *formats)
    assert words in send(login("finance"), making.invoice(customer_id)).text


@pytest.fixture
def short_alone(monkeypatch):
    """Take back the formats that came later."""
    monkeypatch.setattr(InvoiceSource, "formats", lambda _: frozenset({"short"}))


@pytest.mark.usefixtures("short_alone")
@pytest.mark.parametrize(
    ("formats", "words"),
    [
        (("short", "short", "short", "long"), "3 copies are on the way. 1 copy is held until its format can be made."),
        (("short", "long", "full"), "1 copy is on the way. 2 copies are held until their format can be made."),
        (("long",), "1 copy is held until its format can be made."),
    ],
)
def test_what_is_said_after_sending_counts_by_state(login, formats, words):
    customer_id = making.customer()
    copies(customer_id, *formats)
    assert words in send(login("finance"), making.invoice(customer_id)).text


@pytest.mark.usefixtures("usage")
def test_a_usage_report_shows_in_the_plan_and_in_what_is_said(login, monkeypatch):
    making.no_usage_reports(monkeypatch)
    profile = making.lookup("usage_report_profile", "By number")
    invoice_id = making.invoice(making.billed(invoice_usage_report=profile))
    browser = login("finance")
    page = browser.get(f"/invoices/{invoice_id}/send").text
    assert "with usage report" in page
    assert "Waits: usage report not available yet." in page
    assert "1 copy is held until its usage report can be made." in send(browser, invoice_id).text


@pytest.mark.usefixtures("short_alone")
def test_a_plan_marks_what_will_wait_for_its_format(login):
    customer_id = making.customer()
    copies(customer_id, "short", "long")
    page = login("finance").get(f"/invoices/{making.invoice(customer_id)}/send").text
    assert page.count("Waits: format not available yet.") == 1
    assert "usage report" not in page


def test_a_reader_may_look_at_the_plan_and_send_nothing(login):
    invoice_id = making.invoice(making.billed())
    browser = login("auditor")
    page = browser.get(f"/invoices/{invoice_id}/send")
    assert page.status_code == 200
    assert "bills@acme.example" in page.text
    assert 'name="action"' not in page.text
    for data in ({"action": "send", "fingerprint": fingerprint(page)}, {"action": "preview"}, {}):
        assert browser.post(f"/invoices/{invoice_id}/send", data=data).status_code == 403
    assert making.messages() == []
    assert login("support").get(f"/invoices/{invoice_id}/send").status_code == 403


def test_a_refusal_keeps_what_was_unticked(login):
    customer_id = making.billed()
    copies(customer_id, "short")
    data = {"planned": ["bills@acme.example", "p0@acme.example"], "keep": "p0@acme.example", "recipients": "nobody"}
    answer = send(login("finance"), making.invoice(customer_id), **data)
    assert answer.status_code == 422
    assert "Send to bills@acme.example after all" in answer.text
    assert ">nobody</textarea>" in answer.text


def test_too_many_rows_are_refused_and_none_is_dropped(login):
    customer_id = making.customer()
    rows = {f"lines-{number}-description": "Call" for number in range(1002)}
    form = {"invoice_date": "2026-03-01", "due_date": "2026-03-31", **rows}
    answer = login("finance").post(f"/invoices/add?customer_id={customer_id}", data=form)
    assert answer.status_code == 422
    assert "An invoice has at most 1,000 lines." in answer.text


@pytest.mark.parametrize(("timezone", "day"), [("Europe/London", "2026-07-02"), ("UTC", "2026-07-01")])
def test_a_new_invoice_starts_on_the_day_that_it_is_here(app, timezone, day):
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], timezone=timezone)
    view = next(one for one in app.appbuilder.baseviews if isinstance(one, InvoiceView))
    with clock.frozen(datetime(2026, 7, 1, 23, 30, tzinfo=UTC)):
        assert view.starting_values()["invoice_date"] == day


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("currency", "net", "tax"), [("JPY", "11", "2"), ("GBP", "10.50", "2.10"), ("KWD", "10.500", "2.100")]
)
def test_tax_by_rate_has_the_currencys_places(currency, net, tax):
    line = {"description": "Line", "quantity": "1", "unit_price": "10.5", "tax_rate": "20"}
    record = making.run(
        making.create_invoice,
        values={"customer_id": making.customer(), **making.DATES, "currency": currency, "lines": [line]},
        default_currency="GBP",
    )
    assert INVOICE.value(record, "tax_by_rate") == [{"rate": "20.00", "net": net, "tax": tax}]


def test_a_plan_calls_its_document_by_its_sources_noun(app, monkeypatch):
    class Letters:
        noun = "letter"

        def formats(self):
            return frozenset()

        def usage_reports(self):
            return frozenset()

    monkeypatch.setattr("app.mailer.screens.plan_page.source_of", lambda _: Letters())
    with app.test_request_context():
        assert plan_context(planned(letter(), customer(MAIN)), untick=())["noun"] == "letter"


def test_the_pdf_tab_shows_each_format_and_hands_it_out(login):
    invoice_id = making.invoice(making.customer())
    browser = login("finance")
    page = browser.get(f"/invoices/show/{invoice_id}?tab=pdf").text
    assert f'src="/invoices/{invoice_id}/pdf?format=short#' in page
    page = browser.get(f"/invoices/show/{invoice_id}?tab=pdf&format=long").text
    assert f'src="/invoices/{invoice_id}/pdf?format=long#' in page
    assert page.count('aria-current="page">Long<') == 1
    shown = browser.get(f"/invoices/{invoice_id}/pdf?format=full")
    kept = browser.get(f"/invoices/{invoice_id}/pdf?format=full&download=1")
    assert shown.data == kept.data
    assert shown.headers["Content-Disposition"] == 'inline; filename="AC1-1.pdf"'
    assert kept.headers["Content-Disposition"] == 'attachment; filename="AC1-1.pdf"'
    assert browser.get(f"/invoices/{invoice_id}/pdf?format=none").status_code == 422
    # An address that nobody wrote shows what is there.
    assert "format=short#" in browser.get(f"/invoices/show/{invoice_id}?tab=pdf&format=none").text


CALL = {"reference": "01632 960 001", "origin": "Halifax", "destination": "<b>London</b>", "cost": Decimal("0.125")}


def itemised(account, usage):
    values = {"customer_id": making.customer(account), **making.DATES, "lines": [making.LINE]}
    return making.run(create_invoice, values=values, default_currency="GBP", usage=usage).id


def test_the_usage_tab_shows_what_itemises_the_lines(login):
    later = {**CALL, "start": datetime(2026, 6, 30, 23, 30, tzinfo=UTC), "duration": 3_725, "volume": None}
    sooner = {**CALL, "start": datetime(2026, 6, 30, 22, tzinfo=UTC), "duration": None, "volume": Decimal("1250.500")}
    page = login("finance").get(f"/invoices/show/{itemised('AC1', [later, sooner])}?tab=usage").text
    for expected in ("1 Jul 2026, 00:30", "01632 960 001", "Halifax", "&lt;b&gt;London&lt;/b&gt;", "1:02:05"):
        assert expected in page
    assert page.count("£0.125") == 2
    assert page.index("1,250.5 MB") < page.index("1:02:05")
    assert "No usage records" in login("finance").get(f"/invoices/show/{itemised('AC2', [])}?tab=usage").text


def test_a_long_usage_leads_to_the_paper_that_has_all_of_it(login):
    call = {**CALL, "start": datetime(2026, 6, 30, tzinfo=UTC), "duration": 1, "volume": None}
    invoice_id = itemised("AC1", [call] * 101)
    page = login("finance").get(f"/invoices/show/{invoice_id}?tab=usage").text
    assert "The first 100 are shown." in page
    assert f"/invoices/show/{invoice_id}?tab=pdf&amp;format=full" in page
