"""Mails that match no ticket in the real browser, as support: added to a ticket by the plan that is shown, and done."""

import pytest
from playwright.sync_api import expect

from tests.browser.watching import Watch

pytestmark = pytest.mark.browser


def test_one_is_added_to_a_ticket_and_another_is_done(demo, staff):
    page = staff("support")
    watch = Watch(page, demo.url)
    page.goto("/")
    page.get_by_role("link", name="Mails that wait").click()
    page.get_by_role("link", name="jo.field@mail.example", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Router")
    expect(page.get_by_text("The new router has not come.")).to_be_visible()
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("link", name="Add to ticket").click()
    plan = page.get_by_role("region", name="Who gets a copy")
    expect(plan).to_contain_text("Nobody: staff alone see an internal note.")

    # Who gets a copy follows what is chosen.
    page.get_by_role("combobox", name="Ticket").click()
    page.keyboard.type("two more seats")
    # The list narrows when the answer for all that was typed has come; one that is clicked before would open it anew.
    expect(page.locator(".ts-dropdown:visible .option")).to_have_count(1)
    page.get_by_role("option", name="Two more seats").click()
    expect(page.locator(".ts-dropdown:visible")).to_have_count(0)
    page.get_by_label("Internal note").uncheck()
    expect(plan.get_by_role("checkbox")).to_have_count(1)
    expect(plan.get_by_role("checkbox")).to_be_checked()
    assert watch.look() == []
    page.get_by_role("button", name="Add to ticket").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Two more seats")
    added = page.locator(".conversation-update").last
    expect(added).to_contain_text("Jo Field")
    expect(added).to_contain_text("Added from a mail of jo.field@mail.example: nothing proves who sent it.")
    with page.expect_download() as handed:
        added.get_by_role("link", name="The mail as it came").click()
    assert handed.value.suggested_filename.endswith(".eml")

    page.goto("/inbound-mails/list/?state=waiting")
    expect(page.get_by_role("link", name="jo.field@mail.example", exact=True)).to_have_count(0)
    page.get_by_role("link", name="offers@shop.example", exact=True).click()
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("link", name="Done").click()
    page.get_by_label("Note").fill("Advertising.")
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_text("The mail is done.")).to_be_visible()
    assert watch.look() == []
