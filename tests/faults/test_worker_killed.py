"""A worker that is killed while it sends loses no message, and leaves one at most of which nobody knows."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import pytest

from app.core import clock
from app.extensions import db
from app.mailer.delivery import recovery
from app.mailer.delivery.claims import LEASE
from tests.conftest import settings_for
from tests.core import making
from tests.mailer.smtp_servers import Server, once, running, silent

pytestmark = pytest.mark.process
ROOT = Path(__file__).resolve().parents[2]
FIVE = [f"p{number}@acme.example" for number in range(5)]


@contextmanager
def worker(database_url, folder, port, *options, **environment):
    """Run `flask worker` as its own process, and end it whatever happens."""
    db.session.remove()
    given = {
        "PATH": os.environ["PATH"],
        "COUNTERPART_INSTANCE": str(folder),
        "COUNTERPART_SECRET_KEY": settings_for(folder).given_secret_key,
        "COUNTERPART_DATABASE_URL": database_url,
        "MAIL_SERVER": "127.0.0.1",
        "MAIL_PORT": str(port),
        **environment,
    }
    command = [sys.executable, "-m", "flask", "--app", "app:create_app", "worker", *options]
    process = subprocess.Popen(command, cwd=ROOT, env=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=20)


def until(found, seconds=30):
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.05)


def message_ids(server):
    return [message_from_bytes(content)["Message-ID"] for _, _, content in server.mails]


async def keep_and_say_nothing(smtp):
    """Take the mail, and never answer: the moment in which a death leaves nobody the wiser."""
    smtp.event_handler.mails.append(("", [], smtp.envelope.content))
    return await silent(smtp)


@pytest.fixture
def killed(app, database_url, tmp_path):
    """A server that has one mail of five, and a worker that was killed waiting for its answer."""
    making.send(making.invoice(making.billed(email=", ".join(FIVE))))
    server = Server()
    server.on_data = once(keep_and_say_nothing)
    with running(server) as port:
        with worker(database_url, tmp_path, port) as process:
            until(lambda: server.mails)
            process.kill()
            process.wait(20)
        assert Counter(making.states().values()) == {"sending": 5}
        # All were claimed; the intent to send was committed for the one alone.
        assert [len(one.attempts) for one in making.messages()] == [1, 0, 0, 0, 0]
        yield server, port


def test_by_resend_all_are_sent_and_one_twice_with_the_same_message_id(killed, database_url, tmp_path):
    server, port = killed
    with worker(database_url, tmp_path, port, "--once") as process:
        assert b"5 messages tried" in process.communicate(timeout=60)[0]
    assert making.states() == dict.fromkeys(FIVE, "sent")
    counted = Counter(message_ids(server))
    assert sorted(counted.values()) == [1, 1, 1, 1, 2]
    assert set(counted) == {one.message_id for one in making.messages()}
    verbs = [one.verb for one in making.trail()]
    # The one is uncertain, the others are due again; then the one is, too.
    assert verbs.count("message:recovered") == 3


def test_by_hold_one_is_uncertain_and_the_others_are_sent_once(killed, database_url, tmp_path):
    server, port = killed
    with worker(database_url, tmp_path, port, "--once", COUNTERPART_UNCERTAIN="hold") as process:
        assert b"4 messages tried" in process.communicate(timeout=60)[0]
    assert Counter(making.states().values()) == {"sent": 4, "uncertain": 1}
    assert set(Counter(message_ids(server)).values()) == {1}


def test_a_second_worker_leaves_alone_what_the_first_is_sending(app, database_url, tmp_path):
    making.send(making.invoice(making.billed(email=", ".join(FIVE))))
    server = Server()
    server.on_data = once(keep_and_say_nothing)
    with running(server) as port, worker(database_url, tmp_path, port):
        until(lambda: server.mails)
        making.send(making.invoice(making.billed("AC2", email="other@acme.example")))
        with worker(database_url, tmp_path, port, "--once") as second:
            assert b"1 message tried" in second.communicate(timeout=60)[0]
        assert Counter(making.states().values()) == {"sending": 5, "sent": 1}
        # The first gives no sign: what it hasn't begun to send is free again after its lease, and leaves.
        with clock.frozen(datetime.now(UTC) + LEASE + timedelta(seconds=1)):
            recovery.sweep(db.session, resend=True)
        with worker(database_url, tmp_path, port, "--once") as second:
            assert b"4 messages tried" in second.communicate(timeout=60)[0]
        assert Counter(making.states().values()) == {"sending": 1, "sent": 5}
    assert set(Counter(message_ids(server)).values()) == {1}


def test_told_to_stop_it_finishes_the_mail_in_hand(app, database_url, tmp_path):
    making.send(making.invoice(making.billed(email=", ".join(FIVE))))
    server = Server()

    async def slow(_smtp):
        await __import__("asyncio").sleep(1)

    server.on_data = slow
    with running(server) as port, worker(database_url, tmp_path, port) as process:
        until(lambda: server.senders)
        process.terminate()
        assert process.wait(20) == 0
    counted = Counter(making.states().values())
    assert counted["sent"] == len(server.mails) >= 1
    assert set(counted) == {"sent", "queued"}


def test_every_mail_goes_to_the_one_address_of_a_test_system(app, database_url, tmp_path):
    making.send(making.invoice(making.billed(email=", ".join(FIVE))))
    server = Server()
    with running(server) as port:
        everywhere = {"COUNTERPART_REDIRECT_ALL": "tester@here.example"}
        with worker(database_url, tmp_path, port, "--once", **everywhere) as process:
            process.communicate(timeout=60)
    assert [recipients for _, recipients, _ in server.mails] == [["tester@here.example"]] * 5
