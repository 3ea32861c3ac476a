"""A suppressed address in the browser: support sees why it gets nothing, lifts it, and takes that back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_support_lifts_an_address_and_takes_it_back(watch):
    seen = watch("support")
    page = seen.page
    assert seen.look_at("/suppressions/list/") == []
    page.set_viewport_size({"width": 1280, "height": 800})
    row = page.get_by_role("row").filter(has_text="Bounced")
    row.get_by_role("link").first.click()
    expect(page.get_by_text("The mailbox does not exist.").first).to_be_visible()
    address = page.locator("h1").inner_text()
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("link", name="Lift").click()
    # Without a reason nothing is lifted, and the field says so.
    seen.expected_status = 422
    page.get_by_role("button", name="Lift").click()
    expect(page.locator("[data-error-summary]")).to_be_focused()
    page.get_by_label("Reason").fill("They say that the mailbox works again")
    page.get_by_role("button", name="Lift").click()
    seen.expected_status = 200
    expect(page.get_by_text("gets mail again, from the next copy on.")).to_be_visible()
    expect(page.get_by_role("table").get_by_text(address)).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name=address).first).to_be_visible()
