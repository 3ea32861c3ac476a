"""Many workers on one outbox, each a process: every message leaves once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from flask_migrate import upgrade

from app import create_app
from app.extensions import db
from tests.conftest import postgresql_database, settings_for
from tests.core import making
from tests.mailer.smtp_servers import Server, running

ROOT = Path(__file__).resolve().parents[2]
ADDRESSES = 80


class Counting(Server):
    """Keeps the Message-IDs alone."""

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  # aiosmtpd's name
        head = envelope.content.partition(b"\r\n\r\n")[0]
        self.mails.append(next(line for line in head.split(b"\r\n") if line.startswith(b"Message-ID: ")))
        return "250 2.0.0 Queued as 17"


def drained_by(count, url, folder, *, messages):
    """Put messages into the outbox, and have so many workers drain it; return the server and what each has sent."""
    for number in range(messages // ADDRESSES):
        emails = ", ".join(f"p{one}@c{number}.example" for one in range(ADDRESSES))
        making.send(making.invoice(making.billed(f"AC{number}", emails)))
    db.session.remove()
    server = Counting()
    with running(server) as port:
        given = {
            "PATH": os.environ["PATH"],
            "COUNTERPART_INSTANCE": str(folder),
            "COUNTERPART_SECRET_KEY": settings_for(folder).given_secret_key,
            "COUNTERPART_DATABASE_URL": url,
            "MAIL_SERVER": "127.0.0.1",
            "MAIL_PORT": str(port),
        }
        command = [sys.executable, "-m", "flask", "--app", "app:create_app", "worker", "--once"]
        began = time.monotonic()
        # Their logs go into a file: a pipe that nobody empties would stop them.
        with (folder / "workers.log").open("wb") as log:
            workers = [
                subprocess.Popen(command, cwd=ROOT, env=given, stdout=subprocess.PIPE, stderr=log) for _ in range(count)
            ]
            said = [one.communicate(timeout=500)[0].decode() for one in workers]
    assert [one.returncode for one in workers] == [0] * count, (folder / "workers.log").read_text()
    tried = [int(text.split()[0]) for text in said]
    print(f"\n{messages} messages, {count} workers: {tried} in {time.monotonic() - began:.0f} s")  # noqa: T201  a figure
    return server, tried


def check(server, tried, *, messages):
    assert sum(tried) == messages
    assert Counter(making.states().values()) == {"sent": messages}
    counted = Counter(server.mails)
    assert len(counted) == messages
    assert set(counted.values()) == {1}


@pytest.mark.services
def test_eight_workers_and_ten_thousand_messages_on_postgresql(tmp_path):
    with postgresql_database() as url:
        app = create_app(settings_for(tmp_path, url))
        with app.app_context():
            upgrade()
            server, tried = drained_by(8, url, tmp_path, messages=10_000)
            check(server, tried, messages=10_000)
            # All had a share: nobody waits for the others.
            assert min(tried) > 0
            db.session.remove()
            db.engine.dispose()


@pytest.mark.process
@pytest.mark.slow
def test_two_workers_on_sqlite(app, database_url, tmp_path):
    server, tried = drained_by(2, database_url, tmp_path, messages=800)
    check(server, tried, messages=800)
