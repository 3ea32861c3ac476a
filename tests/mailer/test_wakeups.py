"""Wake-ups: what a commit tells the broker, and that nobody waits for one, whatever it does."""

import asyncio
import socket
import ssl
import threading
import time
from contextlib import contextmanager, suppress

import pytest
import trustme
from celery import Celery
from kombu import Connection, Exchange, Queue

from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.invoices.source import InvoiceSource
from app.mailer.delivery import loop
from app.mailer.engines import wakeups
from app.mailer.engines.broker import celery_config, wake_up_queue
from app.mailer.engines.drainer import Drainer, Stop
from app.mailer.engines.work import WAKEUPS, there_is_work
from app.mailer.service import retry_message
from tests.conftest import actor, settings_for
from tests.core import making
from tests.faults.brokers import RabbitMQ, Redis


class Heard:
    """In the place of what publishes: keeps for how many messages it was asked."""

    def __init__(self):
        self.messages = []

    def ask(self, messages):
        self.messages.append(messages)


@pytest.fixture
def heard(app):
    app.extensions[WAKEUPS] = Heard()
    yield app.extensions[WAKEUPS]
    del app.extensions[WAKEUPS]


def waking(url):
    queue = Queue("counterpart.test", Exchange(""), routing_key="counterpart.test")
    app = Celery("test", set_as_current=False)
    app.conf.update(broker_url=url, broker_connection_timeout=2, task_queues=[queue], task_default_queue=queue.name)
    return wakeups.Wakeups(app, queue, lifetime=60), queue


def test_a_commit_tells_how_many_it_has_queued(heard):
    making.send(making.invoice(making.billed(email="one@acme.example, two@acme.example")))
    assert heard.messages == [2]


def test_what_is_held_wakes_nobody_and_neither_does_anything_else(heard, monkeypatch):
    monkeypatch.setattr(InvoiceSource, "formats", lambda _: frozenset({"short"}))
    making.send(making.invoice(making.billed(email_bill_type="long")))
    assert making.states() == {"bills@acme.example": "held"}
    assert heard.messages == []


def test_trying_again_tells(heard):
    making.send(making.invoice(making.billed()))
    (message,) = making.messages()
    with making.unaudited(), unit_of_work(db.session) as session:
        session.merge(message).state = "failed"
    heard.messages.clear()
    making.run(retry_message, actor(), message_id=message.id)
    assert heard.messages == [1]


def test_what_was_rolled_back_tells_nobody(heard):
    with unit_of_work(db.session) as session:
        there_is_work(session, 5)
        session.rollback()
    assert heard.messages == []


def test_a_savepoint_tells_nobody_before_the_commit(heard):
    with unit_of_work(db.session) as session:
        with session.begin_nested():
            there_is_work(session)
        assert heard.messages == []
        there_is_work(session, 2)
    assert heard.messages == [3]


def test_without_a_broker_nobody_publishes(app):
    assert WAKEUPS not in app.extensions
    making.send(making.invoice(making.billed()))
    assert making.states() == {"bills@acme.example": "queued"}


def test_a_broker_that_takes_connections_and_says_nothing_keeps_nobody_waiting(caplog):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        waker, _ = waking(f"amqp://guest:guest@127.0.0.1:{silent.getsockname()[1]}//")
        began = time.monotonic()
        for _ in range(1000):
            waker.ask(1)
        assert time.monotonic() - began < 0.5
        waker.close()
        assert time.monotonic() - began < 4
    waker._thread.join(20)


