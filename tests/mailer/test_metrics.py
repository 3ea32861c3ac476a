"""The metrics: who gets them, what they say, and that they name nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError

from app.core import clock
from app.extensions import db
from app.mailer.models import Lane, WorkerHeartbeat
from app.mailer.watching import metrics
from app.mailer.watching.service import pause_outbox
from tests.core import making
from tests.mailer.messages import attempt, queued

TOKEN = "t" * 40


@pytest.fixture
def scrape(app, monkeypatch):
    settings = app.config["SETTINGS"]
    monkeypatch.setitem(app.config, "SETTINGS", type(settings)(**{**vars(settings), "metrics_token": TOKEN}))
    monkeypatch.setattr(metrics, "KEEP_SECONDS", 0.0)

    def ask(token: str = TOKEN):
        return app.test_client().get("/metrics", headers={"Authorization": f"Bearer {token}"})

    return ask


def samples(text: str) -> dict[tuple[str, str], float]:
    """Return each sample by its name and its one label's value."""
    return {
        (one.name, next(iter(one.labels.values()), "")): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def test_they_are_for_the_token_and_for_administrators(scrape, app, login, api):
    assert scrape().status_code == 200
    assert scrape().headers["Content-Type"].startswith("text/plain; version=0.0.4")
    for token in ("", "x", TOKEN[:-1], TOKEN + "t", "ü" * 40):
        answer = scrape(token.encode().decode("latin-1"))
        assert answer.status_code == 401
        assert set(answer.json) == {"message", "code", "errors"}
    for scheme in ("Basic", "Token"):
        assert app.test_client().get("/metrics", headers={"Authorization": f"{scheme} {TOKEN}"}).status_code == 401
    answer = app.test_client().get("/metrics")
    assert (answer.status_code, answer.json["code"]) == (401, "unauthenticated")
    assert login().get("/metrics").status_code == 200
    for name in ("finance", "support", "auditor", "north_finance"):
        assert login(name).get("/metrics").status_code == 403
    assert app.test_client().post("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code in (400, 405)


def test_without_a_token_in_the_settings_no_token_is_right(app):
    for token in ("", "None", "x"):
        answer = app.test_client().get("/metrics", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401


def test_the_figures_are_those_of_the_database(scrape):
    (number, *_) = queued(3, next_attempt_at=clock.now() - timedelta(seconds=100))
    queued(2, state="sent", next_attempt_at=None, sent_at=clock.now())
    queued(1, state="bounced", next_attempt_at=None)
    attempt(number, outcome="sent", settled=True)
    attempt(number, outcome="waiting", settled=True)
    soon = clock.now() + timedelta(minutes=3)
    db.session.add(
        Lane(closed_at=clock.now(), name="account", waits_until=soon, failures=1, answer="421 later bob@x.example")
    )
    db.session.add(Lane(closed_at=clock.now(), name="secret.example", waits_until=soon, failures=1, answer="450"))
    db.session.add(WorkerHeartbeat(worker="embedded", beat_at=clock.now() - timedelta(seconds=30)))
    db.session.commit()
    making.run(pause_outbox, reason="A wish")
    text = scrape().text
    found = samples(text)
    assert found["counterpart_database_up", ""] == 1
    assert found["counterpart_messages", "queued"] == 3
    assert found["counterpart_messages", "sent"] == 2
    assert found["counterpart_messages", "held"] == 0
    assert found["counterpart_attempts_total", "waiting"] == 1
    assert found["counterpart_mails_sent_total", ""] == 1
    assert found["counterpart_bounces_total", ""] == 1
    assert found["counterpart_outbox_due", ""] == 3
    assert 95 < found["counterpart_outbox_oldest_due_seconds", ""] < 160
    assert found["counterpart_outbox_paused", ""] == 1
    assert (found["counterpart_lanes_waiting", "account"], found["counterpart_lanes_waiting", "domain"]) == (1, 1)
    assert 25 < found["counterpart_worker_heartbeat_age_seconds", "embedded"] < 90
    assert found["process_resident_memory_bytes", ""] > 1e7
    # Nobody is named: no address, no domain, no document, no reason.
    for one in ("@", ".example", "AC1", "A wish", "secret"):
        assert one not in text


def test_who_asks_again_soon_gets_what_was_counted(scrape, monkeypatch):
    monkeypatch.setattr(metrics, "KEEP_SECONDS", 60.0)
    before = samples(scrape().text)["counterpart_messages", "queued"]
    queued(2)
    assert samples(scrape().text)["counterpart_messages", "queued"] == before
    monkeypatch.setattr(metrics, "KEEP_SECONDS", 0.0)
    assert samples(scrape().text)["counterpart_messages", "queued"] == before + 2


def test_a_database_that_is_away_is_a_figure_too(scrape, monkeypatch):
    def away(*_args, **_kwargs):
        raise OperationalError("SELECT", {}, OSError("away"))

    monkeypatch.setattr(metrics, "figures", away)
    answer = scrape()
    assert answer.status_code == 200
    assert samples(answer.text)["counterpart_database_up", ""] == 0
    assert "counterpart_messages" not in answer.text
