"""Every page there is, by day and by night, on a desk and on a phone: nothing is wrong with any of them."""

import re

import pytest
from playwright.sync_api import expect

from app.lookups.resource import LOOKUP_RESOURCES
from tests.browser.watching import Watch

pytestmark = pytest.mark.browser

LOOKUP = "/contact-types"
PLAIN_PAGES = [
    "/",
    "/customers/list/",
    "/customers/list/?q=nobody-is-called-this",
    "/search/",
    "/search/?q=example",
    "/search/?q=zz",
    "/customers/add",
    "/contacts/list/",
    "/contacts/list/?q=a&kind=direct&email_bill_type=short&order=email&direction=desc",
    "/contacts/list/?kind=shared&contact_type=1",
    "/invoices/list/?invoice_date_from=2020-01-01&status=sent",
    "/contacts/add",
    "/invoices/list/",
    "/invoices/add",
    "/invoices/imports/list/",
    "/invoices/imports/add",
    "/billing-runs/list/",
    "/billing-runs/add",
    "/billing-runs/export",
    "/bulk-letters/list/",
    "/bulk-letters/add",
    "/bulk-letters/export",
    "/tickets/list/",
    "/tickets/list/?mine=yes&state=open",
    "/tickets/add",
    "/correspondence/list/",
    "/correspondence/list/?status=ready",
    "/correspondence/add",
    "/correspondence/export",
    "/messages/list/",
    "/messages/list/?state=failed",
    "/messages/pause",
    "/messages/resume",
    "/audit/list/",
    "/audit/list/?q=nothing-is-called-this",
    "/audit/show/1",
    "/trash/",
    "/trash/?kind=contact",
    "/customers/export?q=ltd",
    "/contacts/export?kind=shared",
    "/invoices/export",
    "/messages/export",
    "/tickets/export",
    "/suppressions/list/",
    "/inbound-mails/list/",
    "/inbound-mails/export",
    "/inbound-mails/list/?state=waiting",
    "/suppressions/add",
    "/suppressions/export",
    "/inbox/",
    *[f"/{resource.plural.lower().replace(' ', '-')}/list/" for resource in LOOKUP_RESOURCES.values()],
    f"{LOOKUP}/add",
    f"{LOOKUP}/show/1",
    f"{LOOKUP}/edit/1",
    f"{LOOKUP}/delete/1",
    f"{LOOKUP}/export",
    "/issuer/list/",
    "/issuer/show/1",
    "/issuer/edit/1",
    "/issuer/1/set-logo",
    "/issuer/1/remove-logo",
    "/issuer/export",
    "/mail-templates/list/",
    "/mail-templates/show/1",
    "/mail-templates/show/1?tab=differences",
    "/mail-templates/show/1?tab=history",
    "/mail-templates/edit/1",
    "/mail-templates/1/use-shipped",
    "/mail-templates/export",
    "/users/list/",
    "/users/show/1",
    "/users/add",
    "/users/edit/1",
    "/resetpassword/form?pk=2",
    "/users/userinfo/",
    "/roles/list/",
    "/roles/show/1",
    "/userinfoeditview/form",
    "/resetmypassword/form",
    "/api-keys/list/",
    "/api-keys/add",
    "/api-keys/export",
    "/swagger/v1",
]
KEY_PAGES = ["/api-keys/show/1", "/api-keys/delete/1"]


@pytest.mark.parametrize("path", PLAIN_PAGES)
def test_a_page(watch, records, path):
    assert watch("admin").look_at(path) == []


@pytest.mark.parametrize(
    ("user", "path", "status"), [("admin", "/customers/show/999999", 404), ("support", "/users/list/", 403)]
)
def test_a_page_that_refuses(watch, user, path, status):
    assert watch(user).look_at(path, status=status) == []


def test_the_pages_of_an_api_key(watch):
    seen = watch("admin")
    seen.look_at("/api-keys/add")
    seen.page.set_viewport_size({"width": 1280, "height": 800})
    seen.page.get_by_label("Label").fill("Billing")
    choose(seen.page, "Acts as", "auditor")
    with seen.page.expect_navigation():
        seen.page.get_by_role("button", name="Save", exact=True).click()
    seen.page.get_by_role("heading", level=1, name="API key Billing").wait_for()
    assert seen.look() == []
    for path in KEY_PAGES:
        assert seen.look_at(path) == []


def test_the_pages_of_many_customers(watch, records):
    seen = watch("admin")
    seen.look_at("/customers/list/")
    seen.page.set_viewport_size({"width": 1280, "height": 800})
    for box in seen.page.locator("tbody .check-column input").all()[:2]:
        box.check()
    seen.page.get_by_role("button", name="Actions for the chosen").click()
    with seen.page.expect_navigation():
        seen.page.get_by_role("button", name="Add Shared Contact").click()
    assert seen.look() == []
    choose(seen.page, "Shared contact", "Sharer")
    # It asks, and then says what came of each.
    for button in ("Continue", "Add Shared Contact"):
        with seen.page.expect_navigation():
            seen.page.get_by_role("button", name=button).click()
        assert seen.look() == []
    seen.page.get_by_role("table", name="Result for each customer").wait_for()


def choose(page, label, text):
    """Choose in a picker with the mouse."""
    page.get_by_role("combobox", name=label).click()
    page.keyboard.type(text)
    # The list narrows when the answer for the whole word has come; one that is clicked before would open it anew.
    expect(page.locator(".ts-dropdown:visible .option")).to_have_count(1)
    page.get_by_role("option", name=re.compile(text)).click()
    expect(page.locator(".ts-dropdown:visible")).to_have_count(0)


def test_the_login_page(chromium, demo):
    context = chromium.new_context(base_url=demo.url, reduced_motion="reduce")
    assert Watch(context.new_page(), demo.url).look_at("/login/") == []
    context.close()


def test_what_is_wrong_would_be_seen(watch, demo):
    """The watch itself: a page with one of each fault is not let through."""
    seen = watch("admin")
    seen.look_at("/")
    seen.page.evaluate(
        """() => {
          document.querySelector("main").insertAdjacentHTML("beforeend",
            '<h1>Second</h1><img src="https://elsewhere.example/a.png"><hr>');
          document.querySelector("hr").style.width = "4000px";
          console.error("a fault");
        }"""
    )
    seen.page.wait_for_timeout(200)
    seen.judge(320, "light")
    told = " ".join(seen.faults)
    for fault in ("policy: img-src", "console: a fault", "2 main headings", "px wide", "image-alt"):
        assert fault in told, fault
