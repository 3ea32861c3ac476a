"""Celery over RabbitMQ and Redis: mail leaves at once, a broker that goes loses nothing, and neither does a worker."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from email import message_from_bytes
from pathlib import Path

import pytest

from app.extensions import db
from app.mailer import jobs, queries
from app.mailer.engines import wakeups
from tests.conftest import PASSWORD
from tests.core import making
from tests.faults.brokers import RabbitMQ, Redis
from tests.faults.celery_processes import Worker, application, until, workers
from tests.faults.mortal_worker import BATCH, STEPS
from tests.faults.test_kills import check as check_deaths
from tests.mailer.smtp_servers import Server, running

pytestmark = pytest.mark.services
# So rarely that it plays no part: what leaves was told of by the broker.
NEVER = ("--timer", "3600")
KINDS = {"rabbitmq": RabbitMQ, "redis": Redis}


class Slow(Server):
    """Takes a moment for each mail, and notes how many it took at the same time at most."""

    seconds = 0.005
    at_once = most_at_once = 0

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  # aiosmtpd's name
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.seconds)
        self.at_once -= 1
        return await super().handle_DATA(server, session, envelope)


@pytest.fixture(scope="module", params=KINDS)
def broker(request, tmp_path_factory):
    """Return a broker that only this module uses."""
    running_broker = KINDS[request.param](tmp_path_factory.mktemp("broker") / "data").start()
    yield running_broker
    running_broker.stop()


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    """Return the broker that starts the quickest, for what is the same with each."""
    running_broker = Redis(tmp_path_factory.mktemp("broker") / "data").start()
    yield running_broker
    running_broker.stop()


def enqueue(account, addresses):
    """Put an invoice for so many addresses into the outbox."""
    emails = ", ".join(f"p{one}@{account.lower()}.example" for one in range(addresses))
    making.send(making.invoice(making.billed(account, emails)))
    db.session.remove()


def all_sent():
    return set(making.states().values()) == {"sent"}


def ready(worker):
    """Wait until a worker has its processes, and has heard of the broker."""
    until(worker.children, why=worker.said)
    until(lambda: queries.last_heartbeat(db.session()) or db.session.rollback(), why=worker.said)
    db.session.remove()
    return worker


def check_each_once(server):
    accepted = Counter(message_from_bytes(content)["Message-ID"] for _, _, content in server.mails)
    assert set(accepted.values()) == {1}
    assert set(accepted) == {one.message_id for one in making.messages()}


def test_what_is_sent_by_screen_leaves_at_once(broker, tmp_path):
    server = Server()
    with running(server) as port, application(tmp_path, broker.url, port) as app:
        invoice_id = making.invoice(making.billed(email="one@acme.example, two@acme.example"))
        db.session.remove()
        with workers(Worker(app, tmp_path, *NEVER)) as (worker,):
            ready(worker)
            browser = app.test_client()
            browser.post("/login/", data={"username": "finance", "password": PASSWORD})
            page = browser.get(f"/invoices/{invoice_id}/send")
            assert page.status_code == 200, page.text
            fingerprint = page.text.split('name="fingerprint" value="')[1].split('"')[0]
            answer = browser.post(f"/invoices/{invoice_id}/send", data={"action": "send", "fingerprint": fingerprint})
            assert answer.status_code == 302, answer.text
            until(all_sent, seconds=10, why=worker.said)
            assert worker.stop() == 0
        check_each_once(server)


def test_a_stop_finishes_the_mail_in_hand_and_returns_the_rest(redis, tmp_path):
    server = Slow()
    server.seconds = 1
    with running(server) as port, application(tmp_path, redis.url, port) as app:
        with workers(Worker(app, tmp_path, "--processes", 1)) as (worker,):
            ready(worker)
            enqueue("AC1", 20)
            until(lambda: server.senders, why=worker.said)
            assert worker.stop() == 0
        states = Counter(making.states().values())
        assert set(states) == {"sent", "queued"}
        assert states["sent"] == len(server.mails) == len(server.senders)
        assert {one.claimed_by for one in making.messages()} == {None}


def test_neither_does_a_stop_of_all_its_processes_at_once_cut_a_mail(redis, tmp_path):
    """As systemd does, unless told otherwise."""
    server = Slow()
    server.seconds = 1
    with running(server) as port, application(tmp_path, redis.url, port) as app:
        with workers(Worker(app, tmp_path)) as (worker,):
            ready(worker)
            enqueue("AC1", 20)
            until(lambda: server.senders, why=worker.said)
            os.killpg(worker.process.pid, signal.SIGTERM)
            worker.process.wait(30)
        states = Counter(making.states().values())
        assert set(states) == {"sent", "queued"}
        assert states["sent"] == len(server.mails) == len(server.senders)


def test_a_main_process_that_is_killed_cuts_no_mail(redis, tmp_path):
    server = Slow()
    server.seconds = 1
    with running(server) as port, application(tmp_path, redis.url, port) as app:
        with workers(Worker(app, tmp_path, "--processes", 1)) as (worker,):
            ready(worker)
            (child,) = worker.children()
            enqueue("AC1", 20)
            until(lambda: server.senders, why=worker.said)
            os.kill(worker.process.pid, signal.SIGKILL)
            worker.process.wait(20)
            until(lambda: not Path(f"/proc/{child}").exists(), seconds=20)
        states = Counter(making.states().values())
        assert set(states) == {"sent", "queued"}
        assert states["sent"] == len(server.mails) == len(server.senders)


def test_eight_processes_send_each_of_three_thousand_messages_once(broker, tmp_path):
    server = Slow()
    with running(server) as port, application(tmp_path, broker.url, port) as app:
        for number in range(30):
            enqueue(f"AC{number}", 100)
        with workers(*(Worker(app, tmp_path, "--processes", 4) for _ in range(2))) as both:
            until(all_sent, seconds=300, why=both[0].said)
            assert [one.stop() for one in both] == [0, 0]
        check_each_once(server)
        # Nobody waits for the others.
        assert server.most_at_once > 2


def test_workers_are_woken_for_each_batch(redis, tmp_path):
    server = Slow()
    server.seconds = 0.1
    with running(server) as port, application(tmp_path, redis.url, port) as app:
        with workers(Worker(app, tmp_path, *NEVER, "--processes", 4)) as (worker,):
            ready(worker)
            for number in range(5):
                enqueue(f"AC{number}", 80)
            until(all_sent, seconds=120, why=worker.said)
            assert worker.stop() == 0
        check_each_once(server)
        # By the timer none of them would have looked.
        assert server.most_at_once > 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wiped", [False, True], ids=["kept", "wiped"])
def test_a_broker_that_goes_and_comes_back_loses_nothing(kind, wiped, tmp_path, caplog):
    broker, server = KINDS[kind](tmp_path / "broker").start(), Slow()
    server.seconds = 0.02
    try:
        with running(server) as port, application(tmp_path, broker.url, port) as app:
            *both, told = (Worker(app, tmp_path, *options) for options in ((), (), NEVER))
            with workers(*both, told):
                for one in (*both, told):
                    ready(one)
                for number in range(3):
                    enqueue(f"AC{number}", 80)
                until(lambda: len(server.mails) > 20, why=both[0].said)
                broker.stop()
                began = time.monotonic()
                for number in range(5):
                    enqueue(f"OUT{number}", 20)
                # Nobody who sends waits for a broker.
                assert time.monotonic() - began < 5
                # The workers' own timer finds what nobody told of.
                until(all_sent, seconds=60, why=both[0].said)
                time.sleep(wakeups.AWAY_SECONDS)
                enqueue("OUT9", 5)
                until(all_sent, seconds=30, why=both[0].said)
                said = [one.getMessage() for one in caplog.records if one.name == wakeups.__name__]
                assert len([text for text in said if "can't be told that there is work" in text]) == 1
                assert "guest:guest" not in caplog.text
                if wiped:
                    broker.wipe()
                broker.start()
                enqueue("BACK", 100)
                until(all_sent, seconds=60, why=both[0].said)
                assert [one.stop() for one in both] == [0, 0]
                # What is left has no timer: it hears of work by the broker alone.
                time.sleep(jobs.LIVELY_SECONDS)
                until(lambda: _is_told(told), seconds=90, why=told.said)
                assert told.stop() == 0
            check_each_once(server)
    finally:
        broker.stop()


_numbers = iter(range(10_000))


def _is_told(worker):
    """Send something; tell whether it has left after a while."""
    enqueue(f"TOLD{next(_numbers)}", 1)
    end = time.monotonic() + wakeups.AWAY_SECONDS
    while time.monotonic() < end and not all_sent():
        assert worker.process.poll() is None, worker.said()
        time.sleep(0.1)
    return all_sent()


def test_a_worker_that_starts_without_a_broker_drains(tmp_path):
    broker, server = Redis(tmp_path / "broker"), Server()
    with running(server) as port, application(tmp_path, broker.url, port) as app:
        enqueue("AC1", 10)
        with workers(Worker(app, tmp_path)) as (worker,):
            until(all_sent, why=worker.said)
            assert worker.stop() == 0
        check_each_once(server)


@pytest.mark.parametrize("policy", ["resend", "hold"])
def test_processes_killed_at_every_step_lose_nothing(broker, tmp_path, policy):
    chance, server, plans = random.Random(7), Server(), tmp_path / "plans"  # noqa: S311  the same each time
    plans.mkdir()
    wanted = [STEPS[number % len(STEPS)] for number in range(2 * len(STEPS))]
    for number, step in enumerate(wanted):
        few = 2 if step.endswith(("commit", "claiming", "outcome", "settling")) else 6
        (plans / f"{number:03}.plan").write_text(f"{step} {chance.randint(1, few)}")
    with running(server) as port, application(tmp_path, broker.url, port) as app:

        def start():
            return Worker(app, tmp_path, "--plans", plans, "--timer", "0.5", COUNTERPART_UNCERTAIN=policy)

        both = [start(), start()]
        try:
            until(lambda: _all_have_died(plans, both, start), seconds=400, why=both[0].said)
            until(lambda: set(making.states().values()) <= {"sent", "uncertain"} and _settled(), seconds=90)
            if policy == "resend":
                until(all_sent, why=both[0].said)
            until(lambda: _are_up(both, start), why=both[0].said)
            assert [one.stop() for one in both] == [0, 0]
        finally:
            for one in both:
                one.kill()
        deaths = Counter(one.read_text().rpartition(" ")[0] for one in plans.iterdir())
        check_deaths(server, deaths, policy=policy)


def _all_have_died(plans, both, start):
    """Put some more into the outbox where it runs dry; tell whether all who were to die are dead."""
    if Counter(making.states().values())["queued"] < 4 * BATCH:
        enqueue(f"AC{next(_numbers)}", 40)
    _start_again(both, start)
    taken = [one.suffix[1:] for one in plans.iterdir()]
    time.sleep(0.2)
    return "plan" not in taken and not any(Path(f"/proc/{pid}").exists() for pid in taken)


def _start_again(both, start):
    """Start those anew that have ended: Celery does when one of its processes dies before it is ready itself.

    run.py and systemd do the same.
    """
    for number, one in enumerate(both):
        if one.process.poll() is not None:
            both[number] = start()


def _are_up(both, start):
    """Tell whether both have all their processes: the last death may have ended one of them as well."""
    _start_again(both, start)
    return all(
        one.process.poll() is None and " ready." in one.said() and len(one.children()) >= jobs.PROCESSES for one in both
    )


def _settled():
    return all(one.settled for message in making.messages() for one in message.attempts)


def test_two_workers_killed_in_turn_lose_nothing(broker, tmp_path):
    server, deaths = Slow(), 0
    with running(server) as port, application(tmp_path, broker.url, port) as app:
        for number in range(15):
            enqueue(f"AC{number}", 100)
        alive = [Worker(app, tmp_path) for _ in range(2)]
        try:
            for turn in range(6):
                before = len(server.mails)
                until(lambda seen=before: len(server.mails) > seen + 80, seconds=90, why=alive[turn % 2].said)
                alive[turn % 2].kill()
                deaths += 2
                alive[turn % 2] = Worker(app, tmp_path)
            until(all_sent, seconds=120, why=alive[0].said)
            assert [one.stop() for one in alive] == [0, 0]
        finally:
            for one in alive:
                one.kill()
        _check_uncertain(server, deaths)


def _check_uncertain(server, deaths):
    """Check that what was accepted once more was called uncertain as often, and no more than one for each death."""
    accepted = Counter(message_from_bytes(content)["Message-ID"] for _, _, content in server.mails)
    messages = making.messages()
    uncertain = {one.message_id: [try_.outcome for try_ in one.attempts].count("uncertain") for one in messages}
    assert set(accepted) == {one.message_id for one in messages}
    assert sum(uncertain.values()) <= deaths
    assert all(count - 1 <= uncertain[key] for key, count in accepted.items())
    print(  # noqa: T201  the table of the docs
        f"\n{deaths} deaths, {len(messages)} messages, {sum(accepted.values())} accepted, {len(accepted)} distinct, "
        f"{sum(uncertain.values())} times uncertain"
    )
