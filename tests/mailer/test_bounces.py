"""Mails that come back: the message is bounced, its address suppressed, and nobody's word alone does that."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from datetime import timedelta

import pytest
from flask import current_app
from sqlalchemy import text

import run
from app.core import clock
from app.core.models import AuditEntry
from app.extensions import db
from app.mailer.bounces import verp
from app.mailer.bounces.jobs import taking
from app.mailer.bounces.models import Bounce
from app.mailer.bounces.rules import SOFT_LIMIT
from app.mailer.incoming.ways import TRY_AGAIN, mails_in
from app.mailer.message_states import MessageState
from app.mailer.suppressions.models import Suppression
from tests.conftest import settings_for
from tests.core import making
from tests.mailer import returned_mails as mails
from tests.mailer.smtp_servers import Server, running, saying
from tests.mailer.test_delivery import drain, only, send_to

SECRET = "k" * 40


@pytest.fixture
def server():
    return Server()


def sent(app, server, address=mails.ADDRESS, **values):
    """Send an invoice to an address; return the message, and the envelope sender that the server saw."""
    send_to(address, **values)
    with running(server) as port:
        drain(app, port)
    message = making.messages()[-1]
    assert message.state == MessageState.SENT
    return message, server.mails[-1][0]


def take(*mails):
    takes = taking(current_app)
    return dict(Counter(takes(data).value for data in mails))


def suppressed():
    return sorted(one.address for one in db.session.query(Suppression).filter(Suppression.deleted_at.is_(None)))


def test_each_message_has_an_envelope_sender_of_its_own(app, server):
    send_to("a@client.example", "b@client.example")
    with running(server) as port:
        drain(app, port)
    paths = [mail[0] for mail in server.mails]
    ids = [message.id for message in making.messages()]
    assert [verp.message_among([path], secret=SECRET) for path in paths] == ids
    assert all(re.fullmatch(r"[^+@]+\+[0-9]+-[a-z2-7]{16}@[^@]+", path) for path in paths)


def test_a_retry_has_the_same_envelope_sender(app, server, monkeypatch):
    server.on_rcpt = saying("451 4.2.1 Later")
    send_to(mails.ADDRESS)
    with running(server) as port:
        drain(app, port)
        server.on_rcpt = None
        due = only().next_attempt_at
        monkeypatch.setattr(clock, "now", lambda: due + timedelta(seconds=1))
        drain(app, port)
    first, second = [address for address, _ in server.senders]
    assert first == second


def test_redirected_mails_keep_the_plain_sender(app, server):
    send_to(mails.ADDRESS)
    with running(server) as port:
        drain(app, port, redirect_all="tester@here.example")
    assert "+" not in server.mails[0][0]


def test_a_hard_bounce(app, server):
    message, path = sent(app, server)
    assert take(mails.report(to=path.upper(), message_id="")) == {"bounced": 1}
    db.session.refresh(message)
    assert message.state == MessageState.BOUNCED
    row = db.session.query(Suppression).one()
    assert (row.address, row.kind, row.message_id) == (mails.ADDRESS, "hard_bounce", message.id)
    assert "User unknown" in row.reason
    assert making.last_entry() == ("message:bounced", [("message", message.id), ("suppression", row.id)])
    assert making.trail()[-1].door == "inbound"


def test_page_and_rest_show_what_the_server_said(app, server, api, login):
    message, path = sent(app, server)
    take(mails.report(to=path))
    assert "User unknown" in login("finance").get(f"/messages/show/{message.id}?tab=attempts").text
    result = api("finance")("get", f"/api/v1/message/{message.id}").json["result"]
    assert result["state"] == "bounced"
    (bounce,) = result["bounces"]
    assert (bounce["severity"], bounce["status"]) == ("hard", "5.1.1")
    assert "User unknown" in bounce["diagnostic"]


def test_run_watches_the_mailbox_where_there_is_one(tmp_path):
    def programs(**environment):
        environment = {"MAIL_SERVER": "127.0.0.1", **environment}
        return [one.name for one in run._programs(settings_for(tmp_path, **environment), {}, host="", port=0)]

    imap = {"IMAP_SERVER": "localhost", "IMAP_USERNAME": "nobody", "IMAP_PASSWORD": "secret"}
    assert "mail reader" in programs(**imap)
    assert "mail reader" not in programs()


def test_a_report_does_nothing_the_second_time(app, server):
    message, path = sent(app, server)
    data = mails.report(to=path)
    take(data)
    db.session.refresh(message)
    before, entries = message.version, db.session.query(AuditEntry).count()
    assert take(b"Received: once more\r\n" + data) == {"repeated": 1}
    db.session.refresh(message)
    assert (message.version, db.session.query(AuditEntry).count()) == (before, entries)
    assert db.session.query(Bounce).count() == 1


@pytest.mark.parametrize("made", [mails.report, mails.exim, mails.qmail])
def test_a_message_is_found_by_its_id_too(app, server, made):
    message, _ = sent(app, server)
    assert take(made(to="billing@issuer.example", message_id=message.message_id)) == {"bounced": 1}
    assert suppressed() == [mails.ADDRESS]


def test_a_forged_bounce_suppresses_nobody(app, server):
    message, path = sent(app, server)
    token = verp.token_of(message.id, secret="another key" * 4)
    forged = path.replace(path.partition("+")[2].partition("@")[0], token)
    assert take(mails.report(to=forged), mails.qmail(to=forged), mails.exim(to="billing@issuer.example")) == {
        "unknown": 3
    }
    db.session.refresh(message)
    assert message.state == MessageState.SENT
    assert suppressed() == []


def test_a_bounce_speaks_for_no_other_address(app, server):
    _, path = sent(app, server)
    take(mails.report(to=path, address="victim@client.example"))
    assert suppressed() == [mails.ADDRESS]


def test_answers_and_own_mails_change_nothing(app, server):
    message, path = sent(app, server)
    assert take(mails.answer(to=path)) == {"answer": 1}
    assert take(server.mails[0][2]) == {"own": 1}
    assert take(b"", b"\xff\x00nonsense") == {"unknown": 2}
    db.session.refresh(message)
    assert message.state == MessageState.SENT


def test_a_late_mail_is_no_lost_one(app, server):
    message, path = sent(app, server)
    assert take(mails.late(to=path)) == {"delayed": 1}
    assert take(mails.report(to=path, action="delivered", status="2.0.0")) == {"delivered": 1}
    db.session.refresh(message)
    assert message.state == MessageState.SENT
    assert suppressed() == []


def test_soft_bounces_in_a_row_suppress(app, server):
    for number in range(SOFT_LIMIT):
        assert suppressed() == []
        _, path = sent(app, server, account=f"AC{number}")
        take(mails.full_mailbox(to=path, own_id=f"<{number}@mx.client.example>"))
    row = db.session.query(Suppression).one()
    assert row.kind == "soft_bounces"


def test_a_delivery_between_lets_soft_bounces_be(app, server):
    for number in range(SOFT_LIMIT + 1):
        _, path = sent(app, server, account=f"AC{number}")
        if number != SOFT_LIMIT - 1:
            take(mails.full_mailbox(to=path, own_id=f"<{number}@mx.client.example>"))
    assert suppressed() == []


def test_what_waits_for_the_address_is_cancelled(app, server):
    _, path = sent(app, server)
    send_to(mails.ADDRESS, account="AC2")
    take(mails.report(to=path))
    assert making.messages()[-1].state == MessageState.CANCELLED


def test_nothing_is_suppressed_for_redirected_mails(app, server):
    message, path = sent(app, server)
    redirected = dataclasses.replace(app.config["SETTINGS"], redirect_all="tester@here.example")
    app.config["SETTINGS"] = redirected
    assert take(mails.report(to=path)) == {"bounced": 1}
    db.session.refresh(message)
    assert message.state == MessageState.BOUNCED
    assert suppressed() == []


@pytest.mark.parametrize(
    ("state", "expected", "became"),
    [
        ("uncertain", "bounced", "bounced"),
        # Still in a worker's hand: the report is read again later.
        ("sending", "early", "sending"),
    ],
)
def test_a_bounce_of_a_message_whose_fate_is_open(app, state, expected, became):
    send_to(mails.ADDRESS)
    message = only()
    with making.unaudited():
        message.state = state
        db.session.commit()
    path = f"billing+{verp.token_of(message.id, secret=SECRET)}@issuer.example"
    assert take(mails.report(to=path)) == {expected: 1}
    db.session.refresh(message)
    assert message.state == became


@pytest.fixture
def command(app):
    runner = app.test_cli_runner()

    def run(*arguments, **options):
        result = runner.invoke(args=["bounces", *arguments], **options)
        return result.exit_code, result.output

    return run


def test_the_command_line_reads_an_mbox(app, server, tmp_path, command):
    _, path = sent(app, server)
    box = tmp_path / "box"
    box.write_bytes(
        b"From MAILER-DAEMON Sun Mar  1 12:00:00 2026\n"
        + mails.report(to=path).replace(b"\r\n", b"\n")
        + b"\nFrom someone Sun Mar  1 12:00:00 2026\n"
        + mails.answer().replace(b"\r\n", b"\n")
    )
    assert command("--file", str(box)) == (0, "bounced: 1\nunknown: 1\n")
    assert command("--file", str(box)) == (0, "repeated: 1\nunknown: 1\n")
    assert suppressed() == [mails.ADDRESS]


def test_a_mail_server_may_pipe_a_mail(app, server, command):
    message, path = sent(app, server)
    assert command("--file", "-", input=mails.report(to=path)) == (0, "bounced: 1\n")
    assert command("--file", "-", input=b"") == (0, "")
    with making.unaudited():
        message.state = MessageState.SENDING
        db.session.commit()
    early = mails.report(to=path, own_id="<2@mx.client.example>")
    assert command("--file", "-", input=early) == (TRY_AGAIN, "early: 1\n")


def test_a_pipe_keeps_its_mail_while_the_database_is_away(app, server, command):
    _, path = sent(app, server)
    with making.unaudited():
        db.session.execute(text("DROP TABLE bounce"))
        db.session.commit()
    code, said = command("--file", "-", input=mails.report(to=path))
    assert code == TRY_AGAIN
    assert "read it again later" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Set IMAP_SERVER to read a mailbox"),
        (("--every", "5"), "Set IMAP_SERVER to read a mailbox"),
        (("--every", "1", "--file", "-"), "1 is not in the range"),
        (("--every", "9", "--file", "-"), "--every goes with the mailbox"),
        (("--file", "/nowhere/at/all"), "No such file"),
    ],
)
def test_wrong_options_are_refused(app, command, arguments, words):
    code, said = command(*arguments)
    assert code == 2
    assert words in said


def test_an_mbox_of_one_mail_with_such_a_line_in_it():
    mail = b"Subject: x\n\nHello.\n>From here on\nFrom me\n"
    (found,) = mails_in(b"From x\n" + mail)
    assert found == mail.replace(b">From", b"From")
    assert mails_in(b"") == []
    assert TRY_AGAIN == 75
