"""What the browser tests share: a running demo, one Chromium, and a page for each member of staff."""

import shutil
import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.watching import Watch
from tests.process.doors import Rest
from tests.process.running import PASSWORD, Demo, wait_until

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def filled(tmp_path_factory):
    """Return the folder of a demo that was started once, and so is full of sample data."""
    first = Demo(tmp_path_factory.mktemp("filled"))
    try:
        first.start().stop()
    finally:
        first.end()
    return first.folder


@pytest.fixture(scope="module")
def demo(tmp_path_factory, filled):
    """Return a running demo of the test file's own."""
    folder = tmp_path_factory.mktemp("demo")
    shutil.copytree(filled, folder, dirs_exist_ok=True)
    running = Demo(folder)
    try:
        yield running.start()
        running.stop()
    finally:
        running.end()


@pytest.fixture(scope="module")
def chromium():
    """Return the system's Chromium."""
    path = shutil.which("chromium")
    assert path, "install Chromium first: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def staff(demo, chromium):
    """Return a function that gives the browser window of a member of staff, logged in, always the same one."""
    windows = {}

    def window(name):
        if name not in windows:
            context = chromium.new_context(
                base_url=demo.url, locale="en-GB", reduced_motion="reduce", viewport={"width": 1280, "height": 800}
            )
            context.set_default_timeout(15_000)
            page = context.new_page()
            page.goto("/login/")
            page.get_by_label("User name").fill(name)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Log in").click()
            page.wait_for_url(f"{demo.url}/")
            windows[name] = page
        return windows[name]

    yield window
    for page in windows.values():
        page.context.close()


@pytest.fixture(scope="module")
def records(demo):
    """Return records of each kind: a customer with contacts, invoices sent and not, messages sent and held, a mail."""
    program = Rest(demo.url, "admin")

    def first(resource, *conditions):
        filters = ",".join(f"(col:{column},opr:eq,value:{value})" for column, value in conditions)
        answer = program.call("GET", f"/{resource}/", params={"q": f"(filters:!({filters}),page_size:1)"})
        assert answer.json()["result"], f"no {resource} with {conditions}"
        return answer.json()["result"][0]["id"]

    customer = program.add_customer(
        account_number="PAGES",
        company_name="Pages and Daughters Ltd",
        email="accounts@pages.example, the.office.upstairs@pages-and-daughters.example",
        email_billing=True,
        email_bill_type="short",
    )
    contact = program.add_direct_contact(
        customer,
        last_name="Page",
        first_name="Penny",
        email="penny@pages.example",
        email_bill_type="short",
        invoice_usage_report=first("usage_report_profile"),
        account_password="paper and ink 7",
    )
    shared = program.add_shared_contact(last_name="Sharer", email="sharer@pages.example", email_bill_type="short")
    program.link(customer, shared)
    gone = program.add_direct_contact(customer, last_name="Gone")
    program.call("DELETE", f"/contact/{gone}")
    line = {"description": "Broadband", "quantity": "2", "unit_price": "34.50", "tax_rate": "20"}
    sent, _ = program.add_invoice(customer, [line])
    draft, _ = program.add_invoice(customer, [line])
    letter, file = _letter(program, customer, first("correspondence_type"))
    program.send(sent, program.plan(sent)[0])
    wait_until(lambda: sorted(program.states(sent).values()) == ["sent"] * 4, seconds=60)
    stuck = held_invoice(demo, program, customer, line)
    chosen = {"filters": {"already_sent": True}}
    planned = program.call("POST", "/billing_run/", json=chosen).json()["id"]
    return {
        "customer": customer,
        "contact": contact,
        "shared": shared,
        "gone": gone,
        "sent": sent,
        "draft": draft,
        "letter": letter,
        "file": file,
        "message": first("message", ("document_id", sent), ("state", "sent")),
        "held": first("message", ("document_id", stuck), ("state", "held")),
        "mail": demo.mails().ids()[0],
        "suppressed": first("suppression"),
        "incoming": first("inbound_mail", ("state", "waiting")),
        "finished_run": first("billing_run", ("status", "finished")),
        "planned_run": planned,
        "bulk": first("bulk_letter"),
        "ticket": (ticket := first("ticket")),
        "update": program.call("GET", f"/ticket/{ticket}/updates").json()["result"][0]["id"],
    }


def held_invoice(demo, program, customer, line):
    """Send an invoice whose PDF can't be made while the issuer's logo is no picture: its copies are held."""
    _set_logo(demo, b"no picture")
    number, _ = program.add_invoice(customer, [line])
    program.send(number, program.plan(number)[0])
    wait_until(lambda: sorted(program.states(number).values()) == ["held"] * 4, seconds=60)
    _set_logo(demo, None)
    return number


def _set_logo(demo, logo):
    with closing(sqlite3.connect(demo.folder / "counterpart.sqlite", timeout=30)) as database, database:
        database.execute("UPDATE issuer SET logo = ?", (logo,))


def _letter(program, customer, kind):
    """Write a letter with a file; return the ids of both."""
    text = "Dear {{ customer }},\n\n- the **first** thing\n- [more](https://pages.example)"
    given = {"customer_id": customer, "correspondence_type": kind, "subject": "A long subject", "body": text}
    letter = program.call("POST", "/correspondence/", json=given).json()["id"]
    file = {"filename": "a-file-with-a-rather-long-name.txt", "content": "V29yZHM="}
    answer = program.call("POST", f"/correspondence/{letter}/attachments", json=file)
    return letter, answer.json()["result"]["attachments"][0]["id"]


@pytest.fixture(scope="module")
def watch(staff, demo):
    """Return a function that gives the watch over a member of staff's window."""
    watches = {}

    def of(name):
        if name not in watches:
            watches[name] = Watch(staff(name), demo.url)
        return watches[name]

    return of
