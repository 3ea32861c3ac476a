"""What is stuck in silence is named within two minutes, each kind; what has an owner and a time is not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.core import clock
from app.extensions import db
from app.mailer.models import Lane, WorkerHeartbeat
from tests.mailer.messages import attempt, queued

LONG, SOON = timedelta(minutes=2, seconds=5), timedelta(minutes=1, seconds=50)


def ago(span: timedelta):
    return clock.now() - span


def put(kind: str, span: timedelta) -> None:
    """Put something into the outbox whose time was over so long ago."""
    when = ago(span)
    if kind == "due":
        queued(next_attempt_at=when)
    elif kind == "no next time":
        queued(next_attempt_at=None if span == LONG else clock.now())
    elif kind == "waiting":
        queued(state="waiting", next_attempt_at=when)
    elif kind == "lease over":
        queued(state="sending", next_attempt_at=None, claimed_by="w:1", lease_until=when)
    elif kind == "being sent for ever":
        (number,) = queued(state="sending", next_attempt_at=None, claimed_by="w:1", lease_until=ago(LONG * 20))
        attempt(number, started_at=when - timedelta(minutes=30))
    elif kind == "uncertain":
        queued(state="uncertain", next_attempt_at=None, last_modified_at=when)
    else:
        queued(state="held", held_code="rendering_failed", next_attempt_at=when)


KINDS = ("due", "no next time", "waiting", "lease over", "being sent for ever", "uncertain", "held")


@pytest.fixture
def health(app):
    db.session.add(WorkerHeartbeat(worker="w", beat_at=clock.now()))
    db.session.commit()

    def ask() -> dict[str, str]:
        answer = app.test_client().get("/health")
        assert answer.status_code == (200 if answer.json["status"] == "ok" else 503)
        assert set(answer.json) == {"status", "database", "worker", "outbox"}
        return answer.json

    return ask


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_that_is_stuck_is_a_breach(health, kind):
    assert health()["outbox"] == "ok"
    put(kind, LONG)
    assert health()["outbox"] == "failing"
    assert health()["status"] == "failing"


@pytest.mark.parametrize("kind", KINDS)
def test_none_is_a_breach_before_its_two_minutes(health, kind):
    put(kind, SOON)
    assert health() == {"status": "ok", "database": "ok", "worker": "ok", "outbox": "ok"}


def test_a_worker_that_is_not_heard_of_is_a_breach(app, health):
    db.session.merge(WorkerHeartbeat(worker="w", beat_at=ago(timedelta(seconds=95))))
    db.session.commit()
    assert health() == {"status": "failing", "database": "ok", "worker": "failing", "outbox": "ok"}


def test_what_waits_for_a_person_or_the_mail_server_is_none(app, health, monkeypatch):
    queued(state="held", held_code="format_missing", next_attempt_at=None)
    queued(state="failed", next_attempt_at=None)
    queued(next_attempt_at=ago(LONG))
    db.session.add(
        Lane(closed_at=clock.now(), name="account", waits_until=clock.now() + LONG, failures=1, answer="421 Later")
    )
    db.session.commit()
    assert health()["outbox"] == "ok"
    put("uncertain", LONG)
    assert health()["outbox"] == "failing"
    settings = app.config["SETTINGS"]
    monkeypatch.setitem(app.config, "SETTINGS", type(settings)(**{**vars(settings), "uncertain": "hold"}))
    assert health()["outbox"] == "ok"
