"""Sending over SMTP, against real servers that behave well, badly and not at all."""

import asyncio
import ssl
from types import SimpleNamespace

import pytest
import trustme
from aiosmtpd.smtp import AuthResult

from app.mailer.smtp.answers import ConnectionTrouble, Deferred, Refused, Timeouts, Unknown
from app.mailer.smtp.connection import Connection
from tests.mailer.smtp_servers import Server, hanging_up, once, running, saying, silent

MAIL = b"From: a@example.org\r\nTo: b@example.org\r\nMessage-ID: <1@example.org>\r\n\r\nHello\r\n.hidden dot\r\n"
QUICK = Timeouts(connect=2.0, command=0.5, answer=0.5)
# A machine that does other things for a while is no trouble with the server.
PATIENT = Timeouts(connect=10.0, command=10.0, answer=10.0)


def state(port, **values):
    base = {"use_ssl": False, "use_tls": False, "username": None, "password": None, "max_emails": None}
    return SimpleNamespace(server="127.0.0.1", port=port, **{**base, **values})


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def connection(server):
    with running(server, enable_SMTPUTF8=True) as port, Connection(state(port), timeouts=PATIENT) as made:
        yield made


def send(connection, recipient="b@example.org", data=MAIL):
    return connection.send_bytes("bounce@example.org", recipient, data)


def test_the_server_gets_the_very_bytes_and_its_answer_is_kept(server, connection):
    answer = send(connection)
    assert (answer.code, answer.text, answer.enhanced) == (250, "2.0.0 Queued as 17", "2.0.0")
    assert server.mails == [("bounce@example.org", ["b@example.org"], MAIL)]


def test_one_connection_serves_many_mails(server, connection):
    for _ in range(20):
        send(connection)
    assert len(server.mails) == 20
    assert len(server.sessions) == 1


def test_a_connection_is_changed_after_its_share_of_mails(server, connection):
    connection.mail.max_emails = 2
    for _ in range(5):
        send(connection)
    assert len(server.sessions) == 3


@pytest.mark.parametrize("phase", ["on_mail", "on_rcpt", "on_data"])
@pytest.mark.parametrize(
    ("text", "kind", "enhanced"),
    [
        ("450 4.2.0 Greylisted", Deferred, "4.2.0"),
        ("451 Local error", Deferred, None),
        ("452 4.2.2 Mailbox full", Deferred, "4.2.2"),
        ("550 5.1.1 No such user", Refused, "5.1.1"),
        ("552 5.3.4 Too big", Refused, "5.3.4"),
        ("554 5.7.1 Spam", Refused, "5.7.1"),
    ],
)
def test_a_refusal_is_told_by_kind_and_words_and_hurts_no_other_mail(server, connection, phase, text, kind, enhanced):
    setattr(server, phase, once(saying(text)))
    with pytest.raises(kind) as caught:
        send(connection)
    assert f"{caught.value.answer}" == text
    assert caught.value.answer.enhanced == enhanced
    assert caught.value.step == phase.removeprefix("on_")
    send(connection)
    assert len(server.mails) == 1
    assert len(server.sessions) == 1


@pytest.mark.parametrize("phase", ["on_rcpt", "on_data"])
def test_421_is_the_connections_trouble_and_the_next_mail_takes_another(server, connection, phase):
    setattr(server, phase, once(saying("421 4.3.2 Shutting down")))
    with pytest.raises(ConnectionTrouble) as caught:
        send(connection)
    assert caught.value.answer.code == 421
    send(connection)
    assert len(server.mails) == 1
    assert len(server.sessions) == 2


def test_a_server_that_hung_up_while_idle_is_called_again(server, connection):
    send(connection)
    server.on_mail = once(hanging_up)
    send(connection)
    assert len(server.mails) == 2


@pytest.mark.parametrize("behaviour", [hanging_up, silent])
def test_no_answer_before_the_mail_was_sent_is_safe_to_try_again(server, connection, behaviour):
    connection.timeouts = QUICK
    server.on_rcpt = once(behaviour)
    with pytest.raises(ConnectionTrouble) as caught:
        send(connection)
    assert caught.value.answer is None
    assert server.mails == []


@pytest.mark.parametrize("behaviour", [hanging_up, silent])
def test_no_answer_after_the_mail_was_sent_is_unknown(server, connection, behaviour):
    connection.timeouts = QUICK
    server.on_data = once(behaviour)
    with pytest.raises(Unknown) as caught:
        send(connection)
    assert caught.value.step == "data"
    send(connection)
    assert len(server.mails) == 1


def test_a_server_that_is_not_there_is_trouble_in_plain_words():
    with running(Server()) as port:
        pass
    with pytest.raises(ConnectionTrouble, match=rf"No connection to 127\.0\.0\.1:{port}") as caught:
        send(Connection(state(port), timeouts=QUICK))
    assert caught.value.step == "connect"


