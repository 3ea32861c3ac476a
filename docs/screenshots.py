"""Makes the pictures of the docs from a demo of its own: `make screenshots`."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
PASSWORD = "Only-for-pictures-1"  # noqa: S105  of a demo that lives for a minute
START_SECONDS = 90.0
CUSTOMER = "West Group"
OTHER_CUSTOMER = "Miller-Benson"
WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
]


@contextmanager
def demo() -> Iterator[str]:
    """Run a demo in a folder of its own, and give its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "COUNTERPART_INSTANCE": folder, "COUNTERPART_DEMO_PASSWORD": PASSWORD}
        command = [sys.executable, str(ROOT / "run.py"), "--demo", "--port", str(port)]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        try:
            _wait_until_well(url)
            yield url
        finally:
            process.terminate()
            process.wait(40)


def _wait_until_well(url: str) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        with suppress(OSError), urllib.request.urlopen(f"{url}/health", timeout=10) as answer:  # noqa: S310  our own
            if answer.status == 200:  # noqa: PLR2004  all is well
                return
        time.sleep(0.2)
    raise SystemExit("The demo did not start.")


def log_in(page: Page) -> None:
    """Log in as the administrator, who sees everything."""
    page.goto("/login/")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", name="Needs a hand").wait_for()


def find(page: Page, page_path: str, text: str) -> str:
    """Open a list, search it, open the first row that shows a text, and return the address of its page."""
    page.goto(f"{page_path}?q={text.replace(' ', '+')}")
    page.locator(".row-link").first.click()
    page.wait_for_url("**/show/*")
    return page.url.partition("?")[0]


def shoot(page: Page, name: str, *, most: int = 800) -> None:
    """Make one picture, when everything has come to rest; `most` pixels of the window's height."""
    page.wait_for_load_state("networkidle")
    page.mouse.move(0, 0)
    window = page.viewport_size or WIDE
    clip = {"x": 0, "y": 0, "width": window["width"], "height": min(window["height"], most)}
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path, animations="disabled", caret="hide", clip=clip)
    print(path.relative_to(ROOT))


def lists(page: Page) -> None:
    """Show a list with filters, columns and a saved view, the search, an export, and many rows at once."""
    page.goto("/contacts/list/?kind=direct&email_bill_type=short")
    page.get_by_text("Views", exact=True).click()
    page.get_by_label("Keep filters, order and columns as").fill("Direct, Short")
    page.get_by_role("button", name="Save view").click()
    page.get_by_text("The view Direct, Short is saved.").wait_for()
    page.reload()
    shoot(page, "contacts-list")
    page.get_by_text("Columns", exact=True).click()
    shoot(page, "columns")
    page.goto("/contacts/list/?kind=shared")
    page.get_by_role("link", name="Export").click()
    page.get_by_role("button", name="Export").wait_for()
    shoot(page, "export", most=470)
    page.goto("/customers/list/")
    for number in range(4, 7):
        page.locator("input[name=rowid]").nth(number).check()
    page.get_by_role("button", name="Actions for the chosen").click()
    shoot(page, "bulk")
    page.get_by_role("button", name="Add Shared Contact").click()
    pick(page, "Owen", "Owen Bevan")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Add Shared Contact").click()
    page.get_by_text("of 3 changed").wait_for()
    shoot(page, "bulk-results", most=400)
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("raman")
    page.get_by_role("option", name="Priya Raman").first.wait_for()
    shoot(page, "search", most=400)


def pick(page: Page, typed: str, name: str | None = None) -> None:
    """Type into the page's picker of a shared contact; select the one with this name, where one is given."""
    page.get_by_role("combobox", name="Shared contact").click()
    page.keyboard.type(typed)
    option = page.get_by_role("option", name=re.compile(name or typed, re.IGNORECASE)).first
    option.wait_for()
    page.locator(".ts-dropdown .spinner").first.wait_for(state="hidden")
    page.get_by_text("Searching…").wait_for(state="hidden")
    if name:
        option.click()


