"""A list in the browser: filter, chip, sort, next page, back, columns, a saved view; by mouse and by keyboard alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def test_a_list_by_mouse(watch, records):
    page = watch("admin").page
    page.goto("/contacts/list/")
    page.locator("#filter-kind").select_option("direct")
    chip = page.locator("#chip-kind")
    expect(chip).to_contain_text("Direct")
    expect(page).to_have_url(re.compile("kind=direct"))
    page.locator("#sort-email").click()
    expect(page).to_have_url(re.compile("kind=direct.*order=email"))
    first = page.locator(".row-link").first.inner_text()
    page.locator("#page-next").click()
    expect(page).to_have_url(re.compile("after="))
    expect(page.locator("#page-previous")).to_be_visible()
    page.go_back()
    expect(page.locator(".row-link").first).to_have_text(first)
    page.locator("#chip-kind").click()
    expect(page.locator("#chip-kind")).to_have_count(0)
    expect(page.locator("#filter-kind")).to_have_value("")
    expect(page).to_have_url(re.compile("order=email"))


def test_a_list_by_keyboard_alone(watch, records):
    seen = watch("finance")
    page = seen.page
    page.goto("/contacts/list/")
    page.locator("#filter-kind").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#chip-kind")).to_be_visible()
    press(page, "#columns-setting summary")
    page.get_by_role("checkbox", name="Position").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Show these columns").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("columnheader", name="Position")).to_be_visible()
    expect(page.locator("#chip-kind")).to_be_visible()
    press(page, "#views-setting summary")
    page.get_by_label("Keep filters, order and columns as").focus()
    page.keyboard.type("Direct with position")
    page.keyboard.press("Enter")
    view = page.locator(".saved-view", has_text="Direct with position")
    expect(view).to_have_attribute("aria-current", "page")
    press(page, "#clear-filters")
    expect(page.locator("#chip-kind")).to_have_count(0)
    view.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#chip-kind")).to_be_visible()


def press(page: Page, selector: str) -> None:
    """Focus, and press Enter."""
    page.locator(selector).focus()
    page.keyboard.press("Enter")
