"""Mails handed to a real Postfix arrive; what it returns is read by IMAP from a real Dovecot, and from a file."""

from __future__ import annotations

import dataclasses
import os
import signal
import ssl
import subprocess
import sys
import time
from collections import Counter

import pytest

from app import create_app
from app.extensions import db
from app.mailer.bounces.jobs import LEFT, taking
from app.mailer.bounces.reading import MAX_OCTETS
from app.mailer.bounces.service import Taken
from app.mailer.incoming.mailbox import DONE, Mailbox
from app.mailer.jobs import run_worker
from app.mailer.message_states import MessageState
from app.mailer.suppressions.models import Suppression
from tests.conftest import settings_for
from tests.core import making
from tests.mta import CLIENT, DOMAIN, PASSWORD, USER, running_mta

pytestmark = pytest.mark.services
UNKNOWN = f"unknown.person@{CLIENT}"


@pytest.fixture(scope="module")
def mta():
    with running_mta() as running:
        yield running


@pytest.fixture
def app(mta, database_url, tmp_path):
    """Return the application that hands its mails to Postfix, and reads the mailbox by Dovecot."""
    settings = settings_for(
        tmp_path,
        database_url,
        MAIL_SERVER="127.0.0.1",
        MAIL_PORT=str(mta.smtp_port),
        COUNTERPART_BOUNCE_ADDRESS=f"{USER}@{DOMAIN}",
        IMAP_SERVER="localhost",
        IMAP_PORT=str(mta.imap_port),
        IMAP_USERNAME=USER,
        IMAP_PASSWORD=PASSWORD,
    )
    application = create_app(settings)
    with application.app_context():
        yield application
        db.session.remove()
        db.engine.dispose()


def sent_to(app, number, *addresses):
    making.send(making.invoice(making.billed(number, ", ".join(addresses))))
    run_worker(app, once=True)
    db.session.expire_all()
    return {one.address: one for one in making.messages() if one.document_number.startswith(f"{number}/")}


def suppressed():
    return {one.address: one for one in db.session.query(Suppression).filter(Suppression.deleted_at.is_(None))}


def test_a_mail_arrives_as_it_was_stored(app, mta):
    before = len(list(mta.maildir.glob("new/*")))
    messages = sent_to(app, "A1", f"{USER}+copy@{DOMAIN}")
    message = messages[f"{USER}+copy@{DOMAIN}"]
    assert message.state == MessageState.SENT
    assert any(message.message_id.encode() in mail for mail in mta.delivered(before + 1))


def test_what_comes_back_is_read_by_imap(app, mta):
    messages = sent_to(app, "B1", UNKNOWN)
    assert messages[UNKNOWN].state == MessageState.SENT
    waiting_for(mta, messages[UNKNOWN].message_id)
    trust = ssl.create_default_context(cafile=str(mta.certificate))
    again = frozenset({Taken.EARLY})
    mailbox = Mailbox(app.config["SETTINGS"], octets=MAX_OCTETS, stays=LEFT, again=again, context=trust)
    taken = mailbox.read(taking(app))
    assert taken["bounced"] == 1
    db.session.expire_all()
    message = making.messages()[-1]
    assert message.state == MessageState.BOUNCED
    assert suppressed()[UNKNOWN].message_id == message.id
    assert "unknown" in suppressed()[UNKNOWN].diagnostic.lower()
    # What was taken in lies in a folder of its own, and is not read again.
    assert list((mta.maildir / f".{DONE}").glob("*/*"))
    assert mailbox.read(taking(app))["bounced"] == 0
    # The next invoice has nobody to go to.
    count = len(making.messages())
    making.send(making.invoice(message.customer_id))
    assert len(making.messages()) == count


def test_what_comes_back_is_read_from_a_file(app, mta, tmp_path):
    messages = sent_to(app, "C1", f"nobody.here@{CLIENT}")
    report = waiting_for(mta, messages[f"nobody.here@{CLIENT}"].message_id)
    file = tmp_path / "report.eml"
    file.write_bytes(report)
    done = app.test_cli_runner().invoke(args=["bounces", "--file", str(file)])
    assert (done.exit_code, done.output) == (0, "bounced: 1\n")
    again = app.test_cli_runner().invoke(args=["bounces", "--file", "-"], input=report)
    assert (again.exit_code, again.output) == (0, "repeated: 1\n")
    db.session.expire_all()
    assert Counter(one.state for one in making.messages()) == {"bounced": 1}
    assert set(suppressed()) == {f"nobody.here@{CLIENT}"}


def test_the_mailbox_is_watched_until_told_to_stop(app, mta):
    address = f"gone@{CLIENT}"
    messages = sent_to(app, "D1", address)
    waiting_for(mta, messages[address].message_id)
    settings = app.config["SETTINGS"]
    environment = {
        "PATH": os.environ["PATH"],
        "COUNTERPART_INSTANCE": str(settings.instance),
        "COUNTERPART_DATABASE_URL": settings.database_url,
        "COUNTERPART_SECRET_KEY": app.config["SECRET_KEY"],
        "MAIL_SERVER": "127.0.0.1",
        "IMAP_SERVER": "localhost",
        "IMAP_PORT": str(mta.imap_port),
        "IMAP_USERNAME": USER,
        "IMAP_PASSWORD": PASSWORD,
    }
    command = [sys.executable, "-m", "flask", "--app", "app:create_app", "bounces", "--every", "5"]
    with subprocess.Popen(command, env=environment) as reader:
        end = time.monotonic() + 30
        while address not in suppressed() and time.monotonic() < end:
            time.sleep(0.1)
            db.session.rollback()
        reader.send_signal(signal.SIGTERM)
        assert reader.wait(timeout=10) == 0
    assert address in suppressed()


def test_a_mailbox_that_is_none_is_said_without_the_password(app, mta):
    app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], imap_port=mta.smtp_port)
    done = app.test_cli_runner().invoke(args=["bounces"])
    assert done.exit_code == 1
    assert "can't be read" in done.output
    assert PASSWORD not in done.output


def waiting_for(mta, message_id):
    """Wait until the report about a message lies in the mailbox; return it."""
    count = 1
    while True:
        for mail in mta.delivered(count):
            if message_id.encode() in mail and b"delivery-status" in mail:
                return mail
        count += 1
