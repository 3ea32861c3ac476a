"""Rates: what is over waits and never fails, keeps nobody else waiting, and is counted together where Redis is."""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
from collections import Counter
from datetime import timedelta

import pytest

from app.core import clock
from app.extensions import db
from app.mailer import queries
from app.mailer.delivery import recovery, sending
from app.mailer.delivery.pace import Pace, pace_of
from app.mailer.models import ACCOUNT, Lane
from app.mailer.smtp.connection import connect
from tests.conftest import settings_for
from tests.core import making
from tests.faults.test_hostile_server import outbox
from tests.mailer.smtp_servers import Server, running

REDIS = os.environ.get("COUNTERPART_TEST_REDIS_URL", "redis://127.0.0.1:6379/0")


def drain(app, port, pace):
    state = app.extensions["mail"]
    state.server, state.port = "127.0.0.1", port
    with connect(app) as connection:
        return sending.drain(db.session, connection, worker="test", sender=None, stop=threading.Event(), pace=pace)


def sent_to():
    return Counter(address.partition("@")[2] for address, state in making.states().items() if state == "sent")


def test_a_domain_over_its_rate_waits_and_the_others_go_on(app):
    outbox(20, domains=2)
    with running(Server()) as port:
        assert drain(app, port, Pace(domain="3/hour")) == 6
        assert sent_to() == {"d0.example": 3, "d1.example": 3}
        assert drain(app, port, Pace(domain="3/hour")) == 0
    # Nothing has failed, nothing was tried: they are as they were.
    rest = [one for one in making.messages() if one.state != "sent"]
    assert {(one.state, len(one.attempts), one.claimed_by) for one in rest} == {("queued", 0, None)}
    assert {(one.name, one.failures) for one in db.session.query(Lane)} == {("d0.example", 0), ("d1.example", 0)}


def test_a_lane_over_its_rate_keeps_no_other_waiting(app):
    outbox(30, domains=1)
    making.send(making.invoice(making.billed("LAST", "last@other.example")))
    with running(Server()) as port:
        assert drain(app, port, Pace(domain="2/hour")) == 3
    assert sent_to() == {"d0.example": 2, "other.example": 1}


def test_a_short_wait_for_the_server_is_sat_out(app):
    outbox(12)
    began = time.monotonic()
    with running(Server()) as port:
        assert drain(app, port, Pace(account="5/second")) == 12
    assert 2.0 <= time.monotonic() - began < 6.0
    assert set(making.states().values()) == {"sent"}


def test_a_long_one_ends_the_round_and_is_written_down(app, logged):
    outbox(6)
    pace = Pace(account="4/hour")
    with running(Server()) as port:
        assert drain(app, port, pace) == 4
        slowed = next(json.loads(line) for line in logged().splitlines() if '"lanes_slowed"' in line)
        assert (slowed["lane"], slowed["count"]) == (ACCOUNT, 1)
        assert 3540 < slowed["seconds"] <= 3600
        (lane,) = db.session.query(Lane)
        assert lane.name == ACCOUNT
        assert timedelta(minutes=59) < lane.waits_until - clock.now() <= timedelta(hours=1)
        assert drain(app, port, pace) == 0
        # It opens by itself, and nothing probes it.
        with clock.frozen(clock.now() + timedelta(hours=1)):
            assert drain(app, port, Pace()) == 2


def test_what_is_over_its_rate_is_no_breach_of_health(app):
    with clock.frozen(clock.now() - timedelta(hours=1)):
        outbox(6, domains=1)
    with running(Server()) as port:
        drain(app, port, Pace(domain="2/hour"))
    assert queries.oldest_due(db.session(), now=clock.now()) is None
    with clock.frozen(clock.now() + timedelta(hours=1, minutes=1)):
        # And then only from when it had room again.
        assert clock.now() - queries.oldest_due(db.session(), now=clock.now()) < timedelta(minutes=2)
    with clock.frozen(clock.now() + timedelta(hours=1, minutes=10)):
        recovery.sweep(db.session, resend=True)
    assert db.session.query(Lane).count() == 0


def test_several_rates_hold_together():
    pace = Pace(account="100/hour; 3/second", domain="2/minute")
    assert [pace.take("a.example"), pace.take("a.example")] == [None, None]
    over = pace.take("a.example")
    assert over.lane == "a.example"
    assert 50 < over.seconds <= 60
    # What was refused is not counted against the server.
    assert pace.take("b.example") is None
    over = pace.take("b.example")
    assert over.lane == ACCOUNT
    assert over.seconds <= 1


def test_without_rates_nothing_is_counted():
    assert [Pace().take("a.example") for _ in range(1000)] == [None] * 1000


@pytest.mark.services
def test_workers_that_share_redis_count_together():
    domain = f"{uuid.uuid4().hex}.example"
    workers = [Pace(domain="7/hour", redis_url=REDIS) for _ in range(4)]
    passed = []

    def work(pace):
        passed.extend(pace.take(domain) is None for _ in range(10))

    threads = [threading.Thread(target=work, args=(pace,)) for pace in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (len(passed), sum(passed)) == (40, 7)


def test_without_redis_each_counts_by_itself_and_mails_go_on(caplog):
    pace = Pace(domain="2/hour", redis_url="redis://127.0.0.1:1/0")
    assert [pace.take("a.example") is None for _ in range(4)] == [True, True, False, False]
    assert sum("Redis does not answer" in record.getMessage() for record in caplog.records) == 1


def test_the_settings_make_the_pace(app, tmp_path, monkeypatch):
    monkeypatch.setitem(
        app.config,
        "SETTINGS",
        settings_for(tmp_path, COUNTERPART_MAIL_DOMAIN_RATE="1/hour", COUNTERPART_MAIL_RATE="9/hour"),
    )
    pace = pace_of(app)
    assert (pace.take("a.example"), pace.take("a.example").lane) == (None, "a.example")
    assert pace_of(app) is pace
