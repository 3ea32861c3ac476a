"""The messages list by state: counts in sight, what is due, how fast, why messages fail, and lanes that wait."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from app.core import clock
from app.extensions import db
from app.mailer.models import Lane, Message
from app.mailer.watching import queries
from app.mailer.watching.causes import NO_ANSWER, cause_of, without_own
from tests.conftest import actor
from tests.core import making
from tests.mailer.messages import queued
from tests.mailer.smtp_servers import Server, running, saying
from tests.mailer.test_delivery import drain, send_to

UNKNOWN = "550 5.1.1 …: Recipient address rejected: User unknown"


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ("550 5.1.1 <bob@x.example>: Recipient address rejected: User unknown", UNKNOWN),
        ("550 5.1.1 <eve@y.example>: Recipient address rejected: User unknown", UNKNOWN),
        ("550-5.1.1 The account bob@x.example\ndoes not exist 4XyZ12", "550 5.1.1 The account … does not exist …"),
        ("554 Blocked by mx7.example.net (see https://bl.example/?ip=1.2.3.4)", "554 Blocked by …"),
        ("552 5.3.4 Message size 12345 exceeds limit", "552 5.3.4 Message size … exceeds limit"),
        ('550 "Bob Jones" is away', "550 … is away"),
        ("The mail server didn't answer in time.", "The mail server didn't answer in time."),
        ("", NO_ANSWER),
        (None, NO_ANSWER),
        ("550", "550"),
    ],
)
def test_a_cause_has_codes_and_words_and_nothing_of_ones_own(answer, cause):
    assert cause_of(answer) == cause


def test_a_cause_fits_its_column_and_an_address():
    assert len(cause_of("550 5.1.1 " + "very long words " * 50)) <= 90


def test_a_server_s_words_are_shown_without_addresses():
    assert without_own("421 try <bob@x.example> later, 10.0.0.1") == "… try … later, …"


def count_of(page: str, state: str) -> str:
    found = re.search(rf'id="outbox-{state}".*?tab-count">([^<]*)<', page, re.DOTALL)
    return found.group(1)


@pytest.fixture
def filled(app):
    making.dealers("NORTH", "SOUTH")
    making.customer("AC1", dealer_code="NORTH")
    making.customer("AC2", dealer_code="SOUTH")
    queued(3, state="sent", next_attempt_at=None, sent_at=clock.now())
    queued(2, state="sent", next_attempt_at=None, sent_at=clock.now() - timedelta(minutes=30))
    queued(2, state="failed", next_attempt_at=None, failure_cause=UNKNOWN)
    queued(5, account="AC2", state="failed", next_attempt_at=None, failure_cause=UNKNOWN)
    queued(1, account="AC2", state="failed", next_attempt_at=None, failure_cause="554 Blocked")
    queued(1, account="AC2", next_attempt_at=clock.now() - timedelta(minutes=9))


def test_states_are_counted_within_sight(filled, login):
    page = login("finance").get("/messages/list/?state=failed").text
    assert [count_of(page, state) for state in ("sent", "failed", "queued", "held")] == ["5", "8", "1", "0"]
    assert re.search(r'id="outbox-failed"[^>]*aria-current="true"', page)
    assert "in the last minute: 3; in the last hour: 5" in page
    assert "Due the longest:" in page
    page = login("north_finance").get("/messages/list/").text
    assert [count_of(page, state) for state in ("sent", "failed", "queued", "held")] == ["5", "2", "0", "0"]
    assert "Nothing is due." in page
    assert "554 Blocked" not in page
    page = login("support").get("/messages/list/").text
    assert [count_of(page, state) for state in ("sent", "failed", "queued", "held")] == ["0"] * 4


def test_failures_are_grouped_by_cause_and_lead_to_their_messages(filled, login):
    assert [(cause, count.number) for cause, count in queries.causes(db.session(), actor())] == [
        (UNKNOWN, 7),
        ("554 Blocked", 1),
    ]
    page = login("finance").get("/messages/list/").text
    url = re.search(r'id="outbox-cause-2"\s+href="([^"]+)"', page).group(1)
    listed = login("finance").get(url).text
    assert listed.count('data-label="Address"') == 1
    assert "Cause: <strong>554 Blocked" in listed
    assert 'name="cause" value="554 Blocked"' in listed


def test_the_counts_are_capped(filled, monkeypatch):
    monkeypatch.setattr(queries, "COUNT_CAP", 4)
    counted = queries.counts(db.session(), actor(), now=clock.now())
    assert (counted["sent"], counted["failed"]) == (queries.Count(4, capped=True), queries.Count(4, capped=True))
    assert counted["queued"] == queries.Count(1)
    assert queries.causes(db.session(), actor())[0][1].capped


def test_a_failure_gets_its_cause_and_a_retry_takes_it_away(app):
    send_to("a@one.example", "b@two.example")
    server = Server()
    server.on_rcpt = saying("550 5.1.1 <a@one.example>: User unknown")
    with running(server) as port:
        drain(app, port)
    assert {one.failure_cause for one in making.messages()} == {"550 5.1.1 …: User unknown"}
    from app.mailer.service import retry_message

    making.run(retry_message, message_id=making.messages()[0].id)
    assert making.messages()[0].failure_cause is None


def test_lanes_that_wait_say_when_and_why(filled, login):
    soon = clock.now() + timedelta(minutes=3)
    db.session.add(
        Lane(
            closed_at=clock.now(), name="account", waits_until=soon, failures=2, answer="421 try <bob@x.example> later"
        )
    )
    db.session.add(
        Lane(closed_at=clock.now(), name="south.example", waits_until=soon, failures=1, answer="450 greylisted")
    )
    db.session.commit()
    page = login("finance").get("/messages/list/").text
    assert "The mail server is in trouble" in page
    assert "try … later" in page
    assert "bob@x.example" not in page
    assert "Mails to south.example wait" in page
    assert "south.example" not in login("north_finance").get("/messages/list/").text
    assert "Mail servers that wait" in login("finance").get("/").text


def test_it_looks_again_by_itself_while_something_is_under_way(filled, login):
    page = login("finance").get("/messages/list/?state=queued").text
    assert 'hx-get="/messages/list/?state=queued"' in page
    assert "every 15s" in page
    assert "every 15s" not in login("north_finance").get("/messages/list/").text


def test_every_page_says_that_all_mails_go_to_one_address(app, login, monkeypatch):
    settings = app.config["SETTINGS"]
    monkeypatch.setitem(app.config, "SETTINGS", type(settings)(**{**vars(settings), "redirect_all": "t@test.example"}))
    for path in ("/", "/customers/list/", "/messages/list/"):
        assert "Every mail goes to t@test.example" in login("auditor").get(path).text
    assert app.test_client().get("/health").json["outbox"] == "ok"


def test_a_purge_takes_the_cause_along(filled):
    from app.mailer.purging import purge_message

    number = db.session.scalar(db.select(Message.id).where(Message.failure_cause == "554 Blocked"))
    making.run(purge_message, message_id=number, reason="Retention")
    db.session.rollback()
    assert db.session.get(Message, number).failure_cause is None
