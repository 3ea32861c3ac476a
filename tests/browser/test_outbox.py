"""The outbox in the browser: its figures, many messages tried again, and the pause; as finance and as administrator."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

FAILED = 120
CAUSE = "550 5.1.1 …: User unknown"


@pytest.fixture(scope="module")
def failed(demo, records):
    """Put messages beside those of the demo that a server has refused."""
    with closing(sqlite3.connect(demo.folder / "counterpart.sqlite", timeout=30)) as database, database:
        names = [row[1] for row in database.execute("PRAGMA table_info(message)") if row[1] != "id"]
        own = {
            "state": "'failed'",
            "failure_cause": f"'{CAUSE}'",
            "message_id": "'<failed-' || n.n || '@row.example>'",
            "revision": "1000 + n.n",
            "sent_at": "NULL",
            "next_attempt_at": "NULL",
            "content_digest": "NULL",
        }
        values = ", ".join(own.get(name, f"m.{name}") for name in names)
        numbers = f"WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {FAILED})"  # noqa: S608
        one = "(SELECT * FROM message WHERE state = 'sent' AND purged_at IS NULL ORDER BY id LIMIT 1) m"
        database.execute(f"INSERT INTO message ({', '.join(names)}) {numbers} SELECT {values} FROM n, {one}")  # noqa: S608
    return FAILED


def wide(page) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})


def test_finance_tries_many_again(watch, failed):
    seen = watch("finance")
    page = seen.page
    assert seen.look_at("/messages/list/") == []
    wide(page)
    expect(page.locator("#outbox-failed")).to_contain_text(str(failed))
    expect(page.locator(".outbox .btn")).to_have_count(0)
    page.get_by_role("link", name=CAUSE, exact=True).click()
    expect(page).to_have_url(re.compile("cause="))
    expect(page.locator("#chip-cause")).to_contain_text("User unknown")
    expect(page.get_by_role("link", name=CAUSE, exact=True)).to_have_attribute("aria-current", "true")
    page.locator("#filter-state").select_option("failed")
    expect(page.locator("#outbox-failed")).to_have_attribute("aria-current", "true")
    expect(page).to_have_url(re.compile("cause="))
    page.get_by_label("All that match").check()
    page.get_by_role("button", name="Actions for the chosen").click()
    page.get_by_role("button", name="Retry", exact=True).click()
    expect(page.get_by_text(f"Try {failed} messages again?")).to_be_visible()
    assert seen.look() == []
    wide(page)
    page.get_by_role("button", name="Retry", exact=True).click()
    expect(page.locator("#many-progress").get_by_text(f"{failed} of {failed} changed.")).to_be_visible(timeout=60_000)
    expect(page.locator("#many-outcomes tr")).to_have_count(failed)
    assert seen.look() == []


def test_an_administrator_pauses_and_resumes(watch, failed):
    admin, finance = watch("admin"), watch("finance")
    page = admin.page
    page.goto("/messages/list/")
    wide(page)
    page.get_by_role("link", name="Pause the outbox").click()
    page.get_by_role("button", name="Pause the outbox").click()
    expect(page.locator("[data-error-summary]")).to_be_focused()
    page.get_by_label("Reason").fill("The mail server moves")
    page.get_by_role("button", name="Pause the outbox").click()
    expect(page.get_by_text("The outbox is paused.", exact=True)).to_be_visible()
    for seen, path in ((admin, "/messages/list/"), (finance, "/"), (admin, "/messages/resume")):
        assert seen.look_at(path) == []
        expect(seen.page.get_by_text("The mail server moves").first).to_be_visible()
    wide(page)
    page.get_by_label("Reason").fill("It has moved")
    page.get_by_role("button", name="Resume the outbox").click()
    expect(page.get_by_role("link", name="Pause the outbox")).to_be_visible()
    finance.page.goto("/")
    expect(finance.page.get_by_text("The mail server moves")).to_have_count(0)


def test_the_figures_follow_by_themselves_and_not_while_nobody_looks(watch, demo, failed):
    with closing(sqlite3.connect(demo.folder / "counterpart.sqlite", timeout=30)) as database, database:
        later = "2099-01-01 00:00:00.000000"
        database.execute("UPDATE message SET state = 'cancelled' WHERE state = 'held'")
        database.execute(
            "UPDATE message SET state = 'queued', next_attempt_at = ? WHERE id IN"
            " (SELECT id FROM message WHERE state = 'cancelled' LIMIT 1)",
            (later,),
        )
    page = watch("finance").page
    page.goto("/messages/list/?q=nothing-is-called-this")
    expect(page.locator("#list-above")).to_have_attribute("hx-trigger", "every 15s")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(17_000)
    assert [url for url in asked if "/messages/list/" in url] != []
    page.evaluate("Object.defineProperty(document, 'hidden', {configurable: true, get: () => true})")
    asked.clear()
    page.wait_for_timeout(17_000)
    assert [url for url in asked if "/messages/list/" in url] == []
