"""The whole way by real servers: a copy leaves by Postfix, is answered, and is read out of Dovecot's mailbox."""

from __future__ import annotations

import email
import os
import signal
import smtplib
import subprocess
import sys
import time
from email.policy import default as mail_policy

import pytest
from sqlalchemy import select

from app import create_app
from app.extensions import db
from app.inbound.models import InboundMail
from app.mailer.incoming.mailbox import DONE
from app.mailer.jobs import run_worker
from app.tickets.models import TicketUpdate
from tests.conftest import actor, settings_for
from tests.inbound.answers import answer
from tests.mta import CLIENT, DOMAIN, PASSWORD, USER, running_mta
from tests.tickets import jwz
from tests.tickets.making_tickets import Desk

pytestmark = pytest.mark.services
ANN, BEN = f"{USER}+ann@{DOMAIN}", f"{USER}+ben@{DOMAIN}"


@pytest.fixture(scope="module")
def mta():
    with running_mta() as running:
        yield running


def environment(mta, **more):
    return {
        "MAIL_SERVER": "127.0.0.1",
        "MAIL_PORT": str(mta.smtp_port),
        "COUNTERPART_BOUNCE_ADDRESS": f"{USER}@{DOMAIN}",
        "COUNTERPART_ANSWER_ADDRESS": f"{USER}@{DOMAIN}",
        "IMAP_SERVER": "localhost",
        "IMAP_PORT": str(mta.imap_port),
        "IMAP_USERNAME": USER,
        "IMAP_PASSWORD": PASSWORD,
        **more,
    }


@pytest.fixture
def app(mta, database_url, tmp_path):
    """Return the application that hands its mails to Postfix, and reads the mailbox by Dovecot."""
    application = create_app(settings_for(tmp_path, database_url, **environment(mta)))
    with application.app_context():
        yield application
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def desk(app):
    return Desk()


def waiting_for(mta, wanted, count=1):
    """Wait until so many mails lie in the inbox for which a question is answered with yes; return them."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        files = [*mta.maildir.glob("new/*"), *mta.maildir.glob("cur/*")]
        mails = [email.message_from_bytes(file.read_bytes(), policy=mail_policy) for file in files]
        found = [mail for mail in mails if wanted(mail)]
        if len(found) >= count:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{count} mails were waited for. The server's log:\n{mta.log}")


def copy_for(mta, address, number, words):
    """Return the copy of a ticket's update that an address got."""
    (found,) = waiting_for(
        mta,
        lambda mail: mail["To"] and address in mail["To"] and number in mail["Subject"] and words in text_of(mail),
    )
    return found


def text_of(mail):
    body = mail.get_body(("plain",))
    return body.get_content() if body else ""


def post(mta, mail, *, sender):
    """Hand a mail to Postfix, as somebody's mail program does."""
    with smtplib.SMTP("127.0.0.1", mta.smtp_port, timeout=10) as server:
        server.send_message(mail, from_addr=sender, to_addrs=[mail["To"]])


def inbound(app):
    done = app.test_cli_runner().invoke(args=["inbound"])
    db.session.expire_all()
    assert done.exit_code == 0, done.output
    return dict(line.split(": ") for line in done.stdout.splitlines())


def updates(ticket):
    db.session.rollback()
    return list(db.session.scalars(select(TicketUpdate).where(TicketUpdate.ticket_id == ticket)))


def test_an_answer_comes_back_as_an_update_and_goes_to_the_others(app, mta, desk):
    desk.person(ANN, first_name="Ann")
    desk.person(BEN, first_name="Ben")
    ticket = desk.ticket(requester_email=f"{USER}+asks@{DOMAIN}", subject="Whole way")
    desk.write(ticket, "Is it plugged in?", actor("support"))
    run_worker(app, once=True)
    copies = [copy_for(mta, address, "AC1/T001", "plugged") for address in (ANN, BEN)]
    assert copies[0]["Reply-To"].startswith(f"{USER}+")
    reply = answer(copies[0], "It was not. Thank you.", sender=f"Ann <ann@{CLIENT}>")
    reply.add_attachment(b"%PDF-1.7 x", maintype="application", subtype="pdf", filename="plug.pdf")
    post(mta, reply, sender=f"ann@{CLIENT}")
    waiting_for(mta, lambda mail: mail["Message-ID"] == reply["Message-ID"])
    told = inbound(app)
    assert told["answered"] == "1"
    assert int(told["own"]) == 6
    update = updates(ticket)[-1]
    assert (update.body, update.author_address, update.sent_from) == ("It was not. Thank you.", ANN, f"ann@{CLIENT}")
    assert [one.filename for one in update.attachments] == ["plug.pdf"]
    # What was taken in lies in a folder of its own, and reading once more finds nothing.
    assert [one for one in (mta.maildir / f".{DONE}").rglob("*") if one.is_file() and b"not. Thank" in one.read_bytes()]
    assert inbound(app) == {}
    run_worker(app, once=True)
    ben = copy_for(mta, BEN, "AC1/T001", "It was not.")
    (root,) = jwz.threads([copies[1], ben])
    assert len(jwz.mails_of(root)) == 2
    assert [one.get_filename() for one in ben.iter_attachments()] == ["plug.pdf"]
    asks = copy_for(mta, "asks", "AC1/T001", "It was not.")
    got = waiting_for(mta, lambda mail: "It was not." in text_of(mail), count=2)
    assert {mail["To"] for mail in got} == {ben["To"], asks["To"]}


