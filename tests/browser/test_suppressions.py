"""A suppressed address in the browser: support is asked why it is to be lifted, and an administrator takes it back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def open_lifting(seen):
    """Go from the list to the address that bounced, and on to lifting it; return the address."""
    page = seen.page
    assert seen.look_at("/suppressions/list/") == []
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_role("row").filter(has_text="Bounced").get_by_role("link").first.click()
    expect(page.get_by_text("The mailbox does not exist.").first).to_be_visible()
    address = page.locator("h1").inner_text()
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("link", name="Lift").click()
    return address


def test_support_has_to_say_why(watch):
    seen = watch("support")
    address = open_lifting(seen)
    seen.expected_status = 422
    seen.page.get_by_role("button", name="Lift").click()
    expect(seen.page.locator("[data-error-summary]")).to_be_focused()
    assert seen.look() == []
    seen.expected_status = 200
    seen.page.goto("/suppressions/list/")
    expect(seen.page.get_by_role("table").get_by_text(address).first).to_be_visible()


def test_an_administrator_lifts_an_address_and_takes_that_back(watch):
    seen = watch("admin")
    page = seen.page
    address = open_lifting(seen)
    page.get_by_label("Reason").fill("They say that the mailbox works again")
    page.get_by_role("button", name="Lift").click()
    expect(page.get_by_text("gets mail again, from the next copy on.")).to_be_visible()
    expect(page.get_by_role("table").get_by_text(address)).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text(address).first).to_be_visible()
