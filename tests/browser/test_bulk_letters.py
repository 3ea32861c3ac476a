"""Bulk letters in a real browser: written, chosen, looked at, unticked, started, and watched to their end."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.hands import Mouse

pytestmark = pytest.mark.browser
SUBJECT = "Works on your line {{ account_number }}"


def test_letters_from_the_text_to_the_mails(watch, demo):
    seen = watch("support")
    page, hands = seen.page, Mouse(seen.page)
    page.goto(f"{demo.url}/correspondence/list/")
    hands.follow("Bulk Letters")
    hands.follow("Write bulk letters")
    hands.pick("Type", "Planned maintenance")
    page.fill("#subject", SUBJECT)
    page.fill("#body", "Dear {{ customer }},\n\nwe **work** on your line.")
    page.fill("#account_numbers", "PC1010\nNOPE")
    hands.press("Plan")
    expect(page.locator("#account_numbers-error")).to_contain_text("NOPE")
    assert page.input_value("#subject") == SUBJECT
    page.fill("#account_numbers", "PC1010\nPC1011, PC1012, PC1013")
    hands.press("Plan")
    expect(page.locator("#run-panel")).to_contain_text("No letter is made, and nothing is sent")
    expect(page.locator("#run-panel")).to_contain_text("4 letters are made.")

    page.click("#bulk-preview")
    mail = page.frame_locator("iframe.mail-frame")
    expect(mail.locator("body")).to_contain_text("Works on your line PC1010")
    hands.follow("Back")

    page.click("#tab-customers")
    expect(page.locator("input[name=keep]")).to_have_count(4)
    page.locator("input[name=keep]").last.uncheck()
    hands.press("Keep this choice")
    page.click("#tab-overview")
    page.click("#run-start")
    page.wait_for_url("**/start")
    expect(page.locator("main")).to_contain_text("3 letters are made")
    hands.press("Start")
    # The page looks again by itself, until the worker has come to the end.
    expect(page.locator("#run-panel")).to_contain_text("Finished:", timeout=60_000)
    page.click("#letters-made")
    expect(page.locator("main table tbody tr")).to_have_count(3)

    admin = watch("admin").page
    admin.goto(f"{demo.url}/inbox/")
    expect(admin.locator("main")).to_contain_text("Works on your line PC1010", timeout=30_000)
    expect(admin.locator("main")).not_to_contain_text("Works on your line PC1013")
