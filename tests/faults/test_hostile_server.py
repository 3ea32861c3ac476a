"""A server that misbehaves at each step: messages end sent, waiting, failed or uncertain; none lost, none twice."""

from __future__ import annotations

import os
import random
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.mailer.delivery import backoff, recovery
from app.mailer.delivery import sending as delivery
from app.mailer.models import Lane
from app.mailer.smtp.answers import Timeouts
from app.mailer.smtp.connection import connect
from tests.core import making
from tests.mailer.hostile_server import CLOSE, DRIP, HANG, MIDWAY, STEPS, TAKE_AND_CLOSE, Hostile, hostile

FULL = os.environ.get("COUNTERPART_TEST_FULL") == "1"
QUICK = Timeouts(connect=0.25, command=0.25, answer=0.25)
TICK = timedelta(seconds=10)
CODES = ("421", "450", "451", "452", "550", "552", "554")
WORDS = {
    "421": "421 4.3.2 Shutting down",
    "450": "450 4.2.1 The mailbox is busy",
    "451": "451 4.4.1 No answer from the host",
    "452": "452 4.3.1 Insufficient system storage",
    "550": "550 5.1.1 No such mailbox here",
    "552": "552 5.3.4 Too large a mail",
    "554": "554 5.7.1 Not wanted",
}
MISDEEDS = (CLOSE, HANG, DRIP)


class Worker:
    """One worker with its connection, whose clock goes in ticks."""

    def __init__(self, app, port):
        self.moment = datetime.now(UTC) + timedelta(days=1)
        self.mail = app.extensions["mail"]
        self.mail.server, self.mail.port = "127.0.0.1", port
        self.connection = connect(app, timeouts=QUICK)
        self.tried = 0

    def drain(self):
        """Do one round: sweep, and send what is due."""
        with clock.frozen(self.moment):
            recovery.sweep(db.session, resend=True)
            self.tried += delivery.drain(
                db.session, self.connection, worker="test", sender=None, stop=threading.Event()
            )

    def go_on(self, time, *, until=lambda: False, tick=TICK):
        """Let so much time pass, or less; return how much did."""
        begun = self.moment
        while self.moment < begun + time and not until():
            self.moment += tick
            self.drain()
        return self.moment - begun


@pytest.fixture
def worker(app):
    made = Worker(app, 0)
    yield made
    made.connection.close()
    made.mail.username = made.mail.password = None


def outbox(count, *, domains=4, each=40):
    """Put messages into the outbox whose domains alternate; return their addresses in the order that they leave in."""
    addresses = [f"p{number}@d{number % domains}.example" for number in range(count)]
    for first in range(0, count, each):
        part = addresses[first : first + each]
        making.send(making.invoice(making.billed(f"AC{first}", ", ".join(part))))
    return addresses


def all_settled():
    db.session.rollback()
    return set(making.states().values()) <= {"sent", "failed"}


def check(server):
    """Whatever was done to them: no message is lost, none was sent twice in silence."""
    messages = making.messages()
    assert set(server.accepted) <= {one.message_id for one in messages}
    for message in messages:
        accepted = server.accepted[message.message_id]
        tried = Counter(one.outcome for one in message.attempts)
        doubts = tried["uncertain"]
        # Each acceptance beyond the first was called uncertain before it was tried again.
        assert accepted <= tried["sent"] + doubts, message
        assert tried["sent"] <= 1
        if message.state == "sent":
            assert accepted >= 1
        elif message.state == "waiting":
            assert message.next_attempt_at is not None
            assert accepted <= doubts
        elif message.state == "failed":
            assert message.attempts[-1].answer[:1] in "45T", message.attempts[-1].answer
            assert accepted <= doubts
        else:
            assert message.state in {"queued", "uncertain"}, message.state
            assert message.state == "uncertain" or message.next_attempt_at is not None
        assert (message.lease_until, message.claimed_by) == (None, None)
    return Counter(one.state for one in messages)


def once(step, misdeed):
    """Misbehave at the first chance, and never again."""
    left = [misdeed]
    return lambda where, _recipient: left.pop() if where == step and left else None


def is_for_good(step, misdeed):
    """Tell whether one refusal is the end of one message."""
    return misdeed[:1] == "5" and step in {"mail", "rcpt", "data", "body"}


