"""Makes the pictures of the docs from a demo of its own: `make screenshots`."""

from __future__ import annotations

import os
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


def find(page: Page, page_path: str, text: str) -> None:
    """Open a list, search it, and open the first row that shows a text."""
    page.goto(f"{page_path}?q={text.replace(' ', '+')}")
    page.locator(".row-link").first.click()
    page.wait_for_url("**/show/*")


def send_an_invoice(page: Page) -> None:
    """Show the plan of the customer's newest invoice, send it, and wait until its copies are out."""
    find(page, "/customers/list/", CUSTOMER)
    page.goto(f"{page.url}?tab=invoices")
    page.locator("#tabs .row-link").first.click()
    page.get_by_role("link", name="PDF").wait_for()
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("link", name="Send").click()
    page.get_by_role("heading", name="Who gets it").wait_for()
    shoot(page, "plan")
    page.get_by_role("button", name="Send ").click()
    page.get_by_text("on the way").wait_for()
    for _ in range(60):
        page.reload()
        if not page.get_by_role("row").filter(has_text="Queued").count() + page.get_by_text("Sending").count():
            return
        time.sleep(0.5)


def shoot(page: Page, name: str) -> None:
    """Make one picture, when everything has come to rest."""
    page.wait_for_load_state("networkidle")
    page.mouse.move(0, 0)
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path, animations="disabled", caret="hide")
    print(path.relative_to(ROOT))


def picture(page: Page) -> None:
    """Make all pictures."""
    log_in(page)
    send_an_invoice(page)
    page.locator("#tabs .row-link").first.click()
    page.get_by_role("link", name="Attempts").wait_for()
    page.goto(f"{page.url}?tab=mail")
    page.locator(".mail-text").wait_for()
    shoot(page, "message")
    page.goto("/inbox/")
    shoot(page, "inbox")
    page.goto("/")
    shoot(page, "home")
    find(page, "/contacts/list/", "Priya Raman")
    shoot(page, "contact")
    find(page, "/customers/list/", CUSTOMER)
    shoot(page, "customer")
    page.emulate_media(color_scheme="dark")
    shoot(page, "customer-dark")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)
    shoot(page, "customer-phone")


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
        picture(page)
        browser.close()


if __name__ == "__main__":
    main()
