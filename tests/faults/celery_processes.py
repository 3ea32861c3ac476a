"""What the tests of Celery share: an application with a broker on PostgreSQL, and workers as processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from flask_migrate import upgrade

from app import create_app
from app.extensions import db
from tests.conftest import add_users, postgresql_database, settings_for

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def application(folder, broker_url, port):
    """Give an application on a database of its own, whose commits tell a broker."""
    given = {"COUNTERPART_BROKER_URL": broker_url, "MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(port)}
    with postgresql_database() as url:
        app = create_app(settings_for(folder, url, **given))
        app.config["WTF_CSRF_ENABLED"] = False
        with app.app_context():
            upgrade()
            add_users(app)
            db.session.remove()
            yield app
            wakeups = app.extensions.get("counterpart_wakeups")
            wakeups.close()
            db.session.remove()
            db.engine.dispose()


class Worker:
    """A Celery worker of an application, in a process group of its own."""

    def __init__(self, app, folder, *options, program="tests.faults.mortal_celery", **environment):
        settings = app.config["SETTINGS"]
        self.log = Path(folder) / f"worker-{time.monotonic_ns()}.log"
        given = {
            "PATH": os.environ["PATH"],
            "COUNTERPART_INSTANCE": str(settings.instance),
            "COUNTERPART_SECRET_KEY": settings.given_secret_key,
            "COUNTERPART_DATABASE_URL": settings.database_url,
            "COUNTERPART_BROKER_URL": settings.broker_url,
            "MAIL_SERVER": settings.mail_server,
            "MAIL_PORT": str(settings.mail_port),
            **environment,
        }
        command = [sys.executable, "-m", *program.split(), *map(str, options)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=given, stdout=log, stderr=log, start_new_session=True
            )

    def said(self):
        return self.log.read_text()

    def children(self):
        """Return the ids of its processes."""
        found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(one) for one in found]

    def stop(self, *, seconds=30):
        """Stop it as a service manager does; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def kill(self):
        """End all of it by kill -9, whatever it is at."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.process.wait(20)


@contextmanager
def workers(*given):
    """End these workers after the block, whatever happens."""
    try:
        yield given
    finally:
        for one in given:
            one.kill()


def until(found, *, seconds=60, why=lambda: "it did not come about in time"):
    end = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < end, why()
        time.sleep(0.05)
    return result
