"""The pages of records and tasks, and how they look to those who may do less: nothing is wrong with any of them."""

import pytest

pytestmark = pytest.mark.browser

RECORD_PAGES = [
    "/invoices/{sent}/why?address=nobody@nowhere.example",
    "/customers/show/{customer}?tab=contacts",
    "/customers/show/{customer}?tab=invoices",
    "/customers/show/{customer}?tab=messages",
    "/customers/show/{customer}?tab=history",
    "/customers/edit/{customer}",
    "/customers/delete/{customer}",
    "/customers/{customer}/add-shared-contact",
    "/customers/{customer}/remove-shared-contact",
    "/contacts/add?customer_id={customer}",
    "/contacts/show/{contact}?tab=customers",
    "/contacts/show/{contact}?tab=messages",
    "/contacts/show/{contact}?tab=history",
    "/contacts/edit/{contact}",
    "/contacts/edit/{shared}",
    "/contacts/show/{shared}?tab=customers",
    "/contacts/delete/{shared}",
    "/contacts/{contact}/receives",
    "/contacts/{shared}/receives",
    "/contacts/{contact}/verify-password",
    "/trash/contact/{gone}",
    "/trash/contact/{gone}/purge",
    "/contacts/{contact}/convert-to-shared",
    "/invoices/add?customer_id={customer}",
    "/invoices/show/{draft}?tab=lines",
    "/invoices/show/{draft}?tab=usage",
    "/invoices/show/{draft}?tab=pdf",
    "/invoices/show/{sent}?tab=messages",
    "/invoices/show/{sent}?tab=history",
    "/invoices/edit/{draft}",
    "/invoices/delete/{draft}",
    "/invoices/{draft}/approve",
    "/invoices/{draft}/send",
    "/invoices/{sent}/send",
    "/invoices/{sent}/send-again",
    "/invoices/{sent}/credit",
    "/billing-runs/show/{finished_run}?tab=overview",
    "/billing-runs/show/{finished_run}?tab=invoices",
    "/billing-runs/show/{finished_run}?tab=history",
    "/billing-runs/show/{planned_run}?tab=overview",
    "/billing-runs/show/{planned_run}?tab=invoices",
    "/billing-runs/show/{planned_run}?tab=invoices&outcome=already_sent",
    "/billing-runs/{planned_run}/leave-out",
    "/billing-runs/{planned_run}/start",
    "/billing-runs/delete/{planned_run}",
    "/bulk-letters/show/{bulk}?tab=overview",
    "/bulk-letters/show/{bulk}?tab=customers",
    "/bulk-letters/show/{bulk}?tab=history",
    "/bulk-letters/{bulk}/preview",
    "/bulk-letters/{bulk}/leave-out",
    "/bulk-letters/{bulk}/start",
    "/bulk-letters/delete/{bulk}",
    "/customers/show/{customer}?tab=tickets",
    "/tickets/add?customer_id={customer}",
    "/tickets/show/{ticket}",
    "/tickets/show/{ticket}?tab=messages",
    "/tickets/show/{ticket}?tab=history",
    "/tickets/edit/{ticket}",
    "/tickets/delete/{ticket}",
    "/tickets/{ticket}/answer",
    "/tickets/{ticket}/note",
    "/tickets/{ticket}/close",
    "/tickets/{ticket}/reopen",
    "/ticket-updates/{update}/send",
    "/ticket-updates/{update}/send-again",
    "/ticket-updates/{update}/why?address=nobody@nowhere.example",
    "/customers/show/{customer}?tab=correspondence",
    "/correspondence/add?customer_id={customer}",
    "/correspondence/show/{letter}?tab=pdf",
    "/correspondence/show/{letter}?tab=mail",
    "/correspondence/show/{letter}?tab=attachments",
    "/correspondence/show/{letter}?tab=messages",
    "/correspondence/show/{letter}?tab=history",
    "/correspondence/edit/{letter}",
    "/correspondence/delete/{letter}",
    "/correspondence/{letter}/send",
    "/correspondence/{letter}/send-again",
    "/correspondence/{letter}/why?address=nobody@nowhere.example",
    "/correspondence/{letter}/attach",
    "/correspondence/{letter}/attachments/{file}/detach",
    "/correspondence/{letter}/delivered",
    "/messages/show/{message}?tab=why",
    "/messages/show/{message}?tab=attempts",
    "/messages/show/{message}?tab=mail",
    "/messages/show/{held}?tab=attempts",
    "/messages/show/{message}?tab=history",
    "/messages/{held}/cancel",
    "/messages/{held}/retry",
    "/inbox/{mail}",
    "/suppressions/show/{suppressed}",
    "/suppressions/{suppressed}/lift",
    "/inbound-mails/show/{incoming}",
    "/inbound-mails/{incoming}/add-to-ticket",
    "/inbound-mails/{incoming}/done",
    "/inbound-mails/delete/{incoming}",
]
# What looks different to those who may do less.
OTHERS = [
    ("finance", "/"),
    ("finance", "/customers/show/{customer}"),
    ("finance", "/contacts/edit/{contact}"),
    ("finance", "/users/userinfo/"),
    ("support", "/"),
    ("support", "/customers/show/{customer}"),
    ("support", "/customers/edit/{customer}"),
    ("support", "/contacts/edit/{contact}"),
    ("support", "/contacts/list/"),
    ("support", "/contacts/{contact}/verify-password"),
    ("support", "/trash/?kind=contact"),
    ("support", "/suppressions/show/{suppressed}"),
    ("support", "/inbound-mails/show/{incoming}"),
    ("auditor", "/billing-runs/show/{planned_run}"),
    ("finance", "/bulk-letters/show/{bulk}"),
    ("support", "/tickets/show/{ticket}"),
    ("auditor", "/tickets/show/{ticket}"),
    ("support", "/correspondence/list/"),
    ("auditor", "/correspondence/show/{letter}?tab=pdf"),
    ("auditor", "/contacts/show/{shared}"),
    ("auditor", "/invoices/show/{draft}?tab=lines"),
]


