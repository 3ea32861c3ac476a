"""The quick start in the real browser: finance with the mouse, support with the keyboard alone."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.hands import Keyboard
from tests.process.doors import Rest
from tests.process.running import wait_until

pytestmark = pytest.mark.browser


def choose(page, label, text):
    """Choose in a picker with the mouse: click into it, type, and click on what was found."""
    page.get_by_role("combobox", name=label).click()
    page.keyboard.type(text)
    expect(page.get_by_role("option", name=re.compile(text)).first).to_be_visible()
    # What was asked for letter by letter has all arrived: an answer that comes after the choice opens the list anew.
    page.wait_for_load_state("networkidle")
    page.get_by_role("option", name=re.compile(text)).first.click()


def add_customer(page, number):
    """Add a customer that gets its own bills, with the mouse, out of the header's menu."""
    page.goto("/")
    page.get_by_role("banner").get_by_role("button", name="Add").click()
    page.get_by_role("banner").get_by_role("link", name="Customer").click()
    page.get_by_label("Account Number").fill(number)
    page.get_by_label("Company Name").fill(f"{number} Ltd")
    page.get_by_label("Email addresses").fill(f"accounts@{number}.example, office@{number}.example")
    page.get_by_label("Email billing").check()
    page.get_by_label("Email bill type").select_option("short")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{number} Ltd")
    return page.url


def add_direct_contact(page):
    """Add one on the customer's Contacts tab: the customer is preset."""
    page.get_by_role("link", name="Add contact").click()
    expect(page.get_by_text("mouse Ltd")).to_be_visible()
    page.get_by_label("First Name").fill("Dora")
    page.get_by_label("Last Name").fill("Direct")
    page.get_by_label("Email", exact=True).fill("dora@mouse.example")
    page.get_by_label("Copy Email Bill").select_option("short")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dora Direct")


def add_shared_contact(page, customer):
    """Add one out of the header's menu, with the customer left empty, and link it."""
    page.get_by_role("banner").get_by_role("button", name="Add").click()
    page.get_by_role("banner").get_by_role("link", name="Contact").click()
    page.get_by_label("Last Name").fill("Sharer")
    page.get_by_label("Email", exact=True).fill("sharer@books.example")
    page.get_by_label("Copy Email Bill").select_option("full")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Shared", exact=True)).to_be_visible()
    page.goto(customer)
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("link", name="Add Shared Contact").click()
    choose(page, "Shared contact", "Sharer")
    page.get_by_role("button", name="Add Shared Contact").click()
    expect(page.get_by_text("Sharer is linked.")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="Sharer")).to_contain_text("Shared")


def add_invoice(page):
    """Add one out of the customer's Add menu, with a line in the first row, and one in a row that is asked for."""
    page.get_by_role("main").get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("main").get_by_role("link", name="Invoice", exact=True).click()
    page.get_by_label("Description, line 1").fill("Broadband")
    page.get_by_label("Quantity, line 1").fill("2")
    page.get_by_label("Unit price, line 1").fill("34.50")
    page.get_by_label("Tax rate (%), line 1").fill("20")
    page.get_by_role("button", name="Add line").click()
    expect(page.get_by_label("Description, line 4")).to_be_focused()
    page.keyboard.type("Support")
    page.get_by_label("Quantity, line 4").fill("1")
    page.get_by_label("Unit price, line 4").fill("10")
    page.get_by_label("Tax rate (%), line 4").fill("20")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("£94.80")).to_be_visible()


def send(page):
    """Look at who gets it and why, untick one of them, and send it to the others."""
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("link", name="Send").click()
    gets = page.get_by_role("table", name="Who gets it").get_by_role("row")
    for address, words in {
        "accounts@mouse.example": "one of the customer's own",
        "office@mouse.example": "one of the customer's own",
        "dora@mouse.example": "Dora Direct: A bill format is chosen",
        "sharer@books.example": "Full",
    }.items():
        expect(gets.filter(has_text=address)).to_contain_text(words)
    page.get_by_label("Send to office@mouse.example").uncheck()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="Who does not (1)")).to_be_visible()
    page.get_by_role("button", name="Send 3 copies").click()
    expect(page.get_by_text("3 copies are on the way.")).to_be_visible()