def test_a_broker_that_is_away_is_said_once(caplog, monkeypatch):
    monkeypatch.setattr(wakeups, "AWAY_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    waker, _ = waking(f"amqp://guest:guest@127.0.0.1:{port}//")
    for _ in range(10):
        waker.ask(1)
        time.sleep(0.1)
    waker.close()
    (told,) = caplog.records
    assert "can't be told that there is work" in told.getMessage()
    assert "guest:guest" not in caplog.text


@pytest.mark.services
@pytest.mark.parametrize("kind", [RabbitMQ, Redis])
def test_a_thousand_sends_leave_a_few_wake_ups_and_a_program_that_ends_leaves_its_own(kind, tmp_path):
    broker = kind(tmp_path / "broker").start()
    try:
        waker, queue = waking(broker.url)
        waker.ask(1)
        waker.close()
        with Connection(broker.url) as connection, connection.channel() as channel:
            assert queue.bind(channel).queue_declare().message_count == 1
            waker, _ = waking(broker.url)
            for _ in range(100):
                waker.ask(10)
                time.sleep(0.01)
            for _ in range(3):
                waker.ask(10_000)
                time.sleep(2 * wakeups.GATHER_SECONDS)
            waker.close()
            assert queue.bind(channel).queue_declare().message_count == wakeups.MOST
            # It says that there is work, and nothing of whom it is for.
            message = queue.bind(channel).get(no_ack=True)
            assert message.payload[:2] == [[], {}]
    finally:
        broker.stop()


@contextmanager
def tls_before(broker, authority):
    """Offer a broker by TLS, as a proxy before it does; give its port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)

    async def pass_on(reader, writer):
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def meet(reader, writer):
        there = await asyncio.open_connection("127.0.0.1", broker.port)
        await asyncio.gather(pass_on(reader, there[1]), pass_on(there[0], writer))

    loop_ = asyncio.new_event_loop()
    thread = threading.Thread(target=loop_.run_forever, daemon=True)
    thread.start()
    listening = asyncio.start_server(meet, "localhost", 0, ssl=context)
    server = asyncio.run_coroutine_threadsafe(listening, loop_).result(10)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop_.call_soon_threadsafe(loop_.stop)
        thread.join(10)


@pytest.mark.services
@pytest.mark.parametrize(("kind", "scheme"), [(RabbitMQ, "amqps"), (Redis, "rediss")])
def test_a_broker_by_tls_is_told_once_its_certificate_is_trusted(kind, scheme, tmp_path, monkeypatch, caplog):
    broker, authority = kind(tmp_path / "broker").start(), trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    try:
        with tls_before(broker, authority) as port:
            url = f"{scheme}{broker.url[broker.url.index(':') :]}".replace(
                f"127.0.0.1:{broker.port}", f"localhost:{port}"
            )
            for trusted in (False, True):
                if trusted:
                    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
                database = "postgresql://me:secret@db.example/bills"
                settings = settings_for(tmp_path, database, COUNTERPART_BROKER_URL=url)
                app = Celery("test", set_as_current=False)
                app.conf.update(celery_config(settings))
                waker = wakeups.Wakeups(app, wake_up_queue(settings), lifetime=60)
                waker.ask(1)
                waker.close()
                waker._thread.join(20)
                assert ("certificate verify failed" in caplog.text) is not trusted, caplog.text
                caplog.clear()
                with Connection(broker.url) as connection, connection.channel() as channel:
                    waiting = wake_up_queue(settings).bind(channel).queue_declare().message_count
                assert waiting == int(trusted)
    finally:
        broker.stop()


def test_a_drainer_that_is_asked_makes_a_round_that_begins_afterwards():
    rounds, stop = [], Stop()

    def work(given, *, idle, done):
        def drain(_stop):
            rounds.append(time.monotonic())
            done(0)
            return 0

        loop.run(drain, poll_seconds=3600, stop=given, idle=idle)

    drainer = Drainer(work, stop=stop)
    drainer.start()
    while not rounds:
        time.sleep(0.01)
    for _ in range(3):
        asked = time.monotonic()
        drainer.drain()
        assert rounds[-1] >= asked
        assert time.monotonic() - asked < 1
    drainer.quit()
    assert not drainer.is_alive()
    # Nobody who asks too late waits for it.
    drainer.drain()


def test_a_drainer_goes_on_after_an_error_and_lets_those_go_who_asked():
    stop, failures = Stop(), [OSError("the database is away")]

    def work(given, *, idle, done):
        def drain(_stop):
            done(0)
            if failures:
                raise failures.pop()
            return 0

        loop.run(drain, poll_seconds=0.1, stop=given, idle=idle)

    drainer = Drainer(work, stop=stop)
    drainer.start()
    asking = threading.Thread(target=drainer.drain)
    asking.start()
    asking.join(10)
    assert not asking.is_alive()
    stop.set()
    drainer.join(10)
    assert not drainer.is_alive()


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("amqps://me:secret@mq.example//", {"server_hostname": "mq.example"}),
        ("rediss://mq.example/0", {"ssl_check_hostname": True}),
        ("amqp://mq.example//", None),
    ],
)
def test_tls_to_a_broker_checks_its_certificate(tmp_path, url, wanted):
    database = "postgresql://me:secret@db.example/bills"
    config = celery_config(settings_for(tmp_path, database, COUNTERPART_BROKER_URL=url))
    assert config["task_default_queue"] == "counterpart.bills"
    given = config["broker_use_ssl"]
    if wanted is None:
        assert given is None
    else:
        assert wanted.items() <= given.items()
        assert "CERT_REQUIRED" in {getattr(one, "name", "") for one in given.values()}
