"""Unsubscribing the whole way: a letter arrives, its header and its page end what they say, and nothing else."""

from __future__ import annotations

import email
from email.policy import default as mail_policy

import pytest
import requests
from playwright.sync_api import expect

from app.mailer.smtp.caught import CaughtMails
from tests.browser.watching import Watch
from tests.process.doors import Rest
from tests.process.running import Demo, wait_until

pytestmark = pytest.mark.browser

OUTSIDE = "https://counterpart.example.com"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Return a running demo that people outside reach by https."""
    running = Demo(tmp_path_factory.mktemp("demo"), COUNTERPART_PUBLIC_URL=OUTSIDE)
    try:
        yield running.start()
        running.stop()
    finally:
        running.end()


@pytest.fixture(scope="module")
def program(demo):
    return Rest(demo.url, "admin")


def marketing_type(program):
    q = "(filters:!((col:correspondence_class,opr:eq,value:marketing)))"
    return program.call("GET", "/correspondence_type/", params={"q": q}).json()["result"][0]["id"]


def write(program, customer):
    values = {
        "customer_id": customer,
        "correspondence_type": marketing_type(program),
        "subject": "News",
        "body": "Hello",
    }
    answer = program.call("POST", "/correspondence/", json=values)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def arrived(demo, address):
    """Wait for the latest mail to an address, and read it as it came in."""
    caught = CaughtMails(demo.folder / "catcher")

    def found():
        mails, _ = caught.page(limit=50)
        return next((one for one in mails if one.envelope_recipients == (address,)), None)

    one = wait_until(found, seconds=60)
    return email.message_from_bytes((demo.folder / "catcher" / f"{one.id}.eml").read_bytes(), policy=mail_policy)


def reached(demo, program, *, account, **values):
    """Write to a customer who agreed; return the customer, the mail, and where it unsubscribes on this machine."""
    address = f"main@{account.lower()}.example"
    given = {"company_name": "Pages and Daughters Ltd", "marketing_consent_source": "Form", **values}
    customer = program.add_customer(account_number=account, email=address, **given)
    sent = program.call("POST", f"/correspondence/{write(program, customer)}/send", json={})
    assert sent.status_code == 202, sent.text
    mail = arrived(demo, address)
    link = mail["List-Unsubscribe"].removeprefix("<").removesuffix(">")
    assert link.startswith(f"{OUTSIDE}/unsubscribe/")
    return customer, mail, link.removeprefix(OUTSIDE)


def plan(program, kind, number):
    answer = program.call("GET", f"/{kind}/{number}/plan").json()["result"]
    return [one["address"] for one in answer["messages"]], [one["reason"] for one in answer["skipped"]]


def test_a_mailbox_unsubscribes_by_the_header_of_what_arrived(demo, program):
    given = {"email_billing": True, "email_bill_type": "short"}
    customer, mail, path = reached(demo, program, account="CLICK", **given)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    # What looks at a link first ends nothing.
    for method in ("GET", "HEAD", "OPTIONS"):
        answer = requests.request(method, demo.url + path, timeout=30)
        assert (answer.status_code, answer.cookies.get_dict()) == (200, {})
    second = write(program, customer)
    assert plan(program, "correspondence", second) == (["main@click.example"], [])
    # Both forms that a mailbox may send, without a session; twice is once.
    first = requests.post(demo.url + path, data=ONE_CLICK, allow_redirects=False, timeout=30)
    parts = {name: (None, value) for name, value in ONE_CLICK.items()}
    again = requests.post(demo.url + path, files=parts, allow_redirects=False, timeout=30)
    for answer in (first, again):
        assert (answer.status_code, answer.cookies.get_dict()) == (200, {})
    assert first.text == again.text
    assert plan(program, "correspondence", second) == ([], ["no_marketing_consent"])
    invoice, _ = program.add_invoice(
        customer, [{"description": "Line", "quantity": "1", "unit_price": "10", "tax_rate": "20"}]
    )
    assert plan(program, "invoice", invoice) == (["main@click.example"], [])
    program.send(invoice, program.plan(invoice)[0])
    bill = wait_until(
        lambda: (found := arrived(demo, "main@click.example"))["Subject"].startswith("Invoice") and found, seconds=60
    )
    assert "List-Unsubscribe" not in bill
    assert requests.post(f"{demo.url}{path}x", data=ONE_CLICK, timeout=30).status_code == 404
    # A body beyond what a mailbox sends is refused, also where it doesn't say how long it is.
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for chunks, status in ((0, 200), (20, 413)):
        body = iter([b"List-Unsubscribe=One-Click", *[b"&x=" + b"x" * 1000] * chunks])
        assert requests.post(demo.url + path, data=body, headers=headers, timeout=30).status_code == status


@pytest.mark.parametrize(
    ("language", "asks", "button", "done"),
    [
        ("en", "Stop marketing letters", "Stop marketing letters", "Marketing letters have ended"),
        ("de", "Werbung abbestellen", "Werbung abbestellen", "Die Werbung ist abbestellt"),
    ],
)
@pytest.mark.parametrize("scripts", [True, False])
def test_a_person_unsubscribes_on_the_page(demo, program, chromium, language, asks, button, done, scripts):
    account = f"PAGE{language}{scripts}".upper()
    customer, mail, path = reached(demo, program, account=account, language=language)
    assert OUTSIDE + path in mail.get_body(("html",)).get_content()
    context = chromium.new_context(base_url=demo.url, java_script_enabled=scripts, reduced_motion="reduce")
    page = context.new_page()
    watch = Watch(page, demo.url)
    if scripts:
        assert watch.look_at(path) == []
    else:
        page.goto(path)
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.get_by_role("heading", level=1)).to_have_text(asks)
    expect(page.get_by_text(f"main@{account.lower()}.example")).to_be_visible()
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(done)
    assert page.url == demo.url + path
    expect(page.get_by_role("button")).to_have_count(0)
    if scripts:
        assert watch.look() == []
        assert watch.look_at("/unsubscribe/1-aaaaaaaaaaaaaaaa", status=404) == []
    assert context.cookies() == []
    context.close()
    kept = program.call("GET", f"/customer/{customer}").json()["result"]
    assert kept["marketing_consent_at"] is None
