"""Files in the real browser: in a ticket's answer, and along with one sending of a letter; mails have their bytes."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_quick_start import choose
from tests.browser.test_tickets import caught
from tests.browser.watching import Watch
from tests.process.doors import Rest

pytestmark = pytest.mark.browser

MAIN = "desk@files.example"
PDF = b"%PDF-1.7\n\x00\xff every byte\n%%EOF\n"
LOG = b"one\r\n.\r\ntwo\r\n"
BAD = {"name": "bad.pdf", "mimeType": "application/pdf", "buffer": b"MZ"}


def upload(name, data):
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def raw(mail):
    return [(one.get_filename(), one.get_payload(decode=True)) for one in mail.iter_attachments()]


@pytest.fixture(scope="module")
def customer(demo):
    program = Rest(demo.url, "admin")
    return program.add_customer(account_number="FILES", company_name="Files Ltd", first_name="Fay", email=MAIN)


def test_an_answer_takes_files_which_the_copy_carries_and_the_conversation_hands_out(demo, staff, customer):
    page = staff("support")
    watch = Watch(page, demo.url)
    page.goto(f"/tickets/add?customer_id={customer}")
    choose(page, "Ticket type", "Fault")
    page.get_by_label("Subject").fill("A plan")
    page.get_by_label("Text", exact=False).last.fill("Here it is.")
    page.get_by_label("Attachments").set_input_files([upload("plan.pdf", PDF), upload("St\u00f6rung.txt", LOG)])
    # The plan is asked for anew at each change; the files stay where they are.
    page.get_by_label("Requester's email").fill("")
    assert watch.look() == []
    page.get_by_role("button", name="Open ticket").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ticket FILES/T001: A plan")
    with page.expect_download() as download:
        page.get_by_role("link", name="St\u00f6rung.txt").click()
    assert download.value.suggested_filename == "St\u00f6rung.txt"
    assert download.value.path().read_bytes() == LOG
    assert watch.look() == []

    page.get_by_role("main").get_by_role("link", name="Answer", exact=True).click()
    page.get_by_label("Text", exact=False).fill("And another.")
    page.get_by_label("Attachments").set_input_files([BAD])
    watch.expected_status = 422
    page.get_by_role("button", name="Send answer").click()
    expect(page.get_by_text("bad.pdf: What this file holds is not what its name says: pdf.").first).to_be_visible()
    expect(page.get_by_text("Choose the files again").first).to_be_visible()
    expect(page.get_by_label("Text", exact=False)).to_have_value("And another.")
    assert watch.look() == []
    watch.expected_status = 200
    page.get_by_label("Attachments").set_input_files([upload("more.pdf", PDF + b"more")])
    page.get_by_role("button", name="Send answer").click()
    expect(page.get_by_text("The answer was added. 1 copy is on the way.")).to_be_visible()

    page.get_by_role("main").get_by_role("link", name="Add internal note", exact=True).click()
    page.get_by_label("Text", exact=False).fill("Between us.")
    page.get_by_label("Attachments").set_input_files([upload("secret.pdf", PDF + b"secret")])
    page.get_by_role("button", name="Add internal note").click()
    expect(page.get_by_role("link", name="secret.pdf")).to_be_visible()

    mails = caught(demo, MAIN, 2)
    told = sorted((raw(mail) for mail in mails), key=len)
    assert told == [[("more.pdf", PDF + b"more")], [("plan.pdf", PDF), ("St\u00f6rung.txt", LOG)]]
    assert all("secret" not in mail.as_string() for mail in mails)


def test_a_letters_texts_come_from_its_type_and_a_sending_takes_files_of_its_own(demo, staff, customer):
    program = Rest(demo.url, "admin")
    text = "# What happens\n\nDear {{ first_name }}."
    given = {"name": "Visit", "correspondence_class": "customer_services", "template_body": text}
    made = program.call("POST", "/correspondence_type/", json={**given, "template_subject": "A visit"})
    assert made.status_code == 201, made.text
    page = staff("support")
    watch = Watch(page, demo.url)
    page.goto(f"/correspondence/add?customer_id={customer}")
    page.get_by_label("Subject").fill("My own subject")
    choose(page, "Type", "Visit")
    expect(page.get_by_label("Text", exact=False).last).to_have_value(text)
    expect(page.get_by_label("Subject")).to_have_value("My own subject")
    assert watch.look() == []
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Letter FILES/C001")

    page.get_by_role("main").get_by_role("button", name="Actions").click()
    page.get_by_role("main").get_by_role("link", name="Send", exact=True).click()
    page.get_by_label("Extra attachments").set_input_files([BAD])
    watch.expected_status = 422
    page.get_by_role("button", name="Send 1 copy").click()
    expect(page.get_by_text("bad.pdf: What this file holds is not what its name says: pdf.").first).to_be_visible()
    assert watch.look() == []
    watch.expected_status = 200
    page.get_by_label("Extra attachments").set_input_files([upload("terms.pdf", PDF + b"terms")])
    page.get_by_role("button", name="Send 1 copy").click()
    expect(page.get_by_text("1 copy is on the way.")).to_be_visible()
    mail = next(one for one in caught(demo, MAIN, 3) if "My own subject" in one["Subject"])
    assert raw(mail)[1:] == [("terms.pdf", PDF + b"terms")]

    page.get_by_role("row").filter(has_text=MAIN).get_by_role("link").first.click()
    page.get_by_role("main").get_by_role("link", name="Mail", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="terms.pdf").click()
    assert download.value.path().read_bytes() == PDF + b"terms"
    assert watch.look() == []
