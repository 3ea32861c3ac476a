"""COUNTERPART_REDIRECT_ALL: whatever way a mail is sent, it goes to the one address of a test system, and nowhere else.

Each way of sending is a line in `WAYS`: given the settings and the server's port, it makes mails leave.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import flask_mail
import pytest

from app import create_app
from app.core.unit_of_work import unit_of_work
from app.extensions import db, mail
from app.invoices.service import send_invoice_again
from app.mailer.jobs import run_worker
from app.mailer.models import Message
from app.mailer.planning.choices import Again
from app.mailer.service import retry_message
from tests.conftest import settings_for
from tests.core import making
from tests.faults.brokers import Redis
from tests.faults.celery_processes import Worker, application, workers
from tests.mailer.smtp_servers import Server, once, running, saying

ROOT = Path(__file__).resolve().parents[2]
TESTER = "tester@here.example"
# An international domain, an international mailbox, and capitals: the ways to write an address that travel differently.
ADDRESSES = ("anna@bücher.example", "jörg@acme.example", "Ben@ACME.example")
# Flask-Mail itself can't write an international mailbox.
WRITABLE = (ADDRESSES[0], ADDRESSES[2])


def program(environment, *words):
    """Start the program as it is started in production."""
    command = [sys.executable, "-m", "flask", "--app", "app:create_app", *words]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def worker_once(_settings, environment, _server):
    process = program(environment, "worker", "--once")
    said = process.communicate(timeout=90)[0]
    assert process.returncode == 0, said


def embedded_worker(_settings, environment, server):
    process = program(environment, "worker")
    try:
        until(lambda: len(server.mails) >= len(ADDRESSES))
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def in_this_process(settings, _environment, _server):
    app = create_app(settings)
    with app.app_context():
        run_worker(app, once=True)
        db.session.remove()
        db.engine.dispose()


def retried(settings, environment, server):
    server.on_rcpt = once(saying("550 5.1.1 No such mailbox"))
    worker_once(settings, environment, server)
    failed = next(one.id for one in making.messages() if one.state == "failed")
    making.run(retry_message, message_id=failed)
    worker_once(settings, environment, server)


def sent_again(settings, environment, server):
    worker_once(settings, environment, server)
    server.mails.clear()
    first = making.messages()[0]
    again = Again.checked(addresses=list(ADDRESSES), reason="Lost.")
    making.run(send_invoice_again, invoice_id=first.document_id, again=again, defaults=making.DEFAULTS)
    worker_once(settings, environment, server)


def by_flask_mails_own_send(settings, _environment, _server):
    app = create_app(settings)
    with app.app_context():
        for address in WRITABLE:
            mail.send(letter_to(address))


def by_flask_mails_state(settings, _environment, _server):
    app = create_app(settings)
    with app.app_context():
        for address in WRITABLE:
            app.extensions["mail"].send(letter_to(address))


def by_flask_mails_connection(settings, _environment, _server):
    app = create_app(settings)
    with app.app_context(), mail.connect() as connection:
        for address in WRITABLE:
            letter = letter_to(address)
            letter.cc, letter.bcc = ["copy@else.example"], ["blind@else.example"]
            connection.send(letter)


def letter_to(address):
    return flask_mail.Message("Hello", recipients=[address], body="Hello", sender="us@acme.example")


def until(true, seconds=60):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


WAYS = {
    "flask worker --once": worker_once,
    "flask worker": embedded_worker,
    "the worker in a process of one's own": in_this_process,
    "retry": retried,
    "send again": sent_again,
    "Flask-Mail's send": by_flask_mails_own_send,
    "Flask-Mail's state": by_flask_mails_state,
    "Flask-Mail's connection": by_flask_mails_connection,
}


@pytest.mark.process
@pytest.mark.parametrize("way", WAYS)
def test_every_mail_goes_to_the_one_address(app, database_url, tmp_path, way):
    making.send(making.invoice(making.billed(email=", ".join(ADDRESSES))))
    server = Server()
    with running(server, enable_SMTPUTF8=True) as port:
        given = {"COUNTERPART_REDIRECT_ALL": TESTER, "MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(port)}
        settings = settings_for(tmp_path, database_url, **given)
        environment = {
            **given,
            "PATH": os.environ["PATH"],
            "COUNTERPART_INSTANCE": str(tmp_path),
            "COUNTERPART_SECRET_KEY": settings.given_secret_key,
            "COUNTERPART_DATABASE_URL": database_url,
        }
        WAYS[way](settings, environment, server)
    assert len(server.mails) >= len(WRITABLE if "Flask-Mail" in way else ADDRESSES)
    assert {address for _, recipients, _ in server.mails for address in recipients} == {TESTER}
    if "Flask-Mail" not in way:
        # The mail itself is what the recipient would have got: its To says whom it was for.
        assert {one.state for one in making.messages()} == {"sent"}
        assert {to_of(content) for _, _, content in server.mails} >= {b"Ben@acme.example"}


def to_of(content):
    line = next(line for line in content.split(b"\r\n") if line.lower().startswith(b"to:"))
    return line.rpartition(b"<")[2].rstrip(b">").removeprefix(b"To: ")


def test_without_it_mails_go_where_they_belong(app):
    """So that the tests above would see it: Flask-Mail's own way reaches the recipient where nothing is redirected."""
    server = Server()
    with running(server) as port:
        state = app.extensions["mail"]
        state.server, state.port = "127.0.0.1", port
        mail.send(letter_to("ben@acme.example"))
    assert [recipients for _, recipients, _ in server.mails] == [["ben@acme.example"]]


def test_the_message_keeps_its_own_address(app):
    making.send(making.invoice(making.billed(email="ben@acme.example")))
    with unit_of_work(db.session) as session:
        assert session.query(Message).one().address == "ben@acme.example"


@pytest.mark.services
@pytest.mark.process
def test_celery_sends_every_mail_to_the_one_address(tmp_path):
    broker, server = Redis(tmp_path / "broker").start(), Server()
    try:
        with running(server, enable_SMTPUTF8=True) as port, application(tmp_path, broker.url, port) as app:
            making.send(making.invoice(making.billed(email=", ".join(ADDRESSES))))
            command = {"program": "flask --app app:create_app", "COUNTERPART_REDIRECT_ALL": TESTER}
            with workers(Worker(app, tmp_path, "worker", **command)) as (worker,):
                until(lambda: len(server.mails) == len(ADDRESSES))
                assert worker.stop() == 0
            assert {one.state for one in making.messages()} == {"sent"}
    finally:
        broker.stop()
    assert {address for _, recipients, _ in server.mails for address in recipients} == {TESTER}