@pytest.mark.parametrize("extensions", [("SIZE 10000000",), ("SIZE 10000000", "PIPELINING", "8BITMIME")], ids=len)
@pytest.mark.parametrize("misdeed", [*CODES, *MISDEEDS, MIDWAY, TAKE_AND_CLOSE])
@pytest.mark.parametrize("step", STEPS)
def test_once(worker, step, misdeed, extensions):
    """One misdeed costs a message at most, and only one that was meant for good; all others leave within minutes."""
    if (misdeed == MIDWAY and step != "data") or (misdeed == TAKE_AND_CLOSE and step != "body"):
        pytest.skip("there is no such thing")
    outbox(6, domains=3)
    server = Hostile(once(step, WORDS.get(misdeed, misdeed)), extensions=extensions)
    with hostile(server) as port:
        worker.mail.port = port
        worker.drain()
        first, closed = Counter(making.states().values()), db.session.scalars(select(Lane.name)).all()
        took = worker.go_on(timedelta(minutes=10), until=all_settled)
    states = check(server)
    if is_for_good(step, misdeed):
        assert states == {"sent": 5, "failed": 1}
        failed = next(one for one in making.messages() if one.state == "failed")
        assert failed.attempts[-1].answer == WORDS[misdeed]
    else:
        assert states == {"sent": 6}
    assert took <= timedelta(minutes=10)
    assert sum(server.accepted.values()) == states["sent"] + (misdeed == TAKE_AND_CLOSE)
    doubts = any(tried.outcome == "uncertain" for one in making.messages() for tried in one.attempts)
    if misdeed != MIDWAY:
        # Whether the end of a mail was under way when the line was cut depends on how much the network had taken.
        assert doubts == (step == "body" and misdeed in {CLOSE, HANG, TAKE_AND_CLOSE})
    print(f"\n{step} | {misdeed} | {dict(first)} | {sorted(closed)} | {took.seconds} s")  # noqa: T201  a figure


@pytest.mark.parametrize("misdeed", [*CODES, *MISDEEDS, MIDWAY])
@pytest.mark.parametrize("step", ["rcpt", "data", "body"])
def test_one_recipient(worker, step, misdeed):
    """What a server has against one recipient delays nobody else: all other domains leave in the first round."""
    if misdeed == MIDWAY and step != "data":
        pytest.skip("there is no such thing")
    addresses = outbox(30, domains=6)
    bad = addresses[14]
    server = Hostile(lambda where, who: WORDS.get(misdeed, misdeed) if (where, who) == (step, bad) else None)
    with hostile(server) as port:
        worker.mail.port = port
        worker.drain()
        first = Counter(making.states().values())
        assert first["sent"] >= 25
        if WORDS.get(misdeed, "4")[0] == "5":
            # A plain refusal delays not even those of the same domain.
            assert first == {"sent": 29, "failed": 1}
        worker.go_on(timedelta(minutes=10), until=lambda: list(making.states().values()).count("sent") >= 29)
    states = check(server)
    assert states["sent"] >= 29
    mine = next(one for one in making.messages() if one.address == bad)
    if misdeed == DRIP:
        assert mine.state == "sent"
    else:
        assert mine.state == ("failed" if misdeed[0] == "5" else mine.state) != "sent"


@pytest.mark.parametrize("place", [0, 57, 99])
@pytest.mark.parametrize("what", ["refused for good", "refused for a while", "cut off", "can't be made"])
def test_one_bad_in_a_hundred(worker, what, place):
    """Wherever it stands: all others leave in the first round, and the bad one says why it did not."""
    bad = outbox(100, domains=100)[place]
    words = {"refused for good": WORDS["550"], "refused for a while": WORDS["450"], "cut off": CLOSE}.get(what)
    if words is None:
        with making.unaudited(), unit_of_work(db.session) as work:
            work.merge(making.messages()[place]).address = "no address at all"
    server = Hostile(lambda where, who: words if (where, who) == ("rcpt", bad) else None)
    with hostile(server) as port:
        worker.mail.port = port
        worker.drain()
    states = {"refused for good": "failed", "can't be made": "held"}
    assert Counter(making.states().values()) == {"sent": 99, states.get(what, "waiting"): 1}
    assert len(server.accepted) == 99


AWAY = {
    "refused": None,
    "hanging": lambda step, _: HANG if step == "greeting" else None,
    "greets with 554": lambda step, _: "554 5.3.2 No service" if step == "greeting" else None,
    "greets with 421": lambda step, _: WORDS["421"] if step == "greeting" else None,
    "refuses the login": lambda step, _: "535 5.7.8 Wrong password" if step == "auth" else None,
    "421 at MAIL": lambda step, _: WORDS["421"] if step == "mail" else None,
    "452 at MAIL": lambda step, _: WORDS["452"] if step == "mail" else None,
    "421 at RCPT": lambda step, _: WORDS["421"] if step == "rcpt" else None,
    "452 at RCPT": lambda step, _: WORDS["452"] if step == "rcpt" else None,
    "451 after the mail": lambda step, _: WORDS["451"] if step == "body" else None,
    "closes mid-mail": lambda step, _: MIDWAY if step == "data" else None,
    "hangs at DATA": lambda step, _: HANG if step == "data" else None,
}


