"""Delivery to real SMTP servers: what is sent, what waits, what fails, and what nobody knows."""

from __future__ import annotations

import email
import io
import json
import re
import socket
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.policy import default as mail_policy

import pypdf
import pytest
from sqlalchemy import text

from app.core import clock
from app.core.unit_of_work import WRITES, unit_of_work
from app.extensions import db
from app.invoices.source import InvoiceSource
from app.mailer.bounces.verp import message_named
from app.mailer.delivery import recovery
from app.mailer.delivery import sending as delivery
from app.mailer.delivery.claims import claim, renew
from app.mailer.delivery.journal import Journal, Outcome
from app.mailer.delivery.mails import mail_of
from app.mailer.delivery.settling import settle
from app.mailer.message_states import MessageState
from app.mailer.models import Content, Rendition
from app.mailer.service import cancel_message, retry_message
from app.mailer.smtp.answers import Timeouts
from app.mailer.smtp.connection import connect
from tests.core import making
from tests.mailer.smtp_servers import Server, hanging_up, once, running, saying

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
QUICK = Timeouts(connect=2.0, command=2.0, answer=1.0)


@pytest.fixture
def server():
    return Server()


def drain(app, port, *, sender=None, worker="test", redirect_all=None):
    """Send all that is due to a port; return how many were tried."""
    state = app.extensions["mail"]
    state.server, state.port = "127.0.0.1", port
    with connect(app, timeouts=QUICK) as connection:
        connection.redirect_all = redirect_all
        return delivery.drain(db.session, connection, worker=worker, sender=sender, stop=threading.Event())


def send_to(*addresses, account="AC1", **values):
    """Send an invoice to each address; they leave in this order."""
    customer_id = making.billed(account, ", ".join(addresses), **values)
    invoice_id = making.invoice(customer_id)
    making.send(invoice_id)
    return invoice_id


def plain(envelope_sender):
    """Return an envelope sender without the token that names its message."""
    return re.sub(r"\+[^@]*@", "@", envelope_sender)


def parsed(mail):
    return email.message_from_bytes(mail[2], policy=mail_policy)


def only():
    (message,) = making.messages()
    return message


def outcomes(message):
    return [one.outcome for one in message.attempts]


