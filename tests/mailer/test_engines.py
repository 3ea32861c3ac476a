"""Which engine `flask worker` starts, what it refuses, and what a worker takes over from one of the other engine."""

import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.mailer.jobs import run_worker
from config import ConfigurationError
from tests.conftest import settings_for
from tests.core import making
from tests.mailer.smtp_servers import Server, running

BROKER = "amqp://guest:guest@127.0.0.1:5672//"


def test_a_broker_needs_a_database_that_machines_can_share(tmp_path):
    for scheme in ("amqp", "amqps", "redis", "rediss"):
        url = f"{scheme}://mq.example/"
        with pytest.raises(ConfigurationError, match="COUNTERPART_BROKER_URL needs PostgreSQL"):
            settings_for(tmp_path, COUNTERPART_BROKER_URL=url)
        made = settings_for(tmp_path, "postgresql://me:secret@db.example/bills", COUNTERPART_BROKER_URL=url)
        assert made.broker_url == url


def test_the_embedded_worker_has_one_process(app):
    answer = app.test_cli_runner().invoke(args=["worker", "--processes", "2"])
    assert answer.exit_code == 1
    assert "--processes is for Celery: it needs COUNTERPART_BROKER_URL" in answer.output


@pytest.mark.parametrize("number", ["0", "65", "many"])
def test_so_many_processes_are_none(app, number):
    answer = app.test_cli_runner().invoke(args=["worker", "--processes", number])
    assert answer.exit_code == 2
    assert "Invalid value for '--processes'" in answer.output


@pytest.mark.process
def test_a_celery_worker_without_a_mail_server_is_refused(tmp_path):
    """It would find no catcher where it runs, and have everybody wait for the mail server."""
    environment = {
        "PATH": os.environ["PATH"],
        "COUNTERPART_INSTANCE": str(tmp_path),
        "COUNTERPART_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "COUNTERPART_BROKER_URL": BROKER,
    }
    command = [sys.executable, "-m", "flask", "--app", "app", "worker"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stderr
    assert "set MAIL_SERVER" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def gone():
    """Return the id of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait(20)
    return process.pid


@pytest.mark.parametrize("dead", ["embedded", "celery-0", "celery-7"])
def test_what_a_dead_one_of_this_machine_had_in_hand_is_taken_over_whatever_its_engine(app, gone, dead, monkeypatch):
    making.send(making.invoice(making.billed(email="one@acme.example, two@acme.example, three@acme.example")))
    machine = socket.gethostname()[:40]
    claimants = [f"{dead}@{machine}:{gone}", f"{dead}@{machine}:{os.getppid()}", f"{dead}@elsewhere:{gone}"]
    with making.unaudited(), unit_of_work(db.session) as session:
        for message, claimant in zip(making.messages(), claimants, strict=True):
            mine = session.merge(message)
            mine.state, mine.claimed_by = "sending", claimant
            mine.lease_until = datetime.now(UTC) + timedelta(minutes=1)
    server = Server()
    with running(server) as port:
        monkeypatch.setattr(app.extensions["mail"], "server", "127.0.0.1")
        monkeypatch.setattr(app.extensions["mail"], "port", port)
        assert run_worker(app, name="celery-1", once=True) == 1
    assert sorted(making.states().values()) == ["sending", "sending", "sent"]
    assert {one.claimed_by for one in making.messages()} == {None, *claimants[1:]}