def test_a_server_that_accepts_and_says_nothing_is_trouble():
    with running(None, factory=asyncio.Protocol) as port:
        impatient = Timeouts(connect=0.3, command=0.3, answer=0.3)
        with pytest.raises(ConnectionTrouble, match=r"in time|timed out"):
            send(Connection(state(port), timeouts=impatient))


def test_a_mail_over_the_servers_limit_is_not_even_sent(server):
    with running(server, data_size_limit=2000) as port, Connection(state(port), timeouts=QUICK) as connection:
        with pytest.raises(Refused, match=r"takes 2000\.") as caught:
            send(connection, data=MAIL + b"x" * 3000 + b"\r\n")
        assert connection.size_limit == 2000
        assert (caught.value.step, server.senders) == ("size", [])
        send(connection)
        assert server.senders == [("bounce@example.org", [f"SIZE={len(MAIL)}"])]


def test_redirect_all_holds_for_every_road(server):
    with running(server) as port:
        connection = Connection(state(port), redirect_all="test@example.net", timeouts=QUICK)
        with connection:
            send(connection)
    assert server.mails == [("bounce@example.org", ["test@example.net"], MAIL)]


def test_an_international_domain_travels_as_a_labels(server, connection):
    send(connection, "anna@bücher.example")
    assert server.mails[0][1] == ["anna@xn--bcher-kva.example"]


def test_an_international_local_part_needs_smtputf8(server, connection):
    header = "To: änna@example.org\r\n\r\nHello\r\n".encode()
    send(connection, "änna@example.org", header)
    assert server.mails[0][1:] == (["änna@example.org"], header)
    with running(server) as port, Connection(state(port), timeouts=QUICK) as other:
        with pytest.raises(Refused, match="SMTPUTF8"):
            send(other, "änna@example.org", header)
        send(other)


@pytest.mark.parametrize(
    "address",
    ["b@example.org\r\nRCPT TO:<x@example.org>", "b@example.org> SIZE=1", "<b@example.org>", "b", "@example.org", "b@"],
)
def test_no_address_can_break_out_of_its_command(server, connection, address):
    with pytest.raises(ValueError, match="mail address"):
        send(connection, address)
    assert server.mails == []


@pytest.mark.parametrize(
    "data", [b"A: b\n\nHello\n", b"A: b\r\n\r\nHello\n.\nMAIL FROM:<x>\r\n", b"A: b\r\n\r\nx\ry\r\n"]
)
def test_a_mail_can_not_smuggle_another(server, connection, data):
    with pytest.raises(ValueError, match="CRLF"):
        send(connection, data=data)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def server_context(authority):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def trusting(authority):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def test_starttls_sends_nothing_to_a_server_that_it_can_not_trust(server, server_context, trusting):
    with running(server, tls_context=server_context, require_starttls=True) as port:
        with pytest.raises(ConnectionTrouble, match=r"(?i)certificate"):
            send(Connection(state(port, use_tls=True), timeouts=QUICK))
        assert server.mails == []
        with Connection(state(port, use_tls=True), context=trusting, timeouts=QUICK) as connection:
            send(connection)
    assert len(server.mails) == 1


def test_starttls_never_falls_back_to_sending_in_the_clear(server):
    with running(server) as port, pytest.raises(ConnectionTrouble, match="STARTTLS"):
        send(Connection(state(port, use_tls=True), timeouts=QUICK))
    assert server.mails == []


def test_tls_from_the_start_checks_the_certificate_too(server, server_context, trusting):
    with running(server, wrapped=server_context) as port:
        with pytest.raises(ConnectionTrouble, match=r"(?i)certificate"):
            send(Connection(state(port, use_ssl=True), timeouts=QUICK))
        with Connection(state(port, use_ssl=True), context=trusting, timeouts=QUICK) as connection:
            send(connection)
    assert len(server.mails) == 1


def test_a_refused_login_is_trouble_for_all_mails_and_fails_none(server):
    def authenticate(server, session, envelope, mechanism, data):
        return AuthResult(success=data.password == b"right", handled=False)

    options = {"authenticator": authenticate, "auth_require_tls": False, "auth_required": True}
    with running(server, **options) as port:
        with pytest.raises(ConnectionTrouble) as caught:
            send(Connection(state(port, username="me", password="wrong"), timeouts=QUICK))
        assert (caught.value.answer.code, caught.value.step) == (535, "connect")
        assert "wrong" not in str(caught.value)
        with pytest.raises(ConnectionTrouble) as caught:
            send(Connection(state(port), timeouts=QUICK))
        assert (caught.value.answer.code, caught.value.step) == (530, "mail")
        with Connection(state(port, username="me", password="right"), timeouts=QUICK) as connection:
            send(connection)
    assert len(server.mails) == 1
