"""Lanes: what waits for one domain, or for the server, waits untouched; one message probes each; others go on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest
from sqlalchemy import select, update

from app.core import clock
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.mailer import purging, queries
from app.mailer.delivery import due, lanes, recovery
from app.mailer.delivery.claims import claim
from app.mailer.models import ACCOUNT, Lane, Message
from app.mailer.service import retry_message
from tests.core import making
from tests.faults.test_hostile_server import Worker, outbox
from tests.mailer.hostile_server import Hostile, hostile

SOON = timedelta(seconds=16)
THROTTLED = "451 4.7.1 You send too fast"


@pytest.fixture
def worker(app):
    made = Worker(app, 0)
    yield made
    made.connection.close()


def at(domain, words, *, step="rcpt"):
    """Misbehave to the recipients of one domain."""
    return lambda where, who: words if where == step and who.endswith(f"@{domain}") else None


def states_of(domain):
    return [state for address, state in making.states().items() if address.endswith(f"@{domain}")]


def close(name, *, ago=timedelta(0)):
    with clock.frozen(clock.now() - ago), unit_of_work(db.session) as work:
        lanes.close_lane(work, "451 4.4.1 No answer", name=name)


def lane(name):
    db.session.rollback()
    return db.session.get(Lane, name)


def taken(worker="one", size=100):
    """Claim; return the addresses."""
    return [one.address for one in claim(db.session, worker=worker, sender=None, size=size).claimed]


def test_a_message_knows_its_domain_by_its_normalised_address(app):
    making.send(making.invoice(making.billed(email="a@BÜCHER.example, b@Acme.Example")))
    assert {one.address: one.address_domain for one in making.messages()} == {
        "a@BÜCHER.example": "xn--bcher-kva.example",
        "b@Acme.Example": "acme.example",
    }


def test_only_the_domain_in_trouble_waits(worker):
    outbox(40, domains=4)
    server = Hostile(at("d1.example", THROTTLED))
    with hostile(server) as port:
        worker.mail.port = port
        worker.drain()
        assert {name: set(states_of(f"d{name}.example")) for name in (0, 2, 3)} == {
            name: {"sent"} for name in (0, 2, 3)
        }
        assert states_of("d1.example") == ["waiting", *["queued"] * 9]
        assert worker.tried == 31
        due_at = [one.next_attempt_at for one in making.messages() if one.state == "queued"]
        worker.go_on(timedelta(minutes=5))
        # One message at a time has tried it, the others are as they were.
        queued = [one for one in making.messages() if one.state == "queued"]
        assert [one.next_attempt_at for one in queued] == due_at[-len(queued) :]
        assert all(not one.attempts for one in queued)
        assert 35 <= worker.tried <= 37
        server.misbehave = lambda _step, _recipient: None
        worker.go_on(timedelta(minutes=10), until=lambda: set(making.states().values()) == {"sent"})
    assert set(making.states().values()) == {"sent"}
    assert set(server.accepted.values()) == {1}
    assert lane("d1.example") is None


def test_a_mailbox_that_is_busy_closes_no_lane_and_opens_one(worker):
    outbox(4, domains=1)
    close("d0.example")
    server = Hostile(lambda step, who: "450 4.2.1 Busy" if (step, who) == ("rcpt", "p0@d0.example") else None)
    with hostile(server) as port:
        worker.mail.port = port
        worker.drain()
    assert states_of("d0.example") == ["waiting", "sent", "sent", "sent"]
    assert lane("d0.example") is None


def test_trouble_with_two_domains_in_a_row_is_the_servers(worker):
    outbox(12, domains=6)
    server = Hostile(lambda step, _: "452 4.3.1 Disk full" if step == "rcpt" else None)
    with hostile(server) as port:
        worker.mail.port = port
        worker.drain()
    assert worker.tried == 2
    assert lane(ACCOUNT).failures == 1
    assert {one.name for one in db.session.scalars(select(Lane))} == {ACCOUNT, "d0.example", "d1.example"}


def test_a_sender_that_is_refused_costs_two_messages_and_not_the_whole_run(worker):
    outbox(20)
    server = Hostile(lambda step, _: "550 5.7.1 Sender refused" if step == "mail" else None)
    with hostile(server) as port:
        worker.mail.port = port
        worker.drain()
    assert sorted(making.states().values()) == ["failed"] * 2 + ["queued"] * 18
    assert lane(ACCOUNT).answer == "550 5.7.1 Sender refused"


@pytest.mark.usefixtures("app")
class TestProbing:
    def test_eight_workers_probe_the_server_by_one_message(self, app):
        outbox(30)
        close(ACCOUNT, ago=SOON)
        batches = making.at_once(app, [lambda name=name: taken(f"w{name}") for name in range(8)])
        assert list(chain(*batches)) == ["p0@d0.example"]
        assert taken("another") == []
        assert lane(ACCOUNT).probe_until is not None

    def test_eight_workers_probe_each_domain_by_one_message(self, app):
        outbox(30, domains=3)
        for name in ("d0.example", "d1.example"):
            close(name, ago=SOON)
        close("d2.example")
        batches = making.at_once(app, [lambda name=name: taken(f"w{name}") for name in range(8)])
        assert sorted(chain(*batches)) == ["p0@d0.example", "p1@d1.example"]

    def test_others_go_on_beside_a_probe(self):
        outbox(8, domains=2)
        close("d0.example", ago=SOON)
        assert sorted(taken()) == ["p0@d0.example", *(f"p{number}@d1.example" for number in (1, 3, 5, 7))]

    def test_the_probe_of_a_dead_worker_is_given_back(self):
        outbox(4)
        close(ACCOUNT, ago=SOON)
        assert taken("dead") == ["p0@d0.example"]
        assert taken("other") == []
        recovery.recover(db.session, worker="dead")
        assert taken("other") == ["p0@d0.example"]
        with clock.frozen(clock.now() + lanes.LONGEST_PROBE):
            # Nobody knows of this death: after the longest that a probe can take, another does it.
            assert taken("third") == ["p1@d1.example"]

    def test_no_message_no_probe(self):
        close(ACCOUNT, ago=SOON)
        close("d0.example", ago=SOON)
        assert taken() == []
        assert (lane(ACCOUNT).probed_by, lane("d0.example").probed_by) == (None, None)

    def test_the_servers_probe_may_be_that_of_a_domain(self):
        outbox(4, domains=1)
        close(ACCOUNT, ago=SOON)
        close("d0.example", ago=SOON)
        assert taken() == ["p0@d0.example"]
        assert lane(ACCOUNT).probed_by == lane("d0.example").probed_by == "one"

    def test_a_probe_that_is_cut_off_closes_the_server_again(self, worker):
        outbox(4)
        close(ACCOUNT, ago=timedelta(seconds=30))
        worker.moment = clock.now()
        with hostile(Hostile(lambda step, _: "close" if step == "rcpt" else None)) as port:
            worker.mail.port = port
            worker.drain()
        assert lane(ACCOUNT).failures == 2
        assert worker.tried == 1

    def test_a_person_may_ask_for_a_try_and_the_lane_still_waits(self, worker):
        outbox(2, domains=1)
        with hostile(Hostile(at("d0.example", THROTTLED))) as port:
            worker.mail.port = port
            worker.drain()
            with clock.frozen(worker.moment):
                making.run(retry_message, message_id=making.messages()[0].id)
            worker.drain()
        assert worker.tried == 1
        assert states_of("d0.example") == ["queued", "queued"]


@pytest.mark.usefixtures("app")
class TestClosing:
    def test_what_several_have_in_hand_is_one_failure(self):
        close(ACCOUNT)
        close(ACCOUNT)
        assert (lane(ACCOUNT).failures, lane(ACCOUNT).answer) == (1, "451 4.4.1 No answer")

    def test_pauses_grow_to_five_minutes(self):
        moment, pauses = clock.now(), []
        for _ in range(7):
            with clock.frozen(moment), unit_of_work(db.session) as work:
                until = lanes.close_lane(work, "No connection")
            pauses.append((until - moment).total_seconds())
            moment = until
        assert pauses == [15, 30, 60, 120, 300, 300, 300]

    def test_an_answer_from_before_opens_nothing(self):
        close("d0.example")
        with unit_of_work(db.session) as work:
            lanes.reopen_lanes(work, {"d0.example": clock.now() - timedelta(minutes=1)}, worker="one")
        assert lane("d0.example") is not None
        with unit_of_work(db.session) as work:
            lanes.reopen_lanes(work, {"d0.example": clock.now()}, worker="one")
        assert lane("d0.example") is None

    def test_workers_that_note_the_same_trouble_at_once(self, app):
        results = making.at_once(app, [lambda: close("d0.example")] * 6)
        assert making.codes(results) == ["ok"] * 6
        assert lane("d0.example").failures == 1


@pytest.mark.usefixtures("app")
class TestManyThatWait:
    """Thousands wait for a lane that is shut, and have been due longest: what else is due leaves all the same."""

    @pytest.fixture(autouse=True)
    def crowd(self, app, monkeypatch):  # noqa: ARG002  the database comes first
        monkeypatch.setattr(due, "HEAD", 10)
        outbox(60, domains=3)
        long_ago = datetime(2026, 1, 1, tzinfo=UTC)
        with unit_of_work(db.session) as work:
            shut = Message.address_domain == "d1.example"
            work.execute(update(Message).where(shut).values(next_attempt_at=long_ago))
        close("d1.example")

    def test_the_others_leave(self):
        assert {address.partition("@")[2] for address in taken(size=30)} == {"d0.example", "d2.example"}
        assert len(taken(size=30)) == 10
        assert taken(size=30) == []

    def test_those_that_are_due_later_wait_on(self):
        with unit_of_work(db.session) as work:
            later = Message.address_domain == "d2.example"
            work.execute(update(Message).where(later).values(next_attempt_at=clock.now() + timedelta(hours=1)))
        assert {address.partition("@")[2] for address in taken(size=60)} == {"d0.example"}

    def test_workers_share_them(self, app):
        batches = making.at_once(app, [lambda name=name: taken(f"w{name}", size=10) for name in range(4)])
        found = list(chain(*batches))
        assert len(found) == len(set(found))
        assert "d1.example" not in {address.partition("@")[2] for address in found}


@pytest.mark.usefixtures("app")
class TestWhatPeopleSee:
    def test_lanes_that_wait_with_what_waits_for_them(self):
        outbox(9, domains=3)
        close("d1.example")
        close(ACCOUNT)
        with unit_of_work(db.session) as work:
            lanes.slow_lanes(work, {"d2.example": clock.now() + timedelta(minutes=1)}, answer="over its rate")
            lanes.slow_lanes(work, {"d0.example": clock.now() - timedelta(minutes=1)}, answer="over its rate")
        found = queries.lanes_that_wait(db.session(), now=clock.now())
        assert [(one.name, one.failures, one.messages, one.is_probed) for one in found] == [
            (ACCOUNT, 1, 9, False),
            ("d1.example", 1, 3, False),
            ("d2.example", 0, 3, False),
        ]
        assert found[1].answer == "451 4.4.1 No answer"

    def test_what_waits_for_a_lane_is_not_overdue(self):
        with clock.frozen(clock.now() - timedelta(hours=1)):
            outbox(6, domains=3)
        now = clock.now()

        def oldest():
            db.session.rollback()
            return queries.oldest_due(db.session(), now=clock.now())

        assert oldest() <= now - timedelta(hours=1)
        for name in ("d0.example", "d1.example"):
            close(name)
        assert oldest() <= now - timedelta(hours=1)
        close("d2.example", ago=timedelta(minutes=5))
        # Its wait is over, and nobody has tried it since: that is what a monitor wants to know.
        assert timedelta(minutes=4) < now - oldest() < timedelta(minutes=5)
        assert taken("one") == ["p2@d2.example"]
        assert oldest() is None
        close(ACCOUNT)
        assert oldest() is None


@pytest.mark.usefixtures("app")
def test_a_purge_leaves_no_domain():
    outbox(1)
    (message,) = making.messages()
    with making.unaudited(), unit_of_work(db.session) as work:
        purging._wipe(work, work.merge(message))
    assert making.messages()[0].address_domain == ""
