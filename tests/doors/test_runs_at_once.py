"""The same invoices run by five doors at the same moment: one set of copies, and a clear answer to each door."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.invoices.billing_runs import service
from app.invoices.billing_runs.jobs import Advance
from app.invoices.billing_runs.models import BillingRun, RunInvoice
from tests.conftest import actor
from tests.core import making
from tests.doors.doors import PASSWORD
from tests.doors.test_sent_at_once import at_once, own_app
from tests.process.pages import Page

__all__ = ["own_app"]

ROOT = Path(__file__).resolve().parents[2]
INVOICES = 12
COPIES = 3
CHOSEN = {"filters": {"status": "draft"}}


@pytest.fixture
def invoices(own_app, monkeypatch):
    monkeypatch.setattr("app.invoices.billing_runs.jobs.CHUNK", 5)
    for number in range(INVOICES):
        customer_id = making.billed(f"AC{number}", email=f"bills@a{number}.example")
        for name in range(COPIES - 1):
            email = f"p{name}@a{number}.example"
            making.contact(customer_id, last_name=f"P{name}", email=email, email_bill_type="short")
        making.invoice(customer_id)
    db.session.remove()


def token(client):
    given = {"username": "finance", "password": PASSWORD, "provider": "db"}
    return {"Authorization": f"Bearer {client.post('/api/v1/security/login', json=given).json['access_token']}"}


def by_screen(app):
    """Plan a run in a browser of one's own; return what presses Start."""
    client = app.test_client()
    assert client.post("/login/", data={"username": "finance", "password": PASSWORD}).status_code == 302
    path = client.post("/billing-runs/add", data=CHOSEN["filters"]).headers["Location"]
    number = path.rpartition("/")[2]
    asked = client.get(f"/billing-runs/{number}/start")
    form = Page(SimpleNamespace(url="", status_code=200, text=asked.text)).form("version")
    return lambda: client.post(f"/billing-runs/{number}/start", data=form).status_code


def by_rest(app):
    """Plan a run over REST; return what starts it."""
    client = app.test_client()
    headers = token(client)
    number = client.post("/api/v1/billing_run/", json=CHOSEN, headers=headers).json["id"]
    return lambda: client.post(f"/api/v1/billing_run/{number}/start", headers=headers).status_code


def by_command(app):
    """Return what runs `flask billing-run` as a process of its own."""
    settings = app.config["SETTINGS"]
    environment = {
        "PATH": os.environ["PATH"],
        "COUNTERPART_INSTANCE": str(settings.instance),
        "COUNTERPART_SECRET_KEY": settings.given_secret_key,
        "COUNTERPART_DATABASE_URL": settings.database_url,
    }
    words = ["billing-run", "--as", "finance", "--status", "draft", "--no-wait"]
    command = [sys.executable, "-m", "flask", "--app", "app:create_app", *words]

    def run():
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        # It plans when all others may have sent everything by then: no draft is left, and it says so.
        assert done.returncode == 0 or "No invoice matches this." in done.stderr, done.stderr
        return done.returncode

    return run


def work(app):
    """Be a worker until no run is under way for a while."""

    def turns():
        with app.app_context():
            turn, never = Advance(), threading.Event()
            for _ in range(400):
                if not turn(never):
                    never.wait(0.02)
            db.session.remove()

    return turns


def finished(app):
    turn, never = Advance(), threading.Event()
    while turn(never):
        pass
    db.session.rollback()
    runs = db.session.query(BillingRun).all()
    assert {one.status for one in runs} == {"finished"}
    return [one.id for one in runs]


def check(app):
    runs = finished(app)
    messages = making.messages()
    assert len(messages) == INVOICES * COPIES
    assert {one.revision for one in messages} == {0}
    assert set(Counter((one.document_id, one.address) for one in messages).values()) == {1}
    rows = db.session.query(RunInvoice).all()
    # Each invoice was sent by one run, and all others say that everybody has it already.
    assert Counter(one.invoice_id for one in rows if one.state == "sent") == dict.fromkeys(range(1, INVOICES + 1), 1)
    others = {(one.state, one.reason) for one in rows if one.state != "sent"}
    assert others <= {("nothing_to_send", "already_sent")}
    return runs


@pytest.mark.process
def test_five_runs_of_the_same_invoices_make_one_set_of_copies(own_app, invoices):
    doors = {
        "screen": by_screen(own_app),
        "another screen": by_screen(own_app),
        "REST": by_rest(own_app),
        "REST again": by_rest(own_app),
        "the command line": by_command(own_app),
        "a worker": work(own_app),
        "another worker": work(own_app),
    }
    results = at_once(doors)
    wrong = {name: one for name, one in results.items() if isinstance(one, BaseException)}
    assert not wrong, wrong
    assert [results[name] for name in ("screen", "another screen", "REST", "REST again")] == [302, 302, 202, 202]
    assert len(check(own_app)) in (4, 5)


@pytest.mark.process
def test_one_run_started_five_times_starts_once(own_app, invoices):
    with unit_of_work(db.session) as session:
        from app.mailer.sending_defaults import sending_defaults

        made = service.create_run(session, actor("finance"), values=CHOSEN, defaults=sending_defaults())
        number = made.id
    db.session.remove()
    client = own_app.test_client()
    headers = token(client)
    path = f"/api/v1/billing_run/{number}/start"
    doors = {str(one): lambda: own_app.test_client().post(path, headers=headers).status_code for one in range(5)}
    results = at_once({**doors, "a worker": work(own_app)})
    assert Counter(results[name] for name in doors) == {202: 1, 409: 4}
    assert check(own_app) == [number]
