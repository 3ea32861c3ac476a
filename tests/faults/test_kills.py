"""Workers killed at every step of their way: nothing is lost, and nothing sent twice but what was called uncertain."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from email import message_from_bytes
from pathlib import Path

import pytest
from flask_migrate import upgrade
from sqlalchemy import text

from app import create_app
from app.extensions import db
from tests.conftest import postgresql_database, settings_for
from tests.core import making
from tests.faults.mortal_worker import BATCH, STEPS
from tests.mailer.smtp_servers import Server, running

ROOT = Path(__file__).resolve().parents[2]
FULL = os.environ.get("COUNTERPART_TEST_FULL") == "1"
KILLS = 200 if FULL else 42
ADDRESSES = 40
# What two batches of these workers take, so that each comes to its step.
ENOUGH = 2 * BATCH


@contextmanager
def workers(url, folder, port, **environment):
    """Give a function that runs a worker until it dies at a step, or has nothing more to do; it says how it ended."""
    given = {
        "PATH": os.environ["PATH"],
        "COUNTERPART_INSTANCE": str(folder),
        "COUNTERPART_SECRET_KEY": settings_for(folder).given_secret_key,
        "COUNTERPART_DATABASE_URL": url,
        "MAIL_SERVER": "127.0.0.1",
        "MAIL_PORT": str(port),
        **environment,
    }
    command = [sys.executable, "-m", "tests.faults.mortal_worker"]
    with subprocess.Popen(
        command, cwd=ROOT, env=given, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def run(step="none", number=0):
            process.stdin.write(f"{step} {number}\n")
            process.stdin.flush()
            return process.stdout.readline().split()[0]

        try:
            yield run
        finally:
            process.stdin.close()
            process.wait(30)


def kill_again_and_again(app, url, folder, **environment):
    """Kill workers at each step in turn, until many have died; then let one finish. Returns the server, and deaths."""
    chance, server, deaths, documents = random.Random(7), Server(), Counter(), 0  # noqa: S311  the same each time
    with running(server) as port, workers(url, folder, port, **environment) as run:
        for number in range(KILLS):
            if Counter(making.states().values())["queued"] < ENOUGH:
                documents += 1
                emails = ", ".join(f"p{one}@c{documents}.example" for one in range(ADDRESSES))
                making.send(making.invoice(making.billed(f"AC{documents}", emails)))
            db.session.remove()
            step = STEPS[number % len(STEPS)]
            # These are passed once for each batch, the others once for each mail.
            few = 2 if step.endswith(("commit", "claiming", "outcome", "settling")) else 6
            if run(step, chance.randint(1, few)) == "killed":
                deaths[step] += 1
        assert run() == "ended"
        # What was in doubt more than once waits before it goes again: its time has come.
        with db.engine.begin() as connection:
            connection.execute(text("UPDATE message SET next_attempt_at = created_at WHERE state = 'queued'"))
        assert run() == "ended"
    return server, deaths


def check(server, deaths, *, policy):
    """Check what has become of the messages, by the mails that the server has accepted."""
    messages = making.messages()
    states = Counter(one.state for one in messages)
    accepted = Counter(message_from_bytes(content)["Message-ID"] for _, _, content in server.mails)
    uncertain = {one.message_id: [try_.outcome for try_ in one.attempts].count("uncertain") for one in messages}
    assert set(deaths) == set(STEPS)
    # One message at most for each death, and only for a death between the intent and the outcome.
    assert sum(uncertain.values()) <= sum(deaths.values())
    assert set(accepted) <= {one.message_id for one in messages}
    if policy == "resend":
        assert states == {"sent": len(messages)}
        assert set(accepted) == {one.message_id for one in messages}
    else:
        assert set(states) == {"sent", "uncertain"}
        assert {one.message_id for one in messages if one.state == "sent"} <= set(accepted)
    # Whatever was accepted once more than it should was called uncertain as often.
    more = {key: count - 1 for key, count in accepted.items() if count > 1}
    assert all(count <= uncertain[key] for key, count in more.items()), (more, uncertain)
    assert all(one.settled for message in messages for one in message.attempts)
    assert {one.claimed_by for one in messages} == {None}
    print(  # noqa: T201  the table of the docs
        f"\n{policy}: {sum(deaths.values())} deaths, {len(messages)} messages, {sum(accepted.values())} accepted, "
        f"{len(accepted)} distinct, {sum(uncertain.values())} times uncertain, {sum(more.values())} sent once more"
    )


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.parametrize("policy", ["resend", "hold"])
def test_nothing_is_lost_on_sqlite(app, database_url, tmp_path, policy):
    server, deaths = kill_again_and_again(app, database_url, tmp_path, COUNTERPART_UNCERTAIN=policy)
    check(server, deaths, policy=policy)


@pytest.mark.services
@pytest.mark.parametrize("policy", ["resend", "hold"])
def test_nothing_is_lost_on_postgresql(tmp_path, policy):
    with postgresql_database() as url:
        app = create_app(settings_for(tmp_path, url))
        with app.app_context():
            upgrade()
            server, deaths = kill_again_and_again(app, url, tmp_path, COUNTERPART_UNCERTAIN=policy)
            check(server, deaths, policy=policy)
            db.session.remove()
            db.engine.dispose()