@contextmanager
def nobody_there():
    """Give a port on which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_sent_with_its_document_attached(app, server):
    send_to("bills@acme.example")
    with running(server) as port, clock.frozen(NOON + timedelta(days=3650)):
        assert drain(app, port) == 1
    message = only()
    assert (message.state, outcomes(message)) == ("sent", ["sent"])
    assert message.attempts[0].answer == "250 2.0.0 Queued as 17"
    assert message.sent_at == NOON + timedelta(days=3650)
    assert (message.lease_until, message.claimed_by, message.next_attempt_at) == (None, None, None)
    ((sender, recipients, _),) = server.mails
    assert recipients == ["bills@acme.example"]
    mail = parsed(server.mails[0])
    assert (mail["Message-ID"], mail["Subject"]) == (message.message_id, message.subject)
    assert plain(sender) == mail["From"].addresses[0].addr_spec
    assert message_named(sender.partition("+")[2].partition("@")[0], secret="k" * 40) == message.id
    assert mail["Cc"] is mail["Bcc"] is None
    (attachment,) = mail.iter_attachments()
    assert (attachment.get_content_type(), attachment.get_filename()) == ("application/pdf", "AC1-1.pdf")
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(attachment.get_content())).pages)
    assert "AC1/1" in text
    assert "30.00" in text


def test_the_configured_sender_is_used(app, server):
    send_to("bills@acme.example")
    with running(server) as port:
        drain(app, port, sender="billing@sender.example")
    assert plain(server.mails[0][0]) == "billing@sender.example"
    assert parsed(server.mails[0])["From"].addresses[0].addr_spec == "billing@sender.example"


def test_each_gets_a_mail_of_their_own_and_the_document_is_rendered_once(app, server):
    addresses = [f"p{number}@acme.example" for number in range(5)]
    send_to(*addresses)
    with running(server) as port:
        assert drain(app, port) == 5
        assert drain(app, port) == 0
    assert [recipients for _, recipients, _ in server.mails] == [[address] for address in addresses]
    assert [str(parsed(mail)["To"].addresses[0].addr_spec) for mail in server.mails] == addresses
    assert set(making.states().values()) == {"sent"}
    assert db.session.query(Rendition).count() == 1
    assert len(server.sessions) == 1


def test_what_was_stored_is_what_was_sent(app, server):
    send_to("bills@acme.example")
    with running(server) as port:
        drain(app, port)
    message = only()
    assert mail_of(db.session(), message) == server.mails[0][2]
    # What goes along is kept once, and not in the mail.
    assert b"Content-Disposition" in db.session.get_one(Content, message.content_digest).data
    assert db.session.get_one(Content, message.content_digest).size < 10_000


@pytest.mark.parametrize("phase", ["on_rcpt", "on_data"])
def test_a_temporary_refusal_waits_with_a_time(app, server, phase):
    send_to("bills@acme.example")
    setattr(server, phase, once(saying("451 4.2.1 Come back later")))
    with running(server) as port:
        with clock.frozen(NOON + timedelta(days=3650)) as _:
            drain(app, port)
            message = only()
            assert (message.state, outcomes(message)) == ("waiting", ["waiting"])
            assert "451 4.2.1 Come back later" in message.attempts[0].answer
            assert timedelta(minutes=1) <= message.next_attempt_at - clock.now() <= timedelta(minutes=1.25)
            assert drain(app, port) == 0
        with clock.frozen(NOON + timedelta(days=3650, minutes=1.25)):
            assert drain(app, port) == 1
    assert (only().state, outcomes(only())) == ("sent", ["waiting", "sent"])
    assert parsed(server.mails[0])["Message-ID"] == only().message_id


def test_pauses_grow_and_after_five_days_it_fails(app, server):
    start = datetime.now(UTC) + timedelta(days=1)
    send_to("bills@acme.example")
    server.on_rcpt = saying("451 4.2.1 Come back later")
    pauses = []
    with running(server) as port:
        moment = start
        for _ in range(60):
            with clock.frozen(moment):
                drain(app, port)
            if only().state != "waiting":
                break
            pauses.append((only().next_attempt_at - moment).total_seconds() / 60)
            moment = only().next_attempt_at
    for pause, least in zip(pauses, [1, 5, 15, 60, 240, 240], strict=False):
        assert least <= pause <= least * 1.25
    # No two that failed together come back together.
    assert pauses[4] != pauses[5]
    assert only().state == "failed"
    assert timedelta(days=5) <= moment - start < timedelta(days=5, hours=5)


def test_a_retry_by_staff_starts_the_count_anew(app, server):
    start = datetime.now(UTC) + timedelta(days=1)
    send_to("bills@acme.example")
    server.on_rcpt = once(saying("550 5.1.1 No such mailbox here"))
    with running(server) as port:
        with clock.frozen(start):
            drain(app, port)
        server.on_rcpt = saying("451 4.2.1 Come back later")
        with clock.frozen(start + timedelta(days=9)):
            making.run(retry_message, message_id=only().id)
            drain(app, port)
            assert only().state == "waiting"
            assert only().next_attempt_at - clock.now() < timedelta(minutes=2)
        with clock.frozen(start + timedelta(days=14, minutes=2)):
            drain(app, port)
    assert (only().state, outcomes(only())) == ("failed", ["failed", "waiting", "failed"])


@pytest.mark.parametrize("phase", ["on_rcpt", "on_data"])
def test_a_refusal_for_good_fails_with_the_servers_words(app, server, phase):
    send_to("bills@acme.example", "second@acme.example")
    setattr(server, phase, once(saying("550 5.1.1 No such mailbox here")))
    with running(server) as port:
        assert drain(app, port) == 2
        assert making.states() == {"bills@acme.example": "failed", "second@acme.example": "sent"}
        failed = making.messages()[0]
        assert failed.attempts[0].answer == "550 5.1.1 No such mailbox here"
        assert failed.next_attempt_at is None
        making.run(retry_message, message_id=failed.id)
        assert drain(app, port) == 1
    assert making.states()["bills@acme.example"] == "sent"
    assert len({parsed(mail)["Message-ID"] for mail in server.mails}) == 2


def test_a_server_that_is_down_costs_nothing_but_time(app, server):
    moment = start = datetime.now(UTC) + timedelta(days=1)
    send_to(*[f"p{number}@acme.example" for number in range(4)])
    with nobody_there() as port:
        while moment < start + timedelta(hours=1):
            with clock.frozen(moment):
                drain(app, port)
            moment += timedelta(seconds=10)
    # One message probes at a time, less and less often; none has failed.
    assert set(making.states().values()) <= {"waiting", "queued"}
    tried = sum(len(one.attempts) for one in making.messages())
    assert 12 <= tried <= 20
    assert "No connection" in making.messages()[0].attempts[0].answer
    with running(server) as port:
        end = moment + timedelta(minutes=10)
        while moment < end:
            with clock.frozen(moment):
                drain(app, port)
            moment += timedelta(seconds=10)
    assert set(making.states().values()) == {"sent"}
    assert len(server.mails) == 4


class TestLostAfterTheMail:
    """The connection is lost between the end of the mail and the server's answer: nobody knows (RFC 1047)."""

    @pytest.fixture
    def uncertain(self, app, server):
        async def taken_and_hung_up(smtp):
            server.mails.append(("", [], smtp.envelope.content))
            return await hanging_up(smtp)

        send_to("bills@acme.example")
        server.on_data = once(taken_and_hung_up)
        with running(server) as port:
            drain(app, port)
            assert (only().state, outcomes(only())) == ("uncertain", ["uncertain"])
            assert "No answer after the mail was sent" in only().attempts[0].answer
            yield port

    def test_by_resend_it_goes_again_with_the_same_message_id(self, app, server, uncertain):
        recovery.sweep(db.session, resend=True)
        assert only().state == "queued"
        assert making.trail()[-1].verb == "message:recovered"
        # A lost connection is trouble: what goes to that domain waits for a moment.
        assert drain(app, uncertain) == 0
        with clock.frozen(datetime.now(UTC) + timedelta(seconds=16)):
            assert drain(app, uncertain) == 1
        assert (only().state, outcomes(only())) == ("sent", ["uncertain", "sent"])
        first, second = server.mails
        assert first[2] == second[2]

    def test_by_hold_it_waits_for_a_person(self, app, uncertain):
        with clock.frozen(datetime.now(UTC) + timedelta(days=30)):
            recovery.sweep(db.session, resend=False)
            assert drain(app, uncertain) == 0
            assert only().state == "uncertain"
            making.run(retry_message, message_id=only().id)
            assert drain(app, uncertain) == 1
        assert only().state == "sent"

    def test_a_person_may_leave_it_at_that(self, app, uncertain):
        making.run(cancel_message, message_id=only().id)
        recovery.sweep(db.session, resend=True)
        assert drain(app, uncertain) == 0
        assert only().state == "cancelled"


