"""The mail catcher, as the process that run.py starts, and the reading of what it keeps."""

import json
import signal
import smtplib
import socket
import subprocess
import sys
import time
from email.message import EmailMessage
from pathlib import Path

import pytest

from app.core.errors import NotFound
from app.mailer.smtp import caught
from app.mailer.smtp.caught import CaughtMails

ROOT = Path(__file__).resolve().parents[2]


def a_mail(subject="Your invoice", *, attach=True):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Émile <emile@example.org>", "ann@example.org", subject
    mail.set_content("Good day ☂")
    mail.add_alternative("<p>Good day ☂</p>", subtype="html")
    if attach:
        mail.add_attachment(b"%PDF-1.7 ...", maintype="application", subtype="pdf", filename="A-1 ünï.pdf")
    return mail


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@pytest.fixture
def catcher(tmp_path, port):
    command = [sys.executable, "-m", "app.mailer.smtp.catcher", "--port", str(port), "--folder", str(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)
    for _ in range(400):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield process
    process.kill()
    process.wait()
    process.stderr.close()


@pytest.mark.process
def test_a_mail_that_was_sent_is_read_as_it_was(catcher, tmp_path, port):
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp:
        assert "size" in smtp.ehlo()[1].decode().lower()
        smtp.send_message(a_mail(), "bounce@example.org", ["ann@example.org"])
    mails = CaughtMails(tmp_path)
    (mail,), total = mails.page()
    assert total == 1
    assert (mail.sender, mail.recipient, mail.subject) == (
        "Émile <emile@example.org>",
        "ann@example.org",
        "Your invoice",
    )
    assert (mail.envelope_sender, mail.envelope_recipients) == ("bounce@example.org", ("ann@example.org",))
    assert mail.attachments == ("A-1 ünï.pdf",)
    assert mails.body(mail.id, "plain").strip() == "Good day ☂"
    assert mails.body(mail.id, "html").strip() == "<p>Good day ☂</p>"
    assert mails.attachment(mail.id, 2).content == b"%PDF-1.7 ..."
    assert b"Subject: Your invoice" in mails.raw(mail.id)
    assert json.loads((tmp_path / f"{mail.id}.json").read_text())["envelope_sender"] == "bounce@example.org"


@pytest.mark.process
def test_the_catcher_ends_on_sigterm_and_says_when_its_port_is_taken(catcher, tmp_path, port):
    command = [sys.executable, "-m", "app.mailer.smtp.catcher", "--port", str(port), "--folder", str(tmp_path)]
    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode == 1
    assert f"can't listen on 127.0.0.1:{port}" in second.stderr
    catcher.send_signal(signal.SIGTERM)
    assert catcher.wait(10) == 0


def test_pages_are_the_newest_first(tmp_path):
    mails = CaughtMails(tmp_path)
    ids = [mails.keep("", ["b@example.org"], a_mail(f"Mail {number}").as_bytes()) for number in range(5)]
    page, total = mails.page(offset=1, limit=2)
    assert total == 5
    assert [mail.id for mail in page] == [ids[3], ids[2]]
    assert mails.page(offset=5)[0] == CaughtMails(tmp_path / "none").page()[0] == []


def test_only_the_newest_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(caught, "KEEP", 3)
    mails = CaughtMails(tmp_path)
    ids = [mails.keep("", ["b@example.org"], a_mail().as_bytes()) for _ in range(5)]
    assert mails.ids() == ids[:1:-1]
    assert len(list(tmp_path.iterdir())) == 6


@pytest.mark.parametrize("mail_id", ["../secret", "..", "", "0" * 20, f"{'0' * 20}-../../ab", f"{'0' * 20}-abcdefgh"])
def test_an_id_never_leads_out_of_the_folder(tmp_path, mail_id):
    (tmp_path / "secret.eml").write_text("x")
    mails = CaughtMails(tmp_path / "catcher")
    for read in (mails.get, mails.raw, mails.parts, mails.headers):
        with pytest.raises(NotFound):
            read(mail_id)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no header at all",
        b"Subject: =?utf-8?b?////?=\r\nFrom: \xff\xfe <\r\nDate: never\r\n\r\n\xff",
        b"Content-Type: text/plain; charset=klingon\r\n\r\n\xe4",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Disposition: inline; filename*=a'b\r\n\r\n",
        b"Message-ID: <\r\nTo: @@@,,;:<>\r\n\r\n",
    ],
)
def test_a_broken_mail_is_kept_and_shown(tmp_path, data):
    mails = CaughtMails(tmp_path)
    mail_id = mails.keep("", ["b@example.org"], data)
    assert mails.get(mail_id).size == len(data)
    assert mails.raw(mail_id) == data
    mails.parts(mail_id)
    mails.headers(mail_id)
