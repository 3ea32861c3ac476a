"""The one command with a broker: Celery's processes take the embedded worker's place, and are watched and stopped."""

import os
import signal

import pytest

from tests.conftest import postgresql_database
from tests.process.running import Demo, command_line, descendants, lives, run, wait_until
from tests.process.test_run import outcome, send_something

BROKER = os.environ.get("COUNTERPART_TEST_BROKER_URL") or "amqp://guest:guest@127.0.0.1:5672//"


def workers(demo):
    """Return the ids of the worker's processes, its main one first."""
    found = [pid for pid in descendants(demo.process.pid) if "worker" in command_line(pid).split()]
    return sorted(found, key=lambda pid: len(descendants(pid)), reverse=True)


@pytest.mark.services
@pytest.mark.process
def test_celery_drains_is_watched_and_stops(tmp_path):
    with postgresql_database() as url:
        demo = Demo(tmp_path / "run", COUNTERPART_BROKER_URL=BROKER, COUNTERPART_DATABASE_URL=url)
        try:
            demo.start()
            assert "Celery workers drain the outbox" in demo.said()
            assert len(wait_until(lambda: len(workers(demo)) == 3 and workers(demo), why=demo.said)) == 3
            send_something(demo)
            main, *children = workers(demo)
            os.kill(children[0], signal.SIGKILL)
            wait_until(lambda: len({*workers(demo)} - {main, *children}) == 1, why=demo.said)
            send_something(demo)
            os.kill(main, signal.SIGKILL)
            wait_until(lambda: "The outbox worker stopped by signal SIGKILL" in demo.said(), why=demo.said)
            wait_until(lambda: len(workers(demo)) == 3 and main not in workers(demo), why=demo.said)
            wait_until(lambda: demo.health() == "ok", why=demo.said)
            send_something(demo)
            members = descendants(demo.process.pid)
            demo.stop()
            assert not any(map(lives, members))
            # Nothing that Celery prints names the broker's password.
            assert "guest:guest" not in demo.said()
            # It may name what a killed process of Celery leaves behind (`ExceptionWithTraceback`), and prints no stack.
            assert "Traceback (most recent call last)" not in demo.said()
        finally:
            demo.end()


@pytest.mark.process
def test_a_broker_without_a_database_to_share_is_refused_in_plain_words(tmp_path):
    code, said = outcome(run(tmp_path / "run", COUNTERPART_BROKER_URL="amqp://guest:guest@127.0.0.1:5672//"))
    assert code == 2
    assert "COUNTERPART_BROKER_URL needs PostgreSQL" in said
    assert "guest:guest" not in said
    assert "Traceback" not in said