class TestWhatCannotBeMade:
    def test_it_is_held_and_delays_nobody(self, app, server, monkeypatch):
        bad = send_to("bad@acme.example")
        send_to("good@acme.example", account="AC2")
        render = InvoiceSource.render

        def broken(source, session, *, document_id, **rest):
            if document_id == bad:
                raise ValueError("the paper is out")
            return render(source, session, document_id=document_id, **rest)

        monkeypatch.setattr(InvoiceSource, "render", broken)
        with running(server) as port:
            assert drain(app, port) == 2
            assert making.states() == {"bad@acme.example": "held", "good@acme.example": "sent"}
            held = making.messages()[0]
            assert (held.held_code, held.attempts) == ("rendering_failed", [])
            assert "the paper is out" in held.held_because
            assert drain(app, port) == 0
            recovery.sweep(db.session, resend=True)
            assert making.states()["bad@acme.example"] == "held"
            monkeypatch.setattr(InvoiceSource, "render", render)
            with clock.frozen(datetime.now(UTC) + timedelta(minutes=16)):
                recovery.sweep(db.session, resend=True)
                assert making.states()["bad@acme.example"] == "queued"
                assert drain(app, port) == 1
        assert set(making.states().values()) == {"sent"}

    def test_a_statement_that_fails_for_one_spoils_no_other(self, app, server, monkeypatch):
        """The error of a database ends a transaction: each has its own savepoint then."""
        bad = send_to("bad@acme.example", "worse@acme.example")
        send_to("good@acme.example", "fine@acme.example", account="AC2")
        letter = InvoiceSource.letter

        def broken(source, session, *, message):
            if message.document_id == bad:
                session.execute(text("INSERT INTO lane (name) VALUES (NULL)"))
            return letter(source, session, message=message)

        monkeypatch.setattr(InvoiceSource, "letter", broken)
        with running(server) as port:
            assert drain(app, port) == 4
        assert sorted(making.states().values()) == ["held", "held", "sent", "sent"]
        assert {one.held_because for one in making.messages() if one.state == "held"} == {
            "The document could not be made: the database refused it."
        }
        assert db.session.query(Rendition).count() == 1

    def test_a_person_may_try_at_once(self, app, server, monkeypatch):
        send_to("bills@acme.example")
        with monkeypatch.context() as patch, running(server) as port:
            patch.setattr(InvoiceSource, "formats", lambda _: frozenset())
            drain(app, port)
        assert only().held_code == "rendering_failed"
        making.run(retry_message, message_id=only().id)
        with running(server) as port:
            assert drain(app, port) == 1
        assert only().state == "sent"

    def test_a_format_that_can_be_made_by_now_is_released(self, app, server, monkeypatch):
        with monkeypatch.context() as before:
            before.setattr(InvoiceSource, "formats", lambda _: frozenset({"short"}))
            send_to("bills@acme.example", email_bill_type="long")
            recovery.sweep(db.session, resend=True)
            assert only().state == "held"
        recovery.sweep(db.session, resend=True)
        assert (only().state, only().held_because) == ("queued", None)
        with running(server) as port:
            drain(app, port)
        assert only().state == "sent"


