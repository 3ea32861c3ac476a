"""Commands in one write (RFC 2920), against a server that answers each of them as badly as it is told."""

import asyncio
from contextlib import contextmanager

import pytest

from app.mailer.smtp.answers import ConnectionTrouble, Deferred, Refused, Undelivered, Unknown
from app.mailer.smtp.connection import Connection
from tests.mailer.smtp_servers import running
from tests.mailer.test_smtp import MAIL, QUICK, state

STUFFED = MAIL.replace(b"\r\n.", b"\r\n..")
HANG_UP, SILENT = "hang up", "silent"
GOOD = {"MAIL": "250 2.1.0 OK", "RCPT": "250 2.1.5 OK", "DATA": "354 Go on", ".": "250 2.0.0 Queued", "RSET": "250 OK"}


class Server:
    """Answers by `answers`, for the first mail alone; then it behaves. Keeps what came, and by which writes."""

    def __init__(self, offers=("PIPELINING", "SIZE 1000", "8BITMIME"), **answers):
        self.offers = offers
        self.answers = {{"DOT": "."}.get(verb, verb): answer for verb, answer in answers.items()}
        self.bodies, self.verbs, self.writes, self.connections = [], [], [], 0


class Talk(asyncio.Protocol):
    def __init__(self, server):
        self.server, self.left, self.body, self.mute = server, b"", None, False

    def connection_made(self, transport):
        self.transport = transport
        self.server.connections += 1
        self.say("220 here")

    def say(self, answer):
        self.transport.write(answer.encode() + b"\r\n")

    def data_received(self, data):
        self.server.writes.append(data)
        self.left += data
        while b"\r\n" in self.left and not self.mute:
            line, self.left = self.left.split(b"\r\n", 1)
            if self.body is None:
                self.command(line)
            elif line == b".":
                self.server.bodies.append(b"".join(self.body))
                self.body = None
                self.answer(".")
            else:
                self.body.append(line + b"\r\n")

    def command(self, line):
        verb = line.split(b" ")[0].decode().upper()
        if verb == "EHLO":
            self.say("\r\n".join(["250-here", *(f"250-{offer}" for offer in self.server.offers), "250 HELP"]))
            return
        self.server.verbs.append(verb)
        if verb == "QUIT":
            self.say("221 bye")
            self.transport.close()
        elif self.answer(verb).startswith("354"):
            self.body = []

    def answer(self, verb):
        answer = self.server.answers.pop(verb, GOOD[verb])
        if answer == HANG_UP:
            self.mute = True
            self.transport.close()
        elif answer == SILENT:
            self.mute = True
        else:
            self.say(answer)
        return answer


@contextmanager
def connected(server):
    with running(None, factory=lambda: Talk(server)) as port, Connection(state(port), timeouts=QUICK) as connection:
        yield connection


def send(connection, *, announced, data=MAIL):
    # What is announced needs a connection that is open, as it is from the second mail on.
    connection.open()
    if announced:
        connection.announce("bounce@example.org", "b@example.org", data)
    return connection.send_bytes("bounce@example.org", "b@example.org", data)


@pytest.fixture(params=[False, True], ids=["at once", "announced"])
def announced(request):
    return request.param


def test_three_commands_go_in_one_write(announced):
    server = Server()
    with connected(server) as connection:
        assert str(send(connection, announced=announced)) == "250 2.0.0 Queued"
        send(connection, announced=announced)
    group = b"MAIL FROM:<bounce@example.org> SIZE=%d\r\nRCPT TO:<b@example.org>\r\nDATA\r\n" % len(MAIL)
    assert server.writes.count(group) == 2
    assert len(server.bodies) == 2
    assert server.connections == 1


def test_a_server_that_does_not_offer_it_gets_one_command_at_a_time(announced):
    server = Server(offers=())
    with connected(server) as connection:
        send(connection, announced=announced)
    assert [one.split(b" ")[0].strip() for one in server.writes[1:4]] == [b"MAIL", b"RCPT", b"DATA"]
    assert len(server.bodies) == 1