def test_finance_adds_contacts_and_sends_an_invoice_with_the_mouse(demo, staff):
    page = staff("finance")
    customer = add_customer(page, "mouse")
    add_direct_contact(page)
    add_shared_contact(page, customer)
    add_invoice(page)
    send(page)

    def settled():
        page.reload()
        return page.locator("#tabs .tag").filter(has_text=re.compile(r"^\s*Sent\s*$")).count() == 3

    wait_until(settled, seconds=60)
    assert caught(demo, "mouse.example") == ["accounts@mouse.example", "dora@mouse.example"]
    assert caught(demo, "books.example") == ["sharer@books.example"]


def caught(demo, domain):
    mails = demo.mails()
    found = [address for mail_id in mails.ids() for address in mails.get(mail_id).envelope_recipients]
    return sorted(address for address in found if address.endswith(domain))


def test_support_adds_and_links_contacts_with_the_keyboard_alone(demo, staff):
    """Support may neither add customers nor invoices, nor set bill formats: contacts and links are theirs."""
    program = Rest(demo.url)
    customer = program.add_customer(
        account_number="KEYS",
        company_name="Keys Ltd",
        email="accounts@keys.example",
        email_billing=True,
        email_bill_type="short",
    )
    page = staff("support")
    page.goto(f"/customers/show/{customer}")
    keys = Keyboard(page)
    assert page.get_by_role("link", name="Invoices").count() == 0

    with page.expect_navigation():
        keys.to("Add contact", "a").keys("Enter")
    keys.to("Contact Type").take("Technical")
    keys.to("First Name").type("Kay").to("Last Name").type("Board").to("Email").type("kay@keys.example")
    keys.to("Copy Ticket Updates").take("Fault").keys("Escape")
    with page.expect_navigation():
        keys.to("Save", "button").keys("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Kay Board")
    expect(page.locator(".fact").filter(has_text="Copy Ticket Updates")).to_contain_text("Fault")
    expect(page.locator(".fact").filter(has_text="Contact Type")).to_contain_text("Technical")

    keys.open("Add", "Contact")
    keys.to("Last Name").type("Everywhere").to("Email").type("everywhere@books.example")
    with page.expect_navigation():
        keys.to("Save", "button").keys("Enter")
    expect(page.get_by_text("Shared", exact=True)).to_be_visible()

    page.goto(f"/customers/show/{customer}")
    keys.open("Actions", "Add Shared Contact")
    keys.to("Shared contact (required)").take("Everywhere")
    with page.expect_navigation():
        keys.to("Add Shared Contact", "button").keys("Enter")
    expect(page.get_by_text("Everywhere is linked.")).to_be_visible()
    keys.open("Actions", "Remove Shared Contact")
    keys.to("Shared contact (required)").take("Everywhere")
    with page.expect_navigation():
        keys.to("Remove Shared Contact", "button").keys("Enter")
    expect(page.get_by_text("Everywhere is no longer linked.")).to_be_visible()

    kinds = {
        one["last_name"]: one["kind"] for one in program.call("GET", f"/customer/{customer}/contacts").json()["result"]
    }
    assert kinds == {"Board": "direct"}


def test_finance_sends_with_the_keyboard_alone(demo, staff):
    page = staff("finance")
    customer = add_customer(page, "keyboard")
    keys = Keyboard(page)
    keys.open("Add", "Invoice")
    # The header's menu knows no customer: it is picked.
    keys.to("Customer (required)").take("keyboard")
    keys.to("Description, line 1").type("Broadband").to("Quantity, line 1").type("1")
    keys.to("Unit price, line 1").type("10").to("Tax rate (%), line 1").type("20")
    with page.expect_navigation():
        keys.keys("Enter")
    expect(page.get_by_text("£12.00")).to_be_visible()
    keys.open("Actions", "Send")
    with page.expect_navigation():
        keys.to("Send 2 copies", "button").keys("Enter")
    expect(page.get_by_text("2 copies are on the way.")).to_be_visible()
    wait_until(lambda: len(caught(demo, "@keyboard.example")) == 2, seconds=60)
    page.goto(customer)
    expect(page.get_by_role("link", name="Messages 2")).to_be_visible()
