"""The same document sent by five doors at the same moment: one message an address, and a clear answer to each door."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask_migrate import upgrade

from app import create_app
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.mailer.models import Message
from tests.conftest import OwnContextClient, add_users, postgresql_database, settings_for
from tests.core import making
from tests.doors.doors import PASSWORD
from tests.process.pages import Page

ROOT = Path(__file__).resolve().parents[2]
ADDRESSES = ("bills@acme.example", "ann@acme.example", "ben@acme.example")
DONE, NOTHING_LEFT, CHANGED = "sent it", "has it already", "the plan has changed"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def own_app(request, template, tmp_path):
    """Return an application on a file of SQLite, and on PostgreSQL."""
    if request.param == "sqlite":
        (tmp_path / "counterpart.sqlite").write_bytes(template.read_bytes())
        yield from _open(f"sqlite:///{tmp_path / 'counterpart.sqlite'}", tmp_path)
        return
    with postgresql_database() as url:
        yield from _open(url, tmp_path, build=True)


def _open(url, folder, *, build=False):
    app = create_app(settings_for(folder, url))
    app.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    app.test_client_class = OwnContextClient
    with app.app_context():
        if build:
            upgrade()
            add_users(app)
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def invoice_id(own_app):
    customer_id = making.billed(email=ADDRESSES[0])
    for address in ADDRESSES[1:]:
        making.contact(customer_id, last_name=address[:3], email=address, email_bill_type="short")
    made = making.invoice(customer_id)
    db.session.remove()
    return made


def by_screen(app, invoice_id):
    """Open the plan in a browser of one's own; return what presses the button."""
    client = app.test_client()
    assert client.post("/login/", data={"username": "finance", "password": PASSWORD}).status_code == 302
    path = f"/invoices/{invoice_id}/send"
    opened = client.get(path)
    form = Page(SimpleNamespace(url="", status_code=200, text=opened.text)).form("fingerprint")

    def press():
        answer = client.post(path, data={**form, "action": "send"})
        if answer.status_code == 409:
            assert "The plan has changed since you looked at it." in answer.text
            return CHANGED
        assert answer.status_code == 302, answer.text
        return DONE

    return press


def by_rest(app, invoice_id, *, fingerprint):
    """Ask for the plan by a token; return what sends it, with the plan's fingerprint or without."""
    client = app.test_client()
    given = {"username": "finance", "password": PASSWORD, "provider": "db"}
    token = client.post("/api/v1/security/login", json=given).json["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    path = f"/api/v1/invoice/{invoice_id}"
    looked_at = client.get(f"{path}/plan", headers=headers).json["result"]["fingerprint"]

    def call():
        body = {"fingerprint": looked_at} if fingerprint else {}
        answer = client.post(f"{path}/send", json=body, headers=headers)
        if answer.status_code == 409:
            assert answer.json["code"] == "plan_changed"
            assert {one["reason"] for one in answer.json["result"]["skipped"]} == {"already_sent"}
            return CHANGED
        assert answer.status_code == 202, answer.text
        result = answer.json["result"]
        if result["messages"]:
            return DONE
        assert {one["reason"] for one in result["skipped"]} == {"already_sent"}
        return NOTHING_LEFT

    return call


def by_command(app, _invoice_id):
    """Return what runs `flask send` as a process of its own."""
    settings = app.config["SETTINGS"]
    environment = {
        "PATH": os.environ["PATH"],
        "COUNTERPART_INSTANCE": str(settings.instance),
        "COUNTERPART_SECRET_KEY": settings.given_secret_key,
        "COUNTERPART_DATABASE_URL": settings.database_url,
    }
    words = ["send", "invoice", "AC1/1", "--as", "finance"]

    def run():
        command = [sys.executable, "-m", "flask", "--app", "app:create_app", *words]
        said = subprocess.check_output(command, cwd=ROOT, env=environment, text=True, timeout=120)
        if said.startswith("Nothing was sent."):
            assert said.count("The address has had this document already.") == len(ADDRESSES)
            return NOTHING_LEFT
        return DONE

    return run


def all_doors(app, invoice_id):
    return {
        "screen": by_screen(app, invoice_id),
        "another screen": by_screen(app, invoice_id),
        "REST with the fingerprint": by_rest(app, invoice_id, fingerprint=True),
        "REST without": by_rest(app, invoice_id, fingerprint=False),
        "the command line": by_command(app, invoice_id),
    }


def check(results):
    wrong = {name: one for name, one in results.items() if isinstance(one, BaseException)}
    assert not wrong, wrong
    counted = Counter(results.values())
    assert counted[DONE] == 1, results
    # Who looked at a plan is told that it has changed, who sends whatever there is, that they have it.
    assert counted[CHANGED] + counted[NOTHING_LEFT] == len(results) - 1
    assert sorted(one.address for one in making.messages()) == sorted(ADDRESSES)
    assert {one.revision for one in making.messages()} == {0}
    assert [one.verb for one in making.trail()].count("invoice:sent") == 1


def test_one_after_the_other(own_app, invoice_id):
    doors = all_doors(own_app, invoice_id)
    check({name: act() for name, act in doors.items()})


@pytest.mark.process
def test_all_at_the_same_moment(own_app, invoice_id):
    doors = all_doors(own_app, invoice_id)
    check(at_once(doors))


@pytest.mark.process
def test_processes_of_the_command_line(own_app, invoice_id):
    """A process takes a second to start, so these meet each other rather than the threads above."""
    check(at_once({f"process {number}": by_command(own_app, invoice_id) for number in range(3)}))


@pytest.mark.process
@pytest.mark.parametrize("round_", range(3))
def test_send_again_at_the_same_moment(own_app, invoice_id, round_):
    """Each copy sent again is a message of its own; while one is on its way, another is refused."""
    making.send(invoice_id)
    settle()
    client = own_app.test_client()
    given = {"username": "finance", "password": PASSWORD, "provider": "db"}
    token = client.post("/api/v1/security/login", json=given).json["access_token"]
    headers = {"Authorization": f"Bearer {token}"}

    def again():
        body = {"reason": f"Lost, {round_}.", "addresses": [ADDRESSES[0]]}
        answer = own_app.test_client().post(f"/api/v1/invoice/{invoice_id}/send_again", json=body, headers=headers)
        return answer.json["code"] if answer.status_code == 409 else answer.status_code

    results = at_once({str(number): again for number in range(4)})
    assert sorted(map(str, results.values())) == ["202", "on_its_way", "on_its_way", "on_its_way"]
    assert sorted(one.revision for one in making.messages() if one.address == ADDRESSES[0]) == [0, 1]


def settle():
    with making.unaudited(), unit_of_work(db.session) as work:
        for one in work.query(Message):
            one.state, one.next_attempt_at = "sent", None
    db.session.remove()


def at_once(doors):
    """Do what each door does at the same moment, each in a thread; return results and exceptions by door."""
    start = threading.Barrier(len(doors))
    results = {}

    def act(name, do):
        start.wait(30)
        try:
            results[name] = do()
        except BaseException as error:  # noqa: BLE001  what went wrong is what the test looks at
            results[name] = error

    threads = [threading.Thread(target=act, args=pair) for pair in doors.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(180)
    return results
