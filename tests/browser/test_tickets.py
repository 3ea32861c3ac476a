"""A ticket in the real browser, as support: opened, answered, noted, closed; and the mails that came of it."""

from email import message_from_bytes, policy

import pytest
from playwright.sync_api import expect

from tests.browser.watching import Watch
from tests.process.doors import Rest
from tests.process.running import wait_until
from tests.tickets import jwz

pytestmark = pytest.mark.browser

SECRET = "Between us: Zinnobergeheimnis."
DORA, MAIN = "dora@talk.example", "desk@talk.example"


def caught(demo, address, count):
    """Return the mails to an address, once there are so many."""
    mails = demo.mails()

    def found():
        ids = [one for one in mails.ids() if address in mails.get(one).envelope_recipients]
        return ids if len(ids) >= count else None

    ids = wait_until(found, seconds=60)
    assert len(ids) == count
    return [message_from_bytes(mails.raw(one), policy=policy.default) for one in ids]


def made(demo):
    """Make a customer with a contact who gets copies of faults; return its id."""
    program = Rest(demo.url, "admin")
    customer = program.add_customer(account_number="TALK", company_name="Talk and Sons Ltd", email=MAIN)
    rows = program.call("GET", "/ticket_type/").json()["result"]
    fault = next(row["id"] for row in rows if row["name"] == "Fault")
    program.add_direct_contact(customer, first_name="Dora", last_name="Talk", email=DORA, copy_ticket_updates=[fault])
    return customer


def plan(page):
    """Return the part of the form that says who gets a copy."""
    return page.get_by_role("region", name="Who gets a copy")


def test_a_conversation_from_the_first_text_to_the_mails(demo, staff):
    customer = made(demo)
    page = staff("support")
    watch = Watch(page, demo.url)
    page.goto(f"/customers/show/{customer}?tab=tickets")
    page.get_by_role("link", name="Add ticket").click()

    # Who gets a copy follows what is chosen.
    expect(plan(page).get_by_role("checkbox", name=MAIN)).to_be_checked()
    expect(plan(page).get_by_role("checkbox", name=DORA)).to_have_count(0)
    page.get_by_role("combobox", name="Ticket type").click()
    page.keyboard.type("Fault")
    page.get_by_role("option", name="Fault").first.click()
    expect(plan(page).get_by_role("checkbox", name=DORA)).to_be_checked()
    page.get_by_label("Requester's email").fill("asks@talk.example")
    page.get_by_label("Subject").fill("No dial tone")
    expect(plan(page).get_by_role("checkbox", name="asks@talk.example")).to_be_checked()
    expect(plan(page).get_by_role("checkbox", name=MAIN)).to_have_count(0)
    page.get_by_label("Text", exact=False).fill("The line is dead, see https://talk.example/line?id=7.")
    assert watch.look() == []
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_role("button", name="Open ticket").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ticket TALK/T001: No dial tone")
    link = page.get_by_role("link", name="https://talk.example/line?id=7", exact=True)
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")

    # An answer, of which one gets none.
    page.get_by_role("main").get_by_role("link", name="Answer", exact=True).click()
    page.get_by_label("Text", exact=False).fill("We are on it.")
    plan(page).get_by_role("checkbox", name=DORA).uncheck()
    expect(plan(page).get_by_role("heading", name="Who does not (1)")).to_be_visible()
    # The keyboard goes on where it was.
    expect(plan(page).get_by_role("checkbox", name=DORA)).to_be_focused()
    expect(page.get_by_label("Text", exact=False)).to_have_value("We are on it.")
    page.get_by_role("button", name="Send answer").click()
    expect(page.get_by_text("The answer was added. 1 copy is on the way.")).to_be_visible()

    # A note, which nobody gets.
    page.get_by_role("main").get_by_role("link", name="Add internal note", exact=True).click()
    page.get_by_label("Text", exact=False).fill(SECRET)
    page.get_by_role("button", name="Add internal note").click()
    expect(page.get_by_text(SECRET)).to_be_visible()

    page.get_by_role("main").get_by_role("link", name="Close", exact=True).click()
    page.get_by_role("button", name="Close ticket").click()
    expect(page.get_by_text("Ticket closed")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("link", name="Reopen", exact=True)).to_be_visible()

    for address, words in (
        ("asks@talk.example", ["The line is dead", "We are on it.", "This ticket was closed."]),
        (DORA, ["The line is dead", "This ticket was closed."]),
    ):
        (root,) = jwz.threads(caught(demo, address, len(words)))
        mails = jwz.mails_of(root)
        assert not [mail for mail in mails if SECRET in mail.as_string()]
        texts = [mail.get_body(("plain",)).get_content() for mail in mails]
        assert [part in text for part, text in zip(words, texts, strict=True)] == [True] * len(words)