@pytest.mark.slow
@pytest.mark.parametrize("how", AWAY)
def test_an_hour_away(worker, how):
    """Two hundred messages and a server that is away for an hour: nothing fails, and all leave when it is back."""
    outbox(200, domains=8)
    login = ("AUTH PLAIN LOGIN",) if "login" in how else ()
    server = Hostile(AWAY[how], extensions=("SIZE 10000000", *login))
    worker.mail.username, worker.mail.password = ("me", "hush") if login else (None, None)
    with hostile(server) as port:
        worker.mail.port = port
        if how != "refused":
            worker.drain()
            worker.go_on(timedelta(hours=1), tick=timedelta(seconds=30))
    if how == "refused":
        worker.drain()
        worker.go_on(timedelta(hours=1))
    assert set(making.states().values()) <= {"queued", "waiting", *(["uncertain"] if how == "closes mid-mail" else [])}
    # One message probes at a time for each lane, less and less often.
    assert worker.tried <= 9 * 20
    server.misbehave = lambda _step, _recipient: None
    server.stopped.clear()
    with hostile(server, port=port):
        took = worker.go_on(timedelta(minutes=10), until=all_settled)
    assert check(server) == {"sent": 200}
    assert set(server.accepted.values()) == {1}
    print(f"\naway, {how}: {worker.tried - 200} tries in vain, all out after {took}")  # noqa: T201  a figure


def test_a_server_that_takes_and_hangs_up_fills_no_mailbox(worker):
    """It takes each mail and never says so: each is sent a few times, and then left to a person."""
    outbox(2, domains=2)
    server = Hostile(lambda step, _: TAKE_AND_CLOSE if step == "body" else None)
    with hostile(server) as port:
        worker.mail.port = port
        worker.drain()
        worker.go_on(timedelta(hours=8), tick=timedelta(minutes=1))
    assert check(server) == {"uncertain": 2}
    assert set(server.accepted.values()) == {backoff.MOST_COPIES}


def test_what_no_server_takes_is_not_sent_at_all(worker):
    """The size that the server declares (RFC 1870) is compared first: the message fails with both figures."""
    outbox(2)
    server = Hostile(extensions=("SIZE 3000",))
    with hostile(server) as port:
        worker.mail.port = port
        worker.drain()
    assert check(server) == {"failed": 2}
    (tried,) = making.messages()[0].attempts
    assert tried.answer.startswith("The mail has ")
    assert tried.answer.endswith(" bytes; the mail server takes 3000.")
    assert server.mails_begun == []


def test_a_slow_server_costs_nothing_but_time(worker):
    outbox(10)
    server = Hostile(lambda _step, _: DRIP)
    with hostile(server) as port:
        worker.mail.port = port
        worker.drain()
    assert check(server) == {"sent": 10}


def chaos(seed, *, bad):
    """Misbehave at random, with this share of all answers."""
    chance = random.Random(seed)  # noqa: S311  # no secret
    choices = {
        step: [*WORDS.values(), CLOSE, HANG, DRIP, *([MIDWAY] if step == "data" else [])]
        + ([TAKE_AND_CLOSE] * 3 if step == "body" else [])
        for step in (*STEPS, "auth")
    }
    return lambda step, _recipient: chance.choice(choices[step]) if chance.random() < bad else None


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12 if FULL else 2))
def test_all_at_random(worker, seed):
    """A soak: an hour of everything at random, then a day of peace."""
    count = 400 if FULL else 80
    outbox(count, domains=10)
    server = Hostile(chaos(seed, bad=0.08))
    with hostile(server) as port:
        worker.mail.port = port
        worker.drain()
        worker.go_on(timedelta(hours=1), tick=timedelta(seconds=60))
        check(server)
        server.misbehave = lambda _step, _recipient: None
        worker.go_on(timedelta(hours=12), until=all_settled, tick=timedelta(minutes=5))
    states = check(server)
    assert set(states) <= {"sent", "failed"}
    for message in making.messages():
        if message.state == "failed":
            assert message.attempts[-1].answer[0] == "5"
    copies = sum(server.accepted.values()) - len(server.accepted)
    print(f"\nseed {seed}: {dict(states)}, {copies} copies more, each called uncertain")  # noqa: T201  a figure
