"""A letter in the real browser: support writes it, looks at mail and PDF, sends it, and it is read in the inbox."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_quick_start import choose
from tests.process.doors import Rest
from tests.process.running import wait_until

pytestmark = pytest.mark.browser

TEXT = (
    "Dear {{ first_name }},\n\nwe **work** at your exchange:\n\n- on 7 March\n- see [our page](https://letters.example)"
)


def test_support_writes_a_letter_looks_at_it_and_sends_it(staff, demo):
    program = Rest(demo.url, "admin")
    customer = program.add_customer(
        account_number="LETTERS", company_name="Letters Ltd", first_name="Lotte", email="main@letters.example"
    )
    page = staff("support")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"/customers/show/{customer}")
    page.get_by_role("main").get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("main").get_by_role("link", name="Letter", exact=True).click()
    choose(page, "Type", "Planned")
    page.get_by_label("Subject").fill("Work at {{ customer }}")
    page.get_by_label("Text", exact=False).last.fill(TEXT)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Letter LETTERS/C001")
    expect(page.get_by_role("main").get_by_text("Ready", exact=True).first).to_be_visible()

    pdf = page.locator("iframe.pdf-frame").get_attribute("src").partition("#")[0]
    assert page.request.get(pdf).body().startswith(b"%PDF-")
    page.get_by_role("main").get_by_role("link", name="Mail", exact=True).click()
    mail = page.frame_locator("iframe.template-frame").frame_locator("iframe.wide")
    expect(mail.get_by_role("heading", name="Work at Letters Ltd")).to_be_visible()
    expect(mail.get_by_text("Dear Lotte,")).to_be_visible()
    expect(mail.locator("strong").first).to_have_text("work")

    page.get_by_role("main").get_by_role("button", name="Actions").click()
    page.get_by_role("main").get_by_role("link", name="Send", exact=True).click()
    expect(page.get_by_role("row").filter(has_text="main@letters.example")).to_be_visible()
    page.get_by_role("button", name="Send 1 copy").click()
    expect(page.get_by_text("1 copy is on the way.")).to_be_visible()
    expect(page.get_by_role("main").get_by_text("Emailed", exact=True).first).to_be_visible()

    inbox = staff("admin")

    def arrived():
        inbox.goto("/inbox/")
        return inbox.get_by_text("main@letters.example").count() > 0

    wait_until(arrived, seconds=60)
    inbox.get_by_role("row").filter(has_text="main@letters.example").get_by_role("link").first.click()
    expect(inbox.get_by_text("LETTERS-C001.pdf")).to_be_visible()
    expect(inbox.get_by_role("heading", level=1)).to_have_text(re.compile("Work at Letters Ltd"))
