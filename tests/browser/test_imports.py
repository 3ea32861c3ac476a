"""A file of invoices by hand: refused by line, mended, checked, published, and found in the list."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from app.invoices.imports.samples import SAMPLES

pytestmark = pytest.mark.browser

IMPORT_PAGES = ["/invoices/imports/show/1"]
TEXT = SAMPLES["invoices"].replace("ACME", "PAGES")
GOOD = TEXT.replace("BETA", "PAGES").encode()
BAD = TEXT.replace("BETA", "NOBODY").encode()


def hand_over(page, data):
    page.set_viewport_size({"width": 1280, "height": 800})
    page.locator("#file").set_input_files({"name": "june.csv", "mimeType": "text/csv", "buffer": data})
    with page.expect_navigation():
        page.get_by_role("button", name="Check the file").click()


def test_finance_imports_a_file(watch, records):
    seen = watch("finance")
    page = seen.page
    assert seen.look_at("/invoices/list/") == []
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_role("link", name="Imports", exact=True).click()
    page.get_by_role("link", name="Import a file").first.click()
    hand_over(page, BAD)
    assert seen.look() == []
    expect(page.get_by_role("row", name="There is no such account.")).to_contain_text("account_number")
    for path in IMPORT_PAGES:
        assert seen.look_at(path) == []
    page.goto("/invoices/imports/add")
    hand_over(page, GOOD)
    assert seen.look() == []
    page.set_viewport_size({"width": 1280, "height": 800})
    with page.expect_navigation():
        page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("The import is published.")).to_be_visible()
    page.get_by_role("link", name="Imports", exact=True).click()
    expect(page.get_by_role("row", name=re.compile("june.csv.*Published"))).to_be_visible()
    page.goto(f"/customers/show/{records['customer']}?tab=invoices")
    expect(page.get_by_role("link", name="PAGES/4")).to_be_visible()
