"""With the invoice usage module off, nothing of it is met anywhere; on again, all is as it was set."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app import create_app
from app.contacts.models import Contact
from app.extensions import db
from app.lookups.models import UsageReportProfile
from app.lookups.service import delete_lookup
from tests.conftest import PASSWORD, OwnContextClient, settings_for
from tests.core import making

NOUN = re.compile(r"usage report|usage-report|usage_report", re.IGNORECASE)


@contextmanager
def module_off(database_url, folder) -> Iterator:
    """Give the application that starts with the module off, on the database of the test's own."""
    db.session.remove()
    other = create_app(settings_for(folder, database_url, COUNTERPART_INVOICE_USAGE="no"))
    other.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    other.appbuilder.sm.limiter.enabled = False
    other.test_client_class = OwnContextClient
    yield other
    with other.app_context():
        db.session.remove()
        db.engine.dispose()


def browser_of(app):
    browser = app.test_client()
    assert browser.post("/login/", data={"username": "admin", "password": PASSWORD}).status_code == 302
    return browser


def program_of(app):
    client = app.test_client()
    answer = client.post("/api/v1/security/login", json={"username": "admin", "password": PASSWORD, "provider": "db"})
    headers = {"Authorization": f"Bearer {answer.json['access_token']}"}
    return lambda path: client.get(path, headers=headers)


@pytest.fixture
def world(app):
    """Make a contact with a report, an invoice with usage, and a profile in the trash."""
    report = making.lookup("usage_report_profile", "By number")
    customer_id = making.billed(invoice_usage_report=report)
    row = {"start": "2026-06-01T09:30:00Z", "reference": "0161", "cost": "1.50", "destination": "London"}
    number = making.invoice(customer_id, usage=[row])
    contact = making.contact(customer_id, email="a@x.example", email_bill_type="short", invoice_usage_report=report)
    gone = making.lookup("usage_report_profile", "Gone")
    making.run(delete_lookup, resource="usage_report_profile", lookup_id=gone)
    return {"customer": customer_id, "invoice": number, "contact": contact, "report": report, "gone": gone}


def test_no_page_and_no_call_leads_there(world, database_url, tmp_path):
    with module_off(database_url, tmp_path) as other:
        browser, call = browser_of(other), program_of(other)
        for path in ("/usage-report-profiles/list/", "/usage-report-profiles/show/1", "/usage-report-profiles/add"):
            assert browser.get(path).status_code == 404, path
        for path in ("usage_report_profile/", "usage_report_profile/1", f"invoice/{world['invoice']}/usage"):
            assert call(f"/api/v1/{path}").status_code == 404, path
        document = call("/api/v1/_openapi").json
        assert [path for path in document["paths"] if NOUN.search(path)] == []
        schemas = document["components"]["schemas"]
        named = [name for name in schemas if NOUN.search(name) or "usage" in schemas[name].get("properties", {})]
        assert [name for name in named if name != "Plan"] == []


def test_no_page_speaks_of_it(world, database_url, tmp_path):
    with module_off(database_url, tmp_path) as other:
        browser = browser_of(other)
        for path in (
            "/",
            f"/customers/show/{world['customer']}",
            f"/customers/edit/{world['customer']}",
            f"/contacts/show/{world['contact']}",
            f"/contacts/edit/{world['contact']}",
            "/contacts/add",
            f"/contacts/{world['contact']}/receives",
            f"/invoices/show/{world['invoice']}",
            f"/invoices/{world['invoice']}/send",
            "/trash/list/",
            "/topics/list/",
        ):
            page = browser.get(path)
            assert page.status_code == 200, path
            assert NOUN.findall(html.unescape(page.text)) == [], path
        page = browser.get(f"/invoices/show/{world['invoice']}?tab=usage").text
        assert "London" not in page
        assert 'id="tab-usage"' not in page


def test_the_audit_trail_can_be_read(world, database_url, tmp_path):
    with module_off(database_url, tmp_path) as other:
        browser = browser_of(other)
        assert browser.get("/audit/", follow_redirects=True).status_code == 200
        assert browser.get(f"/contacts/show/{world['contact']}?tab=history").status_code == 200
        assert program_of(other)("/api/v1/audit/").status_code == 200


def test_nothing_of_it_is_received_or_planned(world, database_url, tmp_path):
    with module_off(database_url, tmp_path) as other:
        call = program_of(other)
        (row,) = call(f"/api/v1/contact/{world['contact']}/receives").json["result"]
        assert "invoice_usage_report" not in row
        assert row["obstacles"] == []
        plan = call(f"/api/v1/invoice/{world['invoice']}/plan").json["result"]
        assert [one["usage_reports"] for one in plan["messages"]] == [[], []]
        assert "withheld_reports" not in str(plan)


def test_on_again_all_is_as_it_was(world, app, database_url, tmp_path, api, login):
    with module_off(database_url, tmp_path) as other:
        browser = browser_of(other)
        page = browser.get(f"/contacts/edit/{world['contact']}").text
        version = re.search(r'name="version"[^>]* value="(\d+)"', page)[1]
        typed = {"version": version, "last_name": "Kept", "email": "a@x.example", "email_bill_type": "short"}
        assert browser.post(f"/contacts/edit/{world['contact']}", data=typed).status_code == 302
    with app.app_context():
        assert db.session.get_one(Contact, world["contact"]).invoice_usage_report_id == world["report"]
        assert db.session.get_one(UsageReportProfile, world["report"]).name == "By number"
    assert api()("get", f"/api/v1/invoice/{world['invoice']}").json["result"]["usage"][0]["destination"] == "London"
    assert "London" in login("finance").get(f"/invoices/show/{world['invoice']}?tab=usage").text
    assert "Gone" in login("admin").get("/trash/list/?kind=usage_report_profile").text