def test_a_bad_message_in_the_middle_delays_nobody(app, server):
    send_to("a@acme.example", "b@acme.example", "c@acme.example")
    with making.unaudited(), unit_of_work(db.session) as work:
        row = work.merge(making.messages()[1])
        row.address = "no address at all"
    with running(server) as port:
        assert drain(app, port) == 3
    assert [one.state for one in making.messages()] == ["sent", "held", "sent"]


def test_every_mail_goes_to_one_address_on_a_test_system(app, server):
    send_to("a@acme.example", "b@acme.example")
    with running(server) as port:
        drain(app, port, redirect_all="tester@here.example")
    assert [recipients for _, recipients, _ in server.mails] == [["tester@here.example"]] * 2
    assert set(making.states()) == {"a@acme.example", "b@acme.example"}


def test_an_address_beyond_ascii_needs_a_server_that_can(app, server):
    send_to("jörg@acme.example")
    with running(server) as port:
        drain(app, port)
    assert only().state == "failed"
    assert "SMTPUTF8" in only().attempts[0].answer
    making.run(retry_message, message_id=only().id)
    with running(server, enable_SMTPUTF8=True) as port:
        drain(app, port)
    assert only().state == "sent"


def test_what_another_worker_took_over_meanwhile_is_left_to_it_and_logged(app, server, logged):
    send_to("first@acme.example", "second@acme.example")
    engine = db.engine

    async def taken_over(_server):
        with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
            connection.execute(text("UPDATE message SET claimed_by = 'other' WHERE address LIKE 'second%'"))

    server.on_data = taken_over
    with running(server) as port:
        assert drain(app, port) == 1
    assert [recipients for _, recipients, _ in server.mails] == [["first@acme.example"]]
    assert making.states() == {"first@acme.example": "sent", "second@acme.example": "sending"}
    left = next(json.loads(line) for line in logged().splitlines() if "message_not_in_hand" in line)
    assert (left["worker"], left["message_id"]) == ("test", making.messages()[1].id)