@pytest.mark.parametrize("path", RECORD_PAGES)
def test_a_page_of_a_record(watch, records, path):
    assert watch("admin").look_at(path.format(**records)) == []


@pytest.mark.parametrize(("user", "path"), OTHERS)
def test_a_page_as_others_see_it(watch, records, user, path):
    assert watch(user).look_at(path.format(**records)) == []


# In German words are longer, and dates and amounts are written otherwise.
GERMAN_PAGES = [
    "/",
    "/customers/list/",
    "/customers/show/{customer}?tab=contacts",
    "/customers/show/{customer}?tab=messages",
    "/contacts/edit/{shared}",
    "/contacts/{contact}/receives",
    "/contacts/delete/{shared}",
    "/invoices/{draft}/send",
    "/correspondence/show/{letter}?tab=mail",
    "/correspondence/edit/{letter}",
    "/trash/?kind=contact",
    "/audit/list/",
]


@pytest.fixture(scope="module")
def german(watch):
    """Switch a window to German by the menu of the account, and back at the end."""
    seen = watch("finance")

    def switch(language):
        seen.page.set_viewport_size({"width": 1280, "height": 800})
        seen.page.goto("/")
        seen.page.locator(".user-button").click()
        with seen.page.expect_navigation():
            seen.page.get_by_role("button", name=language).click()

    switch("Deutsch")
    yield seen
    switch("English")


@pytest.mark.parametrize("path", GERMAN_PAGES)
def test_a_page_in_german(german, records, path):
    assert german.look_at(path.format(**records)) == []
    assert german.page.locator("html").get_attribute("lang") == "de"


def test_the_page_that_shows_who_is_there_already(watch, records):
    seen = watch("admin")
    assert seen.look_at(f"/contacts/add?customer_id={records['customer']}") == []
    seen.expected_status = 409
    seen.page.get_by_label("Last Name").fill("Once more")
    seen.page.get_by_label("Email", exact=True).fill("sharer@pages.example")
    with seen.page.expect_navigation():
        seen.page.get_by_role("button", name="Save", exact=True).click()
    seen.page.get_by_role("heading", name="Already there").wait_for()
    assert seen.look() == []


def test_a_form_with_errors(watch):
    seen = watch("admin")
    assert seen.look_at("/contacts/add") == []
    seen.expected_status = 422
    seen.page.get_by_label("Email", exact=True).fill("no address")
    with seen.page.expect_navigation():
        seen.page.get_by_role("button", name="Save", exact=True).click()
    seen.page.locator(".field-error").first.wait_for()
    assert seen.look() == []


def test_the_answer_about_a_password(watch, records):
    seen = watch("support")
    seen.look_at(f"/contacts/{records['contact']}/verify-password")
    seen.page.get_by_label("Password that the caller says").fill("paper and ink 7")
    with seen.page.expect_navigation():
        seen.page.get_by_role("button", name="Verify Password").click()
    seen.page.get_by_text("Yes, this is the password.").wait_for()
    assert seen.look() == []


def test_a_list_with_its_columns_and_views_open(watch):
    seen = watch("admin")
    assert seen.look_at("/contacts/list/?kind=direct") == []
    for setting in ("#columns-setting", "#views-setting"):
        seen.page.locator(f"{setting} summary").click()
        assert seen.look() == []
        seen.page.locator(f"{setting} summary").click()
