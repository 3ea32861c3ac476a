"""An administrator edits the German invoice mail in the real browser, and the mail that leaves has the new words."""

import re
from email import message_from_bytes, policy

import pytest
from playwright.sync_api import expect

from tests.browser.watching import Watch
from tests.process.doors import Rest
from tests.process.running import wait_until

pytestmark = pytest.mark.browser


def open_the_form(page):
    page.goto("/")
    page.goto("/mail-templates/list/")
    page.get_by_role("link", name="Invoice mail, German").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Invoice mail, German")
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("link", name="Edit").click()


def preview(page):
    """Press Preview, and return the frame that shows it."""
    with page.expect_response(re.compile("/tried$")):
        page.get_by_role("button", name="Preview").click()
    return page.frame_locator("iframe[name=template-preview]")


def caught(demo, address):
    """Return the one mail to an address, once it is there."""
    mails = demo.mails()

    def found():
        return [one for one in mails.ids() if address in mails.get(one).envelope_recipients]

    (number,) = wait_until(found, seconds=60)
    return message_from_bytes(mails.raw(number), policy=policy.default)


def test_an_administrator_edits_tries_and_saves_a_template_and_the_mail_has_its_words(demo, staff):
    program = Rest(demo.url, "admin")
    customer = program.add_customer(
        account_number="WORTE",
        company_name="Worte & Töchter GmbH",
        email="buchhaltung@worte.example",
        email_billing=True,
        email_bill_type="short",
        language="de",
    )
    line = {"description": "Anschluss", "quantity": "2", "unit_price": "34.50", "tax_rate": "20"}
    invoice, _ = program.add_invoice(customer, [line])

    page = staff("admin")
    watch = Watch(page, demo.url)
    open_the_form(page)
    words = page.get_by_label("Plain text")
    own = words.input_value().replace("Guten Tag {{ recipient }}", "Hallo {{ recipient }}, schön dass Sie da sind")
    words.fill(own.replace("{{ total }}", "{{ totl }}"))
    page.get_by_label("Subject").fill("Ihre Rechnung {{ number }}")

    # Refused at its field, by the preview and by saving alike, with all that was typed still there.
    watch.expected_status = 422
    frame = preview(page)
    expect(frame.get_by_text("There is no placeholder totl. Did you mean total?")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#text-error")).to_contain_text("There is no placeholder totl. Did you mean total?")
    watch.expected_status = 200
    assert page.get_by_label("Plain text").input_value() == own.replace("{{ total }}", "{{ totl }}")
    assert page.get_by_label("Subject").input_value() == "Ihre Rechnung {{ number }}"

    # Tried on the invoice, in both colours and widths, and still nothing is saved.
    page.get_by_label("Plain text").fill(own)
    page.get_by_label("Document").select_option(f"document:{invoice}")
    frame = preview(page)
    expect(frame.get_by_text("Subject: Ihre Rechnung WORTE/1")).to_be_visible()
    expect(frame.get_by_text("Hallo Worte & Töchter GmbH, schön dass Sie da sind")).to_be_visible()
    for number, background in enumerate(("rgb(255, 255, 255)",) * 2 + ("rgb(29, 35, 44)",) * 2):
        shown = frame.frame_locator("iframe").nth(number)
        expect(shown.get_by_role("heading", name="Rechnung WORTE/1")).to_be_attached()
        expect(shown.locator(".sheet")).to_have_css("background-color", background)
        assert shown.locator("html").evaluate("one => one.scrollWidth <= window.innerWidth")
    expect(
        frame.frame_locator("iframe").first.get_by_text("weil die Rechnungen von Worte & Töchter GmbH")
    ).to_be_attached()

    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.locator(".page-subtitle").get_by_text("Edited")).to_be_visible()
    page.get_by_role("link", name="Differences").click()
    expect(page.locator(".difference-added").first).to_contain_text("+Ihre Rechnung {{ number }}")

    program.send(invoice, program.plan(invoice)[0])
    mail = caught(demo, "buchhaltung@worte.example")
    assert mail["Subject"] == "Ihre Rechnung WORTE/1"
    why = "Sie erhalten diese Kopie, weil die Rechnungen von Worte & Töchter GmbH (WORTE) an Ihre Adresse gehen."
    text = mail.get_body(("plain",)).get_content()
    assert "Hallo Worte & Töchter GmbH, schön dass Sie da sind" in text
    assert why in text
    assert why.replace("&", "&amp;") in mail.get_body(("html",)).get_content()
    assert watch.faults == []


def test_the_way_back_to_the_shipped_template(staff):
    page = staff("admin")
    page.goto("/mail-templates/list/")
    page.get_by_role("link", name="Invoice mail, German").first.click()
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("link", name="Use the shipped template").click()
    page.get_by_role("button", name="Use the shipped template").click()
    expect(page.get_by_text("The shipped template is in use again.")).to_be_visible()
    expect(page.get_by_text("As shipped").first).to_be_visible()


def test_readers_see_the_preview_and_no_form(staff):
    page = staff("support")
    page.goto("/mail-templates/show/1")
    page.get_by_label("Document").select_option("sample:right_to_left")
    page.get_by_role("button", name="Show").click()
    frame = page.frame_locator("iframe.template-frame")
    expect(frame.get_by_text("شركة النور للتجارة").first).to_be_visible()
    expect(page.get_by_role("link", name="Edit")).to_have_count(0)