@pytest.mark.usefixtures("app")
class TestLeases:
    def claimed(self, worker):
        """Claim a message."""
        send_to("bills@acme.example")
        (one,) = claim(db.session, worker=worker, sender=None, size=10).claimed
        assert (only().state, only().claimed_by, outcomes(only())) == ("sending", worker, [])
        return one

    def intended(self, worker):
        """Claim a message, and commit that it is being sent; return what comes of it in the end."""
        one = self.claimed(worker)
        with Journal(db.engine, worker=worker) as journal:
            attempt_id = journal.intend(one.message_id, after=None)
        assert outcomes(only()) == ["sending"]
        return Outcome(
            attempt_id=attempt_id,
            message_id=one.message_id,
            state=MessageState.SENT,
            answer="250 OK",
            at=datetime.now(UTC),
        )

    def settled(self, outcome):
        with unit_of_work(db.session) as work:
            settle(work, [outcome])

    def after(self, **time):
        return clock.frozen(datetime.now(UTC) + timedelta(**time))

    def test_nobody_else_gets_what_is_claimed(self):
        self.claimed("one")
        assert claim(db.session, worker="two", sender=None, size=10).found == 0

    def test_what_was_only_claimed_is_free_again_after_its_lease(self):
        one = self.claimed("one")
        with self.after(seconds=50):
            recovery.sweep(db.session, resend=False)
        assert only().state == "sending"
        with self.after(seconds=70):
            recovery.sweep(db.session, resend=False)
        assert (only().state, only().claimed_by) == ("queued", None)
        # Should the worker live after all, it sees that it must not send.
        with Journal(db.engine, worker="one") as journal:
            assert journal.intend(one.message_id, after=None) is None
        assert only().attempts == []

    def test_a_worker_that_vanished_leaves_an_uncertain_message_when_no_mail_takes_that_long(self):
        self.intended("one")
        with self.after(minutes=29):
            recovery.sweep(db.session, resend=False)
        assert only().state == "sending"
        with self.after(minutes=31):
            recovery.sweep(db.session, resend=False)
        assert (only().state, outcomes(only())) == ("uncertain", ["uncertain"])
        assert "stopped while it was sending" in only().attempts[0].answer

    def test_its_successor_need_not_wait(self):
        self.intended("one")
        recovery.recover(db.session, worker="two")
        assert only().state == "sending"
        recovery.recover(db.session, worker="one")
        assert only().state == "uncertain"

    def test_what_was_sent_and_not_settled_is_sent(self):
        outcome = self.intended("one")
        with Journal(db.engine, worker="one") as journal:
            journal.conclude(outcome)
        assert (only().state, outcomes(only())) == ("sending", ["sent"])
        recovery.recover(db.session, worker="one")
        assert (only().state, only().sent_at) == ("sent", outcome.at)
        assert [one.settled for one in only().attempts] == [True]

    def test_an_answer_that_comes_after_the_lease_still_counts(self):
        outcome = self.intended("one")
        with self.after(minutes=31):
            recovery.sweep(db.session, resend=False)
        assert only().state == "uncertain"
        self.settled(outcome)
        assert only().state == "sent"

    def test_a_renewed_lease_lasts(self):
        one = self.claimed("one")
        with self.after(seconds=50):
            renew(db.session, worker="one", ids=[one.message_id])
        with self.after(seconds=100):
            recovery.sweep(db.session, resend=False)
        assert only().state == "sending"


def test_many_in_hand_are_returned_when_the_server_is_in_trouble(app, server):
    send_to(*[f"p{number}@acme.example" for number in range(5)])
    due = [one.next_attempt_at for one in making.messages()]
    server.on_rcpt = once(saying("421 4.3.2 Shutting down"))
    with running(server) as port:
        assert drain(app, port) == 1
        assert list(making.states().values()) == ["waiting", *["queued"] * 4]
        assert [one.next_attempt_at for one in making.messages()][1:] == due[1:]
        assert {one.claimed_by for one in making.messages()} == {None}
        # Everything waits a while, and leaves by itself.
        assert drain(app, port) == 0
        with clock.frozen(datetime.now(UTC) + timedelta(seconds=20)):
            assert drain(app, port) == 5
    assert set(making.states().values()) == {"sent"}


def test_it_stops_between_two_mails_when_told(app, server):
    send_to("a@acme.example", "b@acme.example")
    stop = threading.Event()

    async def and_stop(_server):
        stop.set()

    server.on_data = and_stop
    with running(server) as port:
        state = app.extensions["mail"]
        state.server, state.port = "127.0.0.1", port
        with connect(app, timeouts=QUICK) as connection:
            tried = delivery.drain(db.session, connection, worker="test", sender=None, stop=stop)
    assert (tried, sorted(making.states().values())) == (1, ["queued", "sent"])


def test_a_mail_that_is_made_again_to_the_byte_is_stored_once(app, server):
    """Tried, cancelled, and sent anew within one second: the mail comes out the same, what goes along with it too."""
    server.on_rcpt = once(saying("450 4.2.1 Try later"))
    with running(server) as port, clock.frozen(NOON):
        invoice_id = send_to("bills@acme.example")
        drain(app, port)
        making.run(cancel_message, message_id=only().id)
        making.send(invoice_id)
        drain(app, port)
    assert only().state == "sent"