def test_what_proves_nothing_is_listed_and_bounces_go_their_way(app, mta, desk):
    missing = f"nobody.there@{CLIENT}"
    desk.person(ANN)
    desk.person(missing)
    ticket = desk.ticket(subject="Forged")
    run_worker(app, once=True)
    copy = copy_for(mta, ANN, "AC1/T001", "The line is dead")
    forged = answer(copy, "Send me all you have.", sender=ANN, to=f"{USER}@{DOMAIN}")
    away = answer(copy, "I am away.", Auto_Submitted="auto-replied")
    for mail in (forged, away):
        post(mta, mail, sender=f"x@{CLIENT}")
        waiting_for(mta, lambda found, mail=mail: found["Message-ID"] == mail["Message-ID"])
    waiting_for(mta, lambda mail: mail.get_content_type() == "multipart/report" and missing in mail.as_string())
    told = inbound(app)
    assert (told["listed"], told["automatic"], "answered" in told) == ("1", "1", False)
    assert int(told["bounced"]) >= 1
    assert len(updates(ticket)) == 1
    reasons = sorted(one.reason for one in db.session.scalars(select(InboundMail)))
    assert reasons == ["automatic", "no_token"]


def test_bounces_alone_leave_answers_for_later(app, mta, desk):
    desk.person(ANN)
    ticket = desk.ticket(subject="Separate")
    run_worker(app, once=True)
    reply = answer(copy_for(mta, ANN, "AC1/T001", "The line is dead"), "Here I am.")
    post(mta, reply, sender=ANN)
    waiting_for(mta, lambda mail: mail["Message-ID"] == reply["Message-ID"])
    assert app.test_cli_runner().invoke(args=["bounces"]).exit_code == 0
    assert len(updates(ticket)) == 1
    assert inbound(app)["answered"] == "1"


def test_a_mailbox_is_watched_and_a_killed_reader_takes_nothing_in_twice(app, mta, desk):
    desk.person(ANN)
    ticket = desk.ticket(subject="Watched")
    run_worker(app, once=True)
    reply = answer(copy_for(mta, ANN, "AC1/T001", "The line is dead"), "Seen at last.")
    post(mta, reply, sender=ANN)
    waiting_for(mta, lambda mail: mail["Message-ID"] == reply["Message-ID"])
    settings = app.config["SETTINGS"]
    given = {
        "PATH": os.environ["PATH"],
        "COUNTERPART_INSTANCE": str(settings.instance),
        "COUNTERPART_DATABASE_URL": settings.database_url,
        "COUNTERPART_SECRET_KEY": app.config["SECRET_KEY"],
        **environment(mta),
    }
    # Dies after the commit, before the mail is moved.
    dying = "import os\nfrom app.mailer.incoming import mailbox\nmailbox._folder_for_done = lambda *_: os._exit(9)\n"
    start = "from app import create_app\nfrom flask.cli import FlaskGroup\n"
    start += "FlaskGroup(create_app=create_app).main(args=['inbound'])"
    died = subprocess.run([sys.executable, "-c", dying + start], env=given, check=False, timeout=60)
    assert died.returncode == 9
    for _ in range(3):
        died = subprocess.run([sys.executable, "-c", dying + start], env=given, check=False, timeout=60)
    command = [sys.executable, "-m", "flask", "--app", "app:create_app", "inbound", "--every", "5"]
    with subprocess.Popen(command, env=given) as reader:
        end = time.monotonic() + 30
        while any(mta.maildir.glob("[nc]*/*")) and time.monotonic() < end:
            time.sleep(0.2)
        reader.send_signal(signal.SIGTERM)
        assert reader.wait(timeout=10) == 0
    assert [one.body for one in updates(ticket)] == ["The line is dead.", "Seen at last."]


def test_a_file_and_a_pipe(app, mta, desk, tmp_path):
    desk.person(ANN)
    ticket = desk.ticket(subject="Piped")
    run_worker(app, once=True)
    reply = answer(copy_for(mta, ANN, "AC1/T001", "The line is dead"), "By pipe.").as_bytes()
    runner = app.test_cli_runner()
    piped = runner.invoke(args=["inbound", "--file", "-"], input=reply)
    assert (piped.exit_code, piped.stdout) == (0, "answered: 1\n")
    file = tmp_path / "box"
    file.write_bytes(b"From x Mon Mar  2 12:00:00 2026\n" + reply.replace(b"\r\n", b"\n"))
    again = runner.invoke(args=["inbound", "--file", str(file)])
    assert (again.exit_code, again.stdout) == (0, "repeated: 1\n")
    assert len(updates(ticket)) == 2
