"""DKIM: what arrives at a real server bears a signature that a mailbox finds good, and no other."""

from __future__ import annotations

import subprocess
from base64 import b64decode, b64encode

import dkim
import pytest

from app.mailer.jobs import run_worker
from app.mailer.service import retry_message
from config import ConfigurationError
from tests.conftest import settings_for
from tests.core import making
from tests.mailer.smtp_servers import Server, running, saying

DOMAIN = "northwind.example"


def openssl(*arguments, given=None):
    return subprocess.run(["openssl", *arguments], input=given, check=True, capture_output=True).stdout


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    path = tmp_path_factory.mktemp("dkim") / "dkim.pem"
    path.write_bytes(openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"))
    return path


@pytest.fixture
def app(app, key, tmp_path):
    """Return the application with a key, and a sender of the domain."""
    given = {"COUNTERPART_DKIM_KEY": str(key), "COUNTERPART_DKIM_SELECTOR": "mail2026"}
    app.config["SETTINGS"] = settings_for(tmp_path, MAIL_DEFAULT_SENDER=f"Bills <bills@{DOMAIN}>", **given)
    return app


def is_good(mail, key):
    public = openssl("pkey", "-in", str(key), "-pubout", "-outform", "der")
    asked = []

    def dns(name, timeout=5):  # as dkimpy calls it
        asked.append(name)
        return b"v=DKIM1; k=rsa; p=" + b64encode(public)

    good = dkim.verify(mail, dnsfunc=dns)
    return good, asked


def deliver(app, server):
    with running(server) as port:
        state = app.extensions["mail"]
        state.server, state.port = "127.0.0.1", port
        run_worker(app, once=True)


def test_a_mail_with_its_pdf_is_signed_for_the_domain_that_it_comes_from(app, key):
    making.send(making.invoice(making.billed(email="jo@acme.example, ann@acme.example", company_name="Müller & Söhne")))
    server = Server()
    deliver(app, server)
    assert len(server.mails) == 2
    for _, _, mail in server.mails:
        assert is_good(mail, key) == (True, [b"mail2026._domainkey.northwind.example."])


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"Subject: ", b"Subject: RE "),
        (b"Subject: ", b"Subject: Another\r\nSubject: "),
        (b"From: ", b"From: boss@northwind.example\r\nFrom: "),
        (b"Auto-Submitted: ", b"Auto-Submitted: no, "),
        (b"\r\n\r\n--", b"\r\n\r\nx--"),
    ],
)
def test_what_was_changed_on_the_way_is_found_out(app, key, was, becomes):
    making.send(making.invoice(making.billed()))
    server = Server()
    deliver(app, server)
    ((_, _, mail),) = server.mails
    assert was in mail
    assert is_good(mail.replace(was, becomes, 1), key)[0] is False


def test_a_retry_bears_the_same_signature(app):
    making.send(making.invoice(making.billed()))
    later, taking = Server(), Server()
    later.on_rcpt = saying("451 4.2.1 busy")
    deliver(app, later)
    (message,) = making.messages()
    before = message.content_digest
    making.run(retry_message, message_id=message.id)
    deliver(app, taking)
    assert making.messages()[0].content_digest == before
    ((_, _, mail),) = taking.mails
    assert mail.startswith(b"DKIM-Signature: ")


def test_without_a_key_nothing_is_signed(app, tmp_path):
    app.config["SETTINGS"] = settings_for(tmp_path)
    making.send(making.invoice(making.billed()))
    server = Server()
    deliver(app, server)
    assert b"DKIM-Signature" not in server.mails[0][2]


def test_a_key_whose_lines_end_as_on_windows_is_one(tmp_path, key):
    path = tmp_path / "windows.pem"
    path.write_bytes(key.read_bytes().replace(b"\n", b"\r\n"))
    assert settings_for(tmp_path, COUNTERPART_DKIM_KEY=str(path)).dkim_key == key.read_bytes()


def test_a_key_that_is_damaged_is_refused_in_words(tmp_path, key):
    lines = key.read_bytes().split(b"\n")
    der = b64decode(b"".join(lines[1:-2]))
    path = tmp_path / "damaged.pem"
    # The NULL of the algorithm's parameters (RFC 8017 appendix A.1) has a length.
    wrong = der.replace(b"\x05\x00", b"\x05\x01", 1)
    path.write_bytes(b"\n".join([lines[0], b64encode(wrong), lines[-2], b""]))
    with pytest.raises(ConfigurationError, match="an RSA private key in PEM"):
        settings_for(tmp_path, COUNTERPART_DKIM_KEY=str(path))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"), "a key of 1024 bits"),
        (("genpkey", "-algorithm", "ED25519"), "an RSA private key in PEM"),
    ],
)
def test_a_key_that_mailboxes_refuse_is_refused_at_the_start(tmp_path, made, words):
    path = tmp_path / "weak.pem"
    path.write_bytes(openssl(*made))
    with pytest.raises(ConfigurationError) as refusal:
        settings_for(tmp_path, COUNTERPART_DKIM_KEY=str(path))
    assert words in str(refusal.value)
