"""A worker that is killed in the middle of a billing run: the next goes on from there, nothing twice, nothing lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.extensions import db
from app.invoices.billing_runs import service
from app.invoices.billing_runs.jobs import Advance
from app.invoices.billing_runs.models import BillingRun, RunInvoice
from tests.conftest import actor, settings_for
from tests.core import making
from tests.faults.test_worker_killed import until, worker
from tests.mailer.smtp_servers import Server, running

pytestmark = pytest.mark.process
ROOT = Path(__file__).resolve().parents[2]
INVOICES, CHUNK = 23, 5
# A run of so many passes so many commits: a chunk each, and its end.
COMMITS = -(-INVOICES // CHUNK) + 1
STEPS = [
    (f"{when}_{what}", number) for what in ("commit", "flush") for when in ("before", "after") for number in (1, 3)
]


@pytest.fixture
def run_id(app):
    for number in range(INVOICES):
        making.invoice(making.billed(f"AC{number}", email=f"one@a{number}.example, two@a{number}.example"))
    who = actor("finance")
    made = making.run(service.create_run, who, values={"filters": {"status": "draft"}}, defaults=making.DEFAULTS).id
    making.run(service.start_run, who, run_id=made)
    db.session.remove()
    return made


def mortal(step, number):
    """Advance the runs until there is nothing to do; die by SIGKILL at a step, when it comes for the n-th time."""
    left = [number]

    def come(*_given):
        left[0] -= 1
        if left[0] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Session, step, come)
    turn, never = Advance(), threading.Event()
    while turn(never):
        pass


def die(app, step, number):
    """Fork a worker that dies; return whether it was killed."""
    db.session.remove()
    db.engine.dispose()
    child = os.fork()
    if child == 0:
        try:
            with app.app_context():
                db.engine.dispose(close=False)
                mortal(step, number)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def counted(run_id):
    db.session.rollback()
    return Counter(one.state for one in db.session.query(RunInvoice).filter_by(run_id=run_id))


def check_whole(run_id):
    assert db.session.get_one(BillingRun, run_id).status == "finished"
    assert counted(run_id) == {"sent": INVOICES}
    messages = making.messages()
    assert len(messages) == 2 * INVOICES
    assert set(Counter((one.document_id, one.address) for one in messages).values()) == {1}
    verbs = Counter(one.verb for one in making.trail())
    assert verbs["invoice:sent"] == COMMITS - 1
    assert verbs["billing_run:finished"] == 1


@pytest.mark.parametrize(("step", "number"), STEPS)
def test_killed_at_any_step_the_next_goes_on_from_there(app, run_id, monkeypatch, step, number):
    monkeypatch.setattr("app.invoices.billing_runs.jobs.CHUNK", CHUNK)
    assert die(app, step, number)
    states = counted(run_id)
    # A chunk is there whole, or not at all: its rows, its messages and its audit entry.
    assert states["sent"] % CHUNK == 0
    assert states["sent"] + states["waiting"] == INVOICES
    assert len(making.messages()) == 2 * states["sent"]
    turn, never = Advance(), threading.Event()
    while turn(never):
        pass
    check_whole(run_id)


def test_killed_again_and_again_it_comes_to_its_end(app, run_id, monkeypatch):
    monkeypatch.setattr("app.invoices.billing_runs.jobs.CHUNK", CHUNK)
    deaths = 0
    while die(app, "after_commit", 2) and deaths < 2 * COMMITS:
        deaths += 1
    assert deaths > COMMITS // 2
    turn, never = Advance(), threading.Event()
    while turn(never):
        pass
    check_whole(run_id)


def test_the_real_worker_killed_between_chunks_and_started_again(app, run_id, database_url, tmp_path):
    server = Server()
    with running(server) as port:
        with worker(database_url, tmp_path, port) as process:
            until(lambda: counted(run_id)["sent"] or server.mails)
            process.kill()
            process.wait(20)
        with worker(database_url, tmp_path, port, "--once") as process:
            process.communicate(timeout=120)
    db.session.rollback()
    assert db.session.get_one(BillingRun, run_id).status == "finished"
    assert counted(run_id) == {"sent": INVOICES}
    assert set(making.states().values()) == {"sent"}
    assert len(making.messages()) == 2 * INVOICES


def test_the_command_watches_while_a_worker_sends(app, database_url, tmp_path):
    for number in range(INVOICES):
        making.invoice(making.billed(f"AC{number}", email=f"one@a{number}.example"))
    server = Server()
    with running(server) as port, worker(database_url, tmp_path, port):
        given = {
            "PATH": os.environ["PATH"],
            "COUNTERPART_INSTANCE": str(tmp_path),
            "COUNTERPART_SECRET_KEY": settings_for(tmp_path).given_secret_key,
            "COUNTERPART_DATABASE_URL": database_url,
        }
        words = ["billing-run", "--as", "finance", "--status", "draft"]
        command = [sys.executable, "-m", "flask", "--app", "app:create_app", *words]
        done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        assert f"Sent: {INVOICES}" in done.stdout
        until(lambda: len(server.mails) == INVOICES)