# What the server says to the three commands; what kind of failure that is and at which step; whether the mail itself
# went out, and whether the connection serves the next one.
REFUSALS = [
    ({"RCPT": "550 5.1.1 No such user", "DATA": "554 No valid recipients"}, Refused, "rcpt", False, True),
    ({"RCPT": "450 4.2.0 Later", "DATA": "554 No valid recipients"}, Deferred, "rcpt", False, True),
    ({"RCPT": "550 5.1.1 No such user"}, Refused, "rcpt", False, False),
    ({"RCPT": "450 4.2.0 Later"}, Deferred, "rcpt", False, False),
    ({"MAIL": "550 No", "RCPT": "503 No", "DATA": "503 No"}, Refused, "mail", False, True),
    ({"MAIL": "451 Later", "RCPT": "503 No", "DATA": "503 No"}, Deferred, "mail", False, True),
    ({"MAIL": "550 No", "RCPT": "503 No"}, Refused, "mail", False, False),
    ({"MAIL": "550 No"}, Refused, "mail", False, False),
    ({"DATA": "554 5.7.1 Spam"}, Refused, "data", False, True),
    ({"DATA": "451 Later"}, Deferred, "data", False, True),
    ({"RCPT": "550 No", "DATA": HANG_UP}, Refused, "rcpt", False, False),
    ({"RCPT": "550 No", "DATA": SILENT}, Refused, "rcpt", False, False),
    ({"RCPT": "550 No", "DATA": "421 Going"}, Refused, "rcpt", False, False),
    ({"MAIL": "550 No", "RCPT": HANG_UP}, Refused, "mail", False, False),
    ({"MAIL": "550 No", "RCPT": "421 Going"}, Refused, "mail", False, False),
    ({"RCPT": "550 No", "DATA": "250 What?"}, Refused, "rcpt", False, False),
    ({"RCPT": "421 Going"}, ConnectionTrouble, "rcpt", False, False),
    ({"DATA": "421 Going"}, ConnectionTrouble, "data", False, False),
    ({"MAIL": "530 Log in"}, ConnectionTrouble, "mail", False, False),
    ({"RCPT": "354 What?"}, ConnectionTrouble, "rcpt", False, False),
    ({"DATA": "250 What?"}, ConnectionTrouble, "data", False, False),
    ({"RCPT": HANG_UP}, ConnectionTrouble, "rcpt", False, False),
    ({"RCPT": SILENT}, ConnectionTrouble, "rcpt", False, False),
    ({"DATA": HANG_UP}, ConnectionTrouble, "data", False, False),
    ({"DATA": SILENT}, ConnectionTrouble, "data", False, False),
    ({"DOT": "550 Spam"}, Refused, "data", True, True),
    ({"DOT": "452 Full"}, Deferred, "data", True, True),
    ({"DOT": "421 Going"}, ConnectionTrouble, "data", True, False),
    ({"DOT": HANG_UP}, Unknown, "data", True, False),
    ({"DOT": SILENT}, Unknown, "data", True, False),
]


@pytest.mark.parametrize(("answers", "kind", "step", "went", "goes_on"), REFUSALS)
def test_no_answer_is_overlooked_and_no_body_goes_to_nobody(announced, answers, kind, step, went, goes_on):
    server = Server(**answers)
    with connected(server) as connection:
        # A mail before, so that the connection is not taken for one that can't do it.
        server.answers, answers = {}, server.answers
        send(connection, announced=announced)
        server.answers = answers
        if step == "mail" and kind is ConnectionTrouble:
            # A used connection may have been closed while it was idle: a second one is tried, and behaves.
            send(connection, announced=announced)
            assert server.connections == 2
            return
        with pytest.raises(Undelivered) as caught:
            send(connection, announced=announced)
        assert (type(caught.value), caught.value.step) == (kind, step)
        server.answers = {}
        # Where one of the three was refused, nothing was sent that could be taken for a mail, not even an empty one.
        assert server.bodies[1:] == [STUFFED] * went
        before = server.connections
        send(connection, announced=announced)
        assert (server.connections == before) is goes_on
        assert server.bodies[-1] == STUFFED


def test_a_server_that_can_not_do_what_it_offers_gets_one_command_at_a_time(announced):
    server = Server(RCPT=SILENT)
    with connected(server) as connection:
        with pytest.raises(ConnectionTrouble):
            send(connection, announced=announced)
        server.writes.clear()
        send(connection, announced=announced)
    assert [one.split(b" ")[0].strip() for one in server.writes[1:4]] == [b"MAIL", b"RCPT", b"DATA"]


def test_what_is_withdrawn_is_never_sent():
    server = Server()
    with connected(server) as connection:
        connection.open()
        connection.announce("bounce@example.org", "b@example.org", MAIL)
        connection.withdraw()
        send(connection, announced=True)
    assert len(server.bodies) == 1
    assert server.connections == 2


def test_another_mail_than_the_one_that_was_announced_takes_another_connection():
    server = Server()
    with connected(server) as connection:
        connection.open()
        connection.announce("bounce@example.org", "b@example.org", MAIL)
        connection.send_bytes("bounce@example.org", "c@example.org", MAIL)
    assert len(server.bodies) == 1
    assert server.connections == 2
    assert any(b"RCPT TO:<c@example.org>" in one for one in server.writes)


def test_closing_with_a_mail_announced_delivers_nothing():
    server = Server()
    with connected(server) as connection:
        connection.open()
        connection.announce("bounce@example.org", "b@example.org", MAIL)
    assert server.bodies == []
    assert "QUIT" not in server.verbs


def test_a_server_that_hung_up_while_idle_is_called_again(announced):
    server = Server()
    with connected(server) as connection:
        send(connection, announced=announced)
        server.answers = {"MAIL": HANG_UP}
        send(connection, announced=announced)
        assert len(server.bodies) == 2
        # And the third goes in one write again.
        server.writes.clear()
        send(connection, announced=announced)
        assert server.writes[0].count(b"\r\n") == 3


@pytest.mark.parametrize("offers", [("PIPELINING",), ("PIPELINING", "SMTPUTF8")])
def test_what_the_server_can_not_carry_is_told_when_it_is_sent(offers):
    server = Server(offers=offers)
    with connected(server) as connection:
        connection.open()
        connection.announce("bounce@example.org", "grüße@example.org", MAIL)
        if "SMTPUTF8" in offers:
            connection.send_bytes("bounce@example.org", "grüße@example.org", MAIL)
            assert any("RCPT TO:<grüße@example.org>\r\nDATA".encode() in one for one in server.writes)
        else:
            with pytest.raises(Refused):
                connection.send_bytes("bounce@example.org", "grüße@example.org", MAIL)
            assert server.verbs == []
