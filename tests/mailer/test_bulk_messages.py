"""Many messages tried again or cancelled: asked first, some at a time, a result for each, within sight and rights."""

from __future__ import annotations

import re
from html import unescape

import pytest

from app.core import clock
from app.extensions import db
from app.mailer.models import Message
from app.mailer.screens import outbox_bulk
from tests.core import making
from tests.mailer.messages import queued
from tests.mailer.test_delivery import send_to

RETRY, CANCEL = "/messages/many/retry", "/messages/many/cancel"
GOES_ON = 'hx-trigger="load, submit"'


def hidden(page: str) -> dict[str, list[str]]:
    """Return the hidden inputs of a page's form, as they would be posted."""
    form = re.search(r"<main.*?(<form.*?</form>)", page, re.DOTALL).group(1)
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'name="(\w+)"\s+value="([^"]*)"', form):
        found.setdefault(name, []).append(unescape(value))
    return found


def states(*ids: int) -> list[str]:
    db.session.rollback()
    return [db.session.get_one(Message, number).state for number in ids]


@pytest.fixture
def failed(app):
    making.dealers("NORTH", "SOUTH")
    send_to("a@one.example", "b@two.example", "c@three.example", account="AC1", dealer_code="NORTH")
    send_to("d@four.example", account="AC2", dealer_code="SOUTH")
    ids = [one.id for one in making.messages()]
    for before in ("sending", "failed"):
        db.session.execute(db.update(Message.__table__).values(state=before, next_attempt_at=None))
    db.session.commit()
    return ids


def test_it_asks_first_and_then_says_what_came_of_each(failed, login):
    page = login("finance").post(RETRY, data={"state": "", "rowid": [failed[0], failed[3]]})
    assert "Try 2 messages again?" in page.text
    assert states(*failed) == ["failed"] * 4
    before = len(making.trail())
    done = login("finance").post(RETRY, data=hidden(page.text)).text
    assert "2 of 2 changed." in done
    assert done.count("Tried again") == 2
    assert states(*failed) == ["queued", "failed", "failed", "queued"]
    # Each has its own entry, as if somebody had done it one by one.
    assert [one.verb for one in making.trail()[before:]].count("message:retried") == 2
    again = login("finance").post(RETRY, data=hidden(page.text)).text
    assert "0 of 2 changed." in again
    assert "A message that is queued can&#39;t be tried again." in again


def test_all_that_match_go_some_at_a_time(failed, login, monkeypatch):
    monkeypatch.setattr(outbox_bulk, "CHUNK", 2)
    finance = login("finance")
    page = finance.post(RETRY, data={"state": "state=failed", "everything": "1"})
    assert "Try 4 messages again?" in page.text
    # Made after somebody was asked: it is none of those that were meant.
    (later,) = queued(state="failed", next_attempt_at=None)
    page = finance.post(RETRY, data=hidden(page.text)).text
    assert "2 of 4 done" in page
    assert states(*failed) == ["queued", "queued", "failed", "failed"]
    assert GOES_ON in page
    page = finance.post(RETRY, data=hidden(page)).text
    if GOES_ON in page:
        page = finance.post(RETRY, data=hidden(page)).text
    assert "4 of 4 changed." in page
    assert GOES_ON not in page
    assert states(*failed, later) == ["queued"] * 4 + ["failed"]


def test_cancelling_leaves_alone_what_can_not_be_cancelled(app, login):
    ids = [*queued(2), *queued(1, state="sent", next_attempt_at=None, sent_at=clock.now())]
    page = login("finance").post(CANCEL, data={"state": "", "rowid": ids})
    done = login("finance").post(CANCEL, data=hidden(page.text)).text
    assert "2 of 3 changed." in done
    assert "A message that is sent can&#39;t be cancelled." in done
    assert states(*ids) == ["cancelled", "cancelled", "sent"]


def test_nobody_touches_what_is_out_of_sight_or_not_theirs(failed, login):
    for name in ("support", "auditor"):
        answer = login(name).post(RETRY, data={"state": "", "rowid": failed})
        assert answer.status_code in (302, 403, 422)
    page = login("north_finance").post(RETRY, data={"state": "", "rowid": failed})
    assert "Try 3 messages again?" in page.text
    given = {**hidden(page.text), "rowid": failed, "until": "99999"}
    done = login("north_finance").post(RETRY, data=given).text
    assert "d@four.example" not in done
    assert states(*failed) == ["queued", "queued", "queued", "failed"]


def test_bad_input_is_refused(failed, login):
    finance = login("finance")
    assert finance.post(RETRY, data={"state": ""}).status_code == 422
    assert finance.post(RETRY, data={"state": "order=nothing", "everything": "1"}).status_code == 400
    fine = {"state": "", "rowid": failed, "confirmed": "1", "after": "0", "until": "99", "total": "4", "done": "0"}
    for name, value in (("after", "x"), ("until", "-1"), ("changed", "9" * 30), ("changed", "")):
        assert finance.post(RETRY, data={**fine, "changed": "0", name: value}).status_code == 400
    assert states(*failed) == ["failed"] * 4


def test_too_many_are_refused(failed, login, monkeypatch):
    monkeypatch.setattr(outbox_bulk, "MAX_ROWS", 3)
    answer = login("finance").post(RETRY, data={"state": "", "everything": "1"})
    assert answer.status_code == 422
    assert "at most. Narrow the list first." in answer.text


def test_the_list_offers_it_to_those_who_may(failed, login):
    assert RETRY in login("finance").get("/messages/list/").text
    assert RETRY not in login("auditor").get("/messages/list/").text
