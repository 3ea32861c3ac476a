"""A billing run in a real browser: chosen, looked at, started, and watched to its end without a reload."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_a_run_from_the_choice_to_its_end(watch, demo):
    seen = watch("finance")
    page = seen.page
    page.goto(f"{demo.url}/billing-runs/add")
    page.fill("#account_numbers", "PC1010\nNOPE")
    page.click("main button:has-text('Plan')")
    expect(page.locator("#account_numbers-error")).to_contain_text("NOPE")
    assert page.input_value("#account_numbers") == "PC1010\nNOPE"
    page.fill("#account_numbers", "PC1010\nPC1011, PC1012")
    page.click("main button:has-text('Plan')")
    page.wait_for_url("**/billing-runs/show/*")
    expect(page.locator("#run-panel")).to_contain_text("Nothing of this is sent before it is started.")
    # By the keyboard alone: the buttons are where the focus gets to.
    page.focus("#run-start")
    page.keyboard.press("Enter")
    page.wait_for_url("**/start")
    page.click("main button:has-text('Start')")
    page.wait_for_url("**/billing-runs/show/*")
    # The page looks again by itself, until the worker has come to the end.
    expect(page.locator("#run-panel")).to_contain_text("Finished:", timeout=60_000)
    bar = page.locator("#run-panel progress")
    assert bar.get_attribute("value") == bar.get_attribute("max")
    page.reload()
    expect(page.locator("#run-panel")).to_contain_text("Finished:")
    assert page.locator("#run-pause").count() == 0
    page.click("#tab-invoices")
    expect(page.locator(".record-tabs table")).to_contain_text("PC1010/1")
