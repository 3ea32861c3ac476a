"""The pause switch: who may, what it stops, where it shows, and that health takes it for a person's decision."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest

from app.core import clock
from app.core.errors import Conflict, Forbidden, Invalid
from app.extensions import db
from app.mailer.delivery import sending
from app.mailer.engines.work import WAKEUPS
from app.mailer.jobs import run_worker
from app.mailer.models import Message, WorkerHeartbeat
from app.mailer.watching.models import OutboxPause
from app.mailer.watching.service import pause_outbox, resume_outbox
from tests.conftest import actor
from tests.core import making
from tests.mailer.messages import queued
from tests.mailer.smtp_servers import Server, running


def states() -> list[str]:
    db.session.rollback()
    return sorted(db.session.scalars(db.select(Message.state)))


def test_it_needs_an_administrator_and_a_reason(app, do):
    for name in ("finance", "support", "auditor", "north_finance"):
        with pytest.raises(Forbidden):
            do(pause_outbox, actor(name), reason="A wish")
    for reason in ("", "   ", "x" * 501, None):
        with pytest.raises(Invalid) as refusal:
            do(pause_outbox, actor(), reason=reason)
        assert "reason" in refusal.value.errors
    with pytest.raises(Conflict):
        do(resume_outbox, actor(), reason="It was not")
    do(pause_outbox, actor(), reason="The server moves")
    with pytest.raises(Conflict):
        do(pause_outbox, actor(), reason="Again")
    do(resume_outbox, actor(), reason="It has moved")
    last = making.trail()[-2:]
    assert [(one.verb, one.reason, one.username) for one in last] == [
        ("outbox:paused", "The server moves", "admin"),
        ("outbox:resumed", "It has moved", "admin"),
    ]


def test_nothing_is_claimed_while_it_is_paused(app, do):
    queued(3)
    do(pause_outbox, actor(), reason="The server moves")
    assert run_worker(app, once=True) == 0
    assert states() == ["queued"] * 3


def test_a_pause_ends_the_batch_that_a_slow_server_is_getting(app, monkeypatch):
    making.send(making.invoice(making.billed(email=", ".join(f"a{number}@acme.example" for number in range(12)))))
    monkeypatch.setattr(sending, "_LOOK_AFTER", 0.2)
    server = Server()

    async def slowly(_server):
        await asyncio.sleep(0.15)

    server.on_data = slowly
    state = app.extensions["mail"]
    with running(server) as state.port, ThreadPoolExecutor() as beside:
        state.server = "127.0.0.1"
        drained = beside.submit(worker_beside, app)
        until(lambda: len(server.mails) >= 2)
        making.run(pause_outbox, reason="The wrong invoices")
        assert drained.result(30) < 8
    assert Counter(states()) == {"sent": len(server.mails), "queued": 12 - len(server.mails)}
    making.run(resume_outbox, reason="They were right")
    with running(server) as state.port:
        server.on_data = None
        run_worker(app, once=True)
    assert Counter(states()) == {"sent": 12}


def worker_beside(app):
    with app.app_context():
        try:
            return run_worker(app, once=True)
        finally:
            db.session.remove()


def until(true, seconds=20):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


def test_resuming_wakes_those_who_wait(app, do):
    asked = []
    app.extensions[WAKEUPS] = SimpleNamespace(ask=asked.append)
    do(pause_outbox, actor(), reason="The server moves")
    assert asked == []
    do(resume_outbox, actor(), reason="It has moved")
    del app.extensions[WAKEUPS]
    assert len(asked) == 1


def test_the_screen_pauses_and_resumes(app, login):
    admin = login()
    assert "Pause the outbox" in admin.get("/messages/list/").text
    refused = admin.post("/messages/pause", data={"reason": " "})
    assert refused.status_code == 422
    assert 'href="#reason"' in refused.text
    done = admin.post("/messages/pause", data={"reason": "The server moves"}, follow_redirects=True)
    assert "The outbox is paused." in done.text
    for name, path in (("finance", "/"), ("finance", "/messages/list/"), ("auditor", "/messages/list/")):
        page = login(name).get(path).text
        assert "The server moves" in page
        assert "Resume the outbox" not in page
    assert "The server moves" not in login("finance").get("/customers/list/").text
    assert "Resume the outbox" in admin.get("/messages/list/").text
    assert login("finance").post("/messages/resume", data={"reason": "x"}).status_code in (302, 403)
    db.session.rollback()
    assert db.session.query(OutboxPause).count() == 1
    assert admin.post("/messages/resume", data={"reason": "Done"}).status_code == 302
    assert "The server moves" not in login("finance").get("/").text


def test_the_command_line_pauses_and_resumes(app):
    run = app.test_cli_runner().invoke
    assert "Not paused." in run(args=["outbox", "status"]).output
    done = run(args=["outbox", "pause", "--reason", "The server moves", "--as", "admin"])
    assert done.exit_code == 0, done.output
    assert "by admin: The server moves" in run(args=["outbox", "status"]).output
    refused = run(args=["outbox", "pause", "--reason", "x", "--as", "admin"])
    assert (refused.exit_code, "paused already" in refused.output) == (1, True)
    assert run(args=["outbox", "resume", "--reason", "x", "--as", "finance"]).exit_code == 1
    assert run(args=["outbox", "resume", "--reason", "x", "--as", "admin"]).exit_code == 0


def test_a_paused_outbox_is_no_breach(app, do):
    queued(1, next_attempt_at=clock.now() - timedelta(minutes=5))
    db.session.add(WorkerHeartbeat(worker="w", beat_at=clock.now()))
    db.session.commit()
    assert app.test_client().get("/health").json["outbox"] == "failing"
    do(pause_outbox, actor(), reason="The server moves")
    answer = app.test_client().get("/health")
    assert answer.json == {"status": "ok", "database": "ok", "worker": "ok", "outbox": "ok"}