def contacts(page: Page) -> None:
    """Show a contact's page and its tasks."""
    contact = find(page, "/contacts/list/", "Priya Raman")
    shoot(page, "contact")
    number = contact.rpartition("/")[2]
    page.goto(f"/contacts/{number}/receives")
    shoot(page, "receives", most=510)
    page.goto(f"/contacts/edit/{number}")
    shoot(page, "edit", most=560)
    page.get_by_label("Position").fill("Senior accountant")
    page.get_by_label("Copy Email Bill").select_option("long")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/show/*")
    page.goto(f"{contact}?tab=history")
    shoot(page, "history")
    customer = find(page, "/customers/list/", OTHER_CUSTOMER).rpartition("/")[2]
    page.goto(f"/customers/{customer}/add-shared-contact")
    pick(page, "raman")
    shoot(page, "add-shared-contact", most=400)
    page.goto(f"/contacts/add?customer_id={customer}")
    page.get_by_label("First Name").fill("Priya")
    page.get_by_label("Last Name").fill("Raman")
    page.get_by_label("Email", exact=True).fill("priya@ramanholt.example")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Already there").wait_for()
    shoot(page, "duplicates", most=640)
    page.goto("/contacts/list/?kind=direct")
    page.locator(".row-link").first.click()
    page.wait_for_url("**/show/*")
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("link", name="Convert to Shared Contact").click()
    page.get_by_role("button", name="Convert to Shared Contact").wait_for()
    shoot(page, "convert", most=400)


def sending(page: Page) -> None:
    """Show the plan of the customer's newest invoice, send it, and what became of its copies."""
    customer = find(page, "/customers/list/", CUSTOMER)
    page.goto(f"{page.url}?tab=invoices")
    page.locator("#tabs .row-link").first.click()
    page.get_by_role("link", name="PDF").wait_for()
    invoice = page.url.partition("?")[0]
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("link", name="Send").click()
    page.get_by_role("heading", name="Who gets it").wait_for()
    shoot(page, "plan")
    page.get_by_role("button", name="Send ").click()
    page.get_by_text("on the way").wait_for()
    for _ in range(60):
        page.reload()
        if not page.get_by_role("row").filter(has_text="Queued").count() + page.get_by_text("Sending").count():
            break
        time.sleep(0.5)
    page.goto(f"{customer}?tab=messages")
    shoot(page, "messages-tab")
    page.locator("#tabs .row-link").first.click()
    page.get_by_role("link", name="Attempts").wait_for()
    message = page.url.partition("?")[0]
    page.goto(f"{message}?tab=why")
    shoot(page, "why", most=710)
    page.goto(f"{message}?tab=mail")
    page.locator(".mail-text").wait_for()
    shoot(page, "message")
    page.goto(f"/invoices/{invoice.rpartition('/')[2]}/send-again")
    page.get_by_label("Reason").fill("The first copy went into a mailbox that nobody reads")
    page.locator("input[name=addresses]:not(:disabled)").first.check()
    shoot(page, "send-again")
    page.goto("/inbox/")
    shoot(page, "inbox", most=480)


def trash(page: Page) -> None:
    """Delete a customer with its contacts, and show what offers to bring it back."""
    find(page, "/customers/list/", OTHER_CUSTOMER)
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Undo").wait_for()
    shoot(page, "undo", most=420)
    page.goto("/trash/")
    page.locator(".row-link").first.wait_for()
    shoot(page, "trash", most=400)


def picture(page: Page) -> None:
    """Make all pictures."""
    log_in(page)
    shoot(page, "home", most=400)
    lists(page)
    sending(page)
    contacts(page)
    find(page, "/customers/list/", CUSTOMER)
    shoot(page, "customer")
    page.emulate_media(color_scheme="dark")
    shoot(page, "customer-dark")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)
    shoot(page, "customer-phone", most=PHONE["height"])
    page.set_viewport_size(WIDE)
    trash(page)


def main() -> None:
    """Start a demo and a browser, and make the pictures."""
    IMAGES.mkdir(exist_ok=True)
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("Install Chromium first: apt-get install chromium")
    with demo() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page(
            base_url=url, viewport=WIDE, locale="en-GB", color_scheme="light", reduced_motion="reduce"
        )
        page.set_default_timeout(15_000)
        picture(page)
        browser.close()


if __name__ == "__main__":
    main()
