"""Asking why in the browser: send an invoice, open a message, read why; ask for an address that got nothing."""

import re

import pytest

pytestmark = pytest.mark.browser


def test_finance_reads_why_and_why_not(staff):
    page = staff("finance")
    page.goto("/invoices/list/")
    number = re.search(r"/show/(\d+)", page.locator("a[href*='/invoices/show/']").first.get_attribute("href")).group(1)
    page.goto(f"/invoices/{number}/send")
    send = page.get_by_role("button", name=re.compile(r"^Send"))
    if send.count():
        send.last.click()
    page.goto(f"/invoices/show/{number}?tab=messages")
    page.locator("a[href*='/messages/show/']").first.click()
    page.get_by_text(re.compile(r"(got it|is to get it|was to get it) because")).wait_for()
    page.get_by_role("heading", name="Link by link").wait_for()
    page.goto(f"/invoices/show/{number}?tab=messages")
    page.get_by_label("Why did an address get it, or not?").fill("nobody@else.example")
    page.get_by_role("button", name="Ask why").click()
    page.get_by_text("No road leads to nobody@else.example").wait_for()
