"""An administrator defines a usage report in the real browser, finance chooses it, and the mail carries it."""

import re
from email import message_from_bytes, policy

import pytest
from playwright.sync_api import expect

from tests.invoices.spreadsheets import xlsx_rows
from tests.process.doors import Rest
from tests.process.running import wait_until

pytestmark = pytest.mark.browser
ADDRESS = "clara@sites.example"
CALL = {"start": "2026-06-01T09:30:00Z", "reference": "01632 960 001", "destination": "London", "duration": 65}
USAGE = [{**CALL, "site": "Works", "cost": "0.125"}, {**CALL, "site": "Works", "cost": "1.25"}, {**CALL, "cost": "2"}]


def choose(page, label, text):
    """Choose in a picker with the mouse."""
    page.get_by_role("combobox", name=label).click()
    page.keyboard.type(text)
    expect(page.get_by_role("option", name=re.compile(text)).first).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.get_by_role("option", name=re.compile(text)).first.click()


def columns(page):
    return [one.input_value() for one in page.get_by_role("combobox", name=re.compile("^Columns: place")).all()]


def define_the_report(page, watch):
    """Add a profile for one customer: the columns follow the report, and what is missing is said at its field."""
    page.goto("/usage-report-profiles/list/")
    page.get_by_role("link", name="Add usage report profile").click()
    page.get_by_label("Name").fill("Sites for Clara")
    page.get_by_label("Columns: place 1", exact=True).select_option("number")
    page.get_by_label("Columns: place 2", exact=True).select_option("cost")
    page.get_by_label("Report", exact=True).select_option("by_site")
    assert columns(page)[:3] == ["site", "cost", ""]
    expect(page.get_by_label("Columns: place 3", exact=True).locator("option[value=number]")).to_be_disabled()
    page.get_by_label("Columns: place 3", exact=True).select_option("share")
    page.get_by_label("File format").select_option("xlsx")
    page.get_by_label("Available to").select_option("customers")
    watch.expected_status = 422
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#customers-error")).to_contain_text("Choose at least one customer")
    watch.expected_status = 200
    assert columns(page)[:4] == ["site", "cost", "share", ""]
    choose(page, "Customers", "SITES")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sites for Clara")
    expect(page.get_by_text("Site or cost centre, Cost, Share of the cost (%)", exact=True)).to_be_visible()
    expect(page.get_by_text("SITES", exact=False).first).to_be_visible()


def attached(demo):
    """Return what goes along with the one mail to the address, by the names of the files."""
    mails = demo.mails()

    def found():
        return [one for one in mails.ids() if ADDRESS in mails.get(one).envelope_recipients]

    (number,) = wait_until(found, seconds=60)
    mail = message_from_bytes(mails.raw(number), policy=policy.default)
    return {part.get_filename(): part.get_payload(decode=True) for part in mail.iter_attachments()}


def test_from_the_profile_to_the_mail(demo, staff, watch):
    program = Rest(demo.url, "finance")
    customer = program.add_customer(account_number="SITES", company_name="Sites Ltd")
    contact = program.add_direct_contact(customer, last_name="Clara", email=ADDRESS, email_bill_type="short")
    other = program.add_customer(account_number="ELSEWHERE", company_name="Elsewhere Ltd")
    stranger = program.add_direct_contact(other, last_name="Stranger", email="s@elsewhere.example")
    line = {"description": "Calls", "quantity": "1", "unit_price": "3.375", "tax_rate": "20"}
    dates = {"invoice_date": "2026-06-30", "due_date": "2026-07-30"}
    given = {"customer_id": customer, **dates, "lines": [line], "usage": USAGE}
    invoice = program.call("POST", "/invoice/", json=given).json()["id"]

    define_the_report(staff("admin"), watch("admin"))

    page = staff("finance")
    # Another customer's contact isn't offered it.
    page.goto(f"/contacts/edit/{stranger}")
    page.get_by_role("combobox", name="Invoice Usage Report").click()
    page.keyboard.type("Sites")
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("option", name="Sites for Clara")).to_have_count(0)
    page.goto(f"/contacts/edit/{contact}")
    choose(page, "Invoice Usage Report", "Sites for Clara")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Sites for Clara")).to_be_visible()
    page.goto(f"/invoices/{invoice}/send")
    expect(page.get_by_text("with usage report")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Send ")).click()

    files = attached(demo)
    assert list(files) == ["SITES-1.pdf", "SITES-1-usage-sites-for-clara.xlsx"]
    head, works, none, total = xlsx_rows(files["SITES-1-usage-sites-for-clara.xlsx"])
    assert list(head.values()) == ["Site or cost centre", "Cost (GBP)", "Share of cost (%)"]
    assert [(row["A"], str(row["B"])) for row in (works, none, total)] == [
        ("Works", "1.38"),
        ("Not given", "2"),
        ("Total", "3.38"),
    ]
    assert total["C"] == works["C"] + none["C"] == 100


@pytest.mark.parametrize("path", ["/usage-report-profiles/add", "/usage-report-profiles/edit/1"])
def test_the_form_suits_everybody(watch, path):
    assert watch("admin").look_at(path) == []
