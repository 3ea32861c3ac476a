"""Answers by mail become updates by their signed token alone; all else is listed, and nothing is taken in twice."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import current_app
from sqlalchemy import select

from app.contacts.service import delete_contact, purge_contact
from app.core import clock
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from app.customers.service import delete_customer
from app.extensions import db
from app.inbound import queries
from app.inbound.jobs import taking
from app.inbound.models import InboundMail
from app.inbound.rules import CAP, MAX_OCTETS
from app.inbound.service import add_to_ticket, delete_mail, finish, purge_mail, restore_mail
from app.mailer.bounces import verp
from app.mailer.bounces.jobs import taking as taking_bounces
from app.mailer.bounces.verp import Purpose
from app.mailer.models import Content, Message
from app.mailer.planning.choices import Choices
from app.mailer.purging import purge_message
from app.tickets.models import Ticket, TicketUpdate
from app.tickets.rules import MAX_BODY
from app.tickets.service import Copies, delete_ticket, purge_ticket
from tests.conftest import actor
from tests.core import making
from tests.inbound.answers import answer, sent
from tests.mailer import returned_mails
from tests.tickets import jwz
from tests.tickets.making_tickets import MAIN, Desk, deliver, text_of

ANN, BEN = "ann@acme.example", "ben@acme.example"
SUPPORT = actor("support")


class Case:
    """A ticket with copies to its customer and to Ann, and the mails that they got."""

    def __init__(self, app):
        self.app = app
        self.desk = Desk()
        self.desk.person(ANN, first_name="Ann")
        self.ticket = self.desk.ticket()
        self.desk.write(self.ticket, "Is it plugged in?", SUPPORT)
        self.mails = deliver(app)

    def mail_to(self, address):
        """Return the latest mail that an address got."""
        return [mail for to, mail in self.mails if to == address][-1]

    def deliver(self):
        """Send what is due; return the new mails."""
        arrived = deliver(self.app)
        self.mails += arrived
        return arrived


@pytest.fixture
def case(app):
    return Case(app)


def take(*mails):
    takes = taking(current_app)
    found = [str(takes(one if isinstance(one, bytes) else sent(one))) for one in mails]
    db.session.expire_all()
    return found[0] if len(found) == 1 else found


def updates(ticket_id):
    db.session.rollback()
    statement = select(TicketUpdate).where(TicketUpdate.ticket_id == ticket_id).order_by(TicketUpdate.position)
    return list(db.session.scalars(statement))


def last(ticket_id):
    return updates(ticket_id)[-1]


def listed():
    """Return the one mail that was taken in."""
    db.session.rollback()
    return db.session.scalars(select(InboundMail)).one()


class TestAnswers:
    def test_one_becomes_a_public_update_of_whom_the_mail_was_sent_to(self, case):
        assert take(answer(case.mail_to(ANN), sender="Ann <ANN@acme.example>")) == "answered"
        update = last(case.ticket)
        assert (update.body, update.internal, update.kind) == ("It works again, thank you.", False, "text")
        assert (update.author_name, update.author_address, update.sent_from) == ("Ann Jones", ANN, None)
        assert (update.door, update.user_id) == ("inbound", None)
        row = listed()
        assert (row.state, row.ticket_id, row.ticket_update_id) == ("added", case.ticket, update.id)

    def test_it_leaves_one_entry_that_names_ticket_mail_and_copies(self, case):
        before = len(making.trail())
        take(answer(case.mail_to(ANN)))
        assert len(making.trail()) == before + 1
        verb, touched = making.last_entry()
        assert verb == "ticket:answered"
        copy = making.messages()[-1]
        assert touched == [("ticket", case.ticket), ("inbound_mail", listed().id), ("message", copy.id)]
        assert making.trail()[-1].door == "inbound"

    def test_copies_go_to_the_others_and_thread(self, case):
        take(answer(case.mail_to(ANN)))
        arrived = case.deliver()
        assert [to for to, _ in arrived] == [MAIN]
        assert "It works again, thank you." in text_of(arrived[0][1])
        assert "Is it plugged in" not in text_of(arrived[0][1])
        case.desk.write(case.ticket, "Glad to hear it.", SUPPORT)
        take(answer(case.mail_to(MAIN), "Same here."))
        case.deliver()
        for address, count in ((MAIN, 4), (ANN, 4)):
            mails = [mail for to, mail in case.mails if to == address]
            (root,) = jwz.threads(mails)
            assert len(jwz.mails_of(root)) == count == jwz.depth(root)

    def test_the_answer_itself_stands_in_its_writers_thread(self, case):
        reply = answer(case.mail_to(ANN))
        take(reply)
        case.desk.write(case.ticket, "Glad to hear it.", SUPPORT)
        case.deliver()
        mails = [mail for to, mail in case.mails if to == ANN]
        (root,) = jwz.threads([*mails, reply])
        assert len(jwz.mails_of(root)) == len(mails) + 1

    def test_another_sender_is_named_to_staff_and_gets_no_copy(self, case):
        case.desk.person(BEN)
        take(answer(case.mail_to(ANN), sender=f"Ben <{BEN}>"))
        update = last(case.ticket)
        assert (update.author_address, update.sent_from) == (ANN, BEN)
        assert [to for to, _ in case.deliver()] == [MAIN]

    def test_the_requester_is_the_author_too(self, case):
        number = case.desk.ticket(requester_email="asks@x.example")
        case.deliver()
        take(answer(case.mail_to("asks@x.example")))
        assert last(number).author_address == "asks@x.example"
        assert [to for to, _ in case.deliver()] == [ANN]

    def test_a_closed_ticket_is_opened_again_by_the_same_update(self, case):
        case.desk.write(case.ticket, None, SUPPORT, kind="closed")
        case.deliver()
        entries = len(making.trail())
        take(answer(case.mail_to(ANN), "Not yet."))
        update = last(case.ticket)
        assert (update.kind, update.body, update.author_address) == ("reopened", "Not yet.", ANN)
        assert db.session.get_one(Ticket, case.ticket).ticket_status_id == case.desk.open
        assert len(making.trail()) == entries + 1
        assert making.last_entry()[0] == "ticket:reopened"

    def test_without_an_open_status_it_is_listed(self, case):
        case.desk.write(case.ticket, None, SUPPORT, kind="closed")
        case.deliver()
        from app.lookups.service import update_lookup

        for status in (case.desk.open, case.desk.waiting):
            making.run(update_lookup, resource="ticket_status", lookup_id=status, values={"active": False})
        assert take(answer(case.mail_to(ANN), "Not yet.")) == "listed"
        assert (listed().reason, listed().state, listed().ticket_id) == ("refused", "waiting", case.ticket)
        assert "no open ticket status" in listed().detail
        assert last(case.ticket).kind == "closed"

    def test_a_long_one_is_cut_with_a_mark_and_kept_whole(self, case):
        text = "\n".join(["All work and no play."] * 3000)
        take(answer(case.mail_to(ANN), text))
        update = last(case.ticket)
        assert len(update.body) <= MAX_BODY
        assert update.body.endswith("[\u2026]")
        assert listed().is_cut
        assert text.replace("\n", "\r\n").encode() in queries.raw_of(db.session(), listed())

    def test_deceiving_characters_go(self, case):
        take(answer(case.mail_to(ANN), "All \u202egood\u202c\x00\x07 here\u200b."))
        assert last(case.ticket).body == "All good here."

    def test_a_purged_message_answers_no_more(self, case):
        mail = case.mail_to(ANN)
        message = db.session.scalars(select(Message).where(Message.message_id == mail["Message-ID"])).one()
        making.run(purge_message, message_id=message.id, reason="Asked for.")
        assert take(answer(mail)) == "listed"
        assert listed().reason == "message_gone"


class TestFiles:
    def test_those_that_may_go_along_do_and_the_others_are_named(self, case):
        reply = answer(case.mail_to(ANN), "See there.")
        reply.add_attachment(b"%PDF-1.7 x", maintype="application", subtype="pdf", filename="Größe.pdf")
        reply.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="setup.exe")
        reply.add_attachment(b"no picture", maintype="image", subtype="png", filename="photo.png")
        assert take(reply) == "answered"
        update = last(case.ticket)
        assert [one.filename for one in update.attachments] == ["Größe.pdf"]
        assert [one["name"] for one in listed().not_taken] == ["setup.exe", "photo.png"]
        assert "not what its name says" in listed().not_taken[1]["why"]
        ((to, copy),) = case.deliver()
        assert (to, [one.get_filename() for one in copy.iter_attachments()]) == (MAIN, ["Größe.pdf"])
        assert b"setup.exe" in queries.raw_of(db.session(), listed())

    def test_files_alone_are_an_answer(self, case):
        reply = answer(case.mail_to(ANN), "")
        reply.add_attachment(b"%PDF-1.7 x", maintype="application", subtype="pdf", filename="a.pdf")
        assert take(reply) == "answered"
        assert (last(case.ticket).body, len(last(case.ticket).attachments)) == ("a.pdf", 1)

    def test_too_many_or_too_large_ones_stay_in_the_mail(self, case):
        reply = answer(case.mail_to(ANN), "See there.")
        for number in range(12):
            reply.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename=f"{number}.pdf")
        reply.add_attachment(b"%PDF-" + bytes(6_000_000), maintype="application", subtype="pdf", filename="big.pdf")
        assert take(reply) == "answered"
        assert len(last(case.ticket).attachments) == 10
        assert [one["name"] for one in listed().not_taken] == ["10.pdf", "11.pdf", "big.pdf"]

    def test_staff_add_them_too(self, case):
        reply = answer(case.mail_to(ANN), "See there.", to="desk@issuer.example")
        reply.add_attachment(b"%PDF-1.7 x", maintype="application", subtype="pdf", filename="a.pdf")
        reply.add_attachment("Hello", subtype="plain", filename="a.bat")
        take(reply)
        add(listed().id, case.ticket)
        assert [one.filename for one in last(case.ticket).attachments] == ["a.pdf"]
        assert [one["name"] for one in listed().not_taken] == ["a.bat"]


class TestWhatProvesNothing:
    def test_from_alone(self, case):
        assert take(answer(case.mail_to(ANN), sender=ANN, to="desk@issuer.example")) == "listed"
        row = listed()
        assert (row.reason, row.state, row.ticket_id) == ("no_token", "waiting", None)
        assert len(updates(case.ticket)) == 2

    @pytest.mark.parametrize("purpose", [Purpose.BOUNCE, None])
    def test_a_token_for_something_else_or_of_somebody_else(self, case, purpose):
        mail = case.mail_to(ANN)
        message = db.session.scalars(select(Message).where(Message.message_id == mail["Message-ID"])).one()
        secret = current_app.config["SECRET_KEY"] if purpose else "another" * 9
        token = verp.token_of(message.id, secret=secret, purpose=purpose or Purpose.ANSWER)
        assert take(answer(mail, to=f"desk+{token}@issuer.example")) == "listed"
        assert listed().reason == "foreign_token"
        assert len(updates(case.ticket)) == 2

    def test_a_token_with_another_id(self, case):
        mail = case.mail_to(ANN)
        other = case.mail_to(MAIN)["Reply-To"].partition("+")[2].partition("-")[0]
        forged = re.sub(r"\+[0-9]+-", f"+{other}-", mail["Reply-To"])
        assert forged != mail["Reply-To"]
        assert take(answer(mail, to=forged)) == "listed"
        assert listed().reason == "foreign_token"

    def test_a_token_of_a_message_that_is_about_no_ticket(self, case):
        making.send(making.invoice(making.billed("B1")))
        invoice = making.messages()[-1]
        token = verp.token_of(invoice.id, secret=current_app.config["SECRET_KEY"], purpose=Purpose.ANSWER)
        assert take(answer(case.mail_to(ANN), to=f"desk+{token}@issuer.example")) == "listed"
        assert listed().reason == "no_ticket"

    def test_a_ticket_that_is_deleted_with_its_customer(self, case):
        making.run(delete_customer, customer_id=case.desk.customer)
        assert take(answer(case.mail_to(ANN))) == "listed"
        assert (listed().reason, listed().ticket_id) == ("ticket_deleted", case.ticket)

    def test_a_purged_ticket(self, case):
        reply = answer(case.mail_to(ANN))
        making.run(delete_ticket, ticket_id=case.ticket)
        making.run(purge_ticket, ticket_id=case.ticket, reason="Asked for.")
        assert take(reply) == "listed"
        assert listed().reason == "message_gone"

    def test_nothing_but_the_quote(self, case):
        assert take(answer(case.mail_to(ANN), "")) == "listed"
        assert (listed().reason, listed().ticket_id) == ("empty", case.ticket)


class TestPrograms:
    @pytest.mark.parametrize(
        "header",
        [
            {"Auto_Submitted": "auto-replied"},
            {"Auto_Submitted": "auto-generated; owner-email=x@y.example"},
            {"Precedence": "bulk"},
            {"Precedence": "junk"},
            {"Precedence": "list"},
            {"X_Autoreply": "yes"},
            {"List_Id": "<talk.client.example>"},
            {"Return_Path": "<>"},
        ],
    )
    def test_their_answers_never_become_updates(self, case, header):
        copies = len(making.messages())
        assert take(answer(case.mail_to(ANN), "I am away.", **header)) == "automatic"
        row = listed()
        assert (row.reason, row.state, row.ticket_id) == ("automatic", "automatic", case.ticket)
        assert len(updates(case.ticket)) == 2
        assert len(making.messages()) == copies

    def test_a_person_says_no_in_that_field(self, case):
        assert take(answer(case.mail_to(ANN), Auto_Submitted="no")) == "answered"

    def test_our_own_mails_are_known(self, case):
        mail = case.mail_to(ANN)
        assert take(mail.as_bytes()) == "own"
        del mail["Message-ID"]
        mail["Message-ID"] = "<changed@on.the.way>"
        assert take(mail.as_bytes()) == "own"
        assert db.session.scalars(select(InboundMail)).all() == []

    def test_bounces_go_their_way(self, case):
        mail = case.mail_to(ANN)
        report = returned_mails.report(address=ANN, message_id=mail["Message-ID"], to=mail["Reply-To"])
        assert take(report) == "bounced"
        assert take(report) == "repeated"
        assert len(updates(case.ticket)) == 2
        assert take(returned_mails.report(address="x@y.example")) == "listed"
        assert listed().reason == "bounce"

    def test_a_person_who_quotes_a_bounce_is_no_bounce(self, case):
        mail = case.mail_to(ANN)
        text = returned_mails.qmail(address=ANN, message_id=mail["Message-ID"]).decode().partition("\r\n\r\n")[2]
        assert taking_bounces(current_app)(sent(answer(mail, f"I got this:\n{text}", quote=False))) == "unknown"
        assert take(answer(mail, f"I got this:\n{text}", quote=False)) == "answered"
        states = {one.state for one in making.messages() if one.address == ANN}
        assert states == {"sent"}

    def test_two_machines_that_say_nothing_of_themselves_are_stopped(self, case):
        """Each copy to Ann is answered at once by a program that names itself nowhere, and so is each to the other."""
        seen = 0
        for _ in range(2 * CAP):
            fresh, seen = case.mails[seen:], len(case.mails)
            for to, mail in fresh:
                take(answer(mail, f"Your call {seen} of {to} is important to us.", quote=False))
            case.deliver()
        by_mail = [one for one in updates(case.ticket) if one.door == "inbound"]
        assert len(by_mail) == CAP
        reasons = {one.reason for one in db.session.scalars(select(InboundMail)) if one.reason}
        assert reasons == {"too_many"}

    def test_an_hour_later_people_are_heard_again(self, case, monkeypatch):
        for number in range(CAP):
            assert take(answer(case.mail_to(ANN), f"Line {number}")) == "answered"
        assert take(answer(case.mail_to(ANN), "One more")) == "listed"
        later = clock.now() + timedelta(hours=1, seconds=5)
        monkeypatch.setattr(clock, "now", lambda: later)
        assert take(answer(case.mail_to(ANN), "And now")) == "answered"


class TestTwice:
    def test_the_same_mail_makes_one_update(self, case):
        reply = sent(answer(case.mail_to(ANN)))
        entries = None
        assert take(reply) == "answered"
        entries = len(making.trail())
        assert take(reply, b"Received: by another way\r\n" + reply) == ["repeated", "repeated"]
        assert len(updates(case.ticket)) == 3
        assert len(making.trail()) == entries

    def test_without_an_id_its_bytes_tell(self, case):
        reply = answer(case.mail_to(ANN))
        del reply["Message-ID"]
        assert take(reply, reply) == ["answered", "repeated"]
        assert len(updates(case.ticket)) == 3

    def test_another_text_under_the_same_id_is_not_lost(self, case):
        first = answer(case.mail_to(ANN), "One.", message_id="<1@client.example>")
        second = answer(case.mail_to(ANN), "Two.", message_id="<1@client.example>")
        assert take(first, second) == ["answered", "listed"]
        assert len(updates(case.ticket)) == 3
        rows = db.session.scalars(select(InboundMail).order_by(InboundMail.id)).all()
        assert [one.reason for one in rows] == [None, "same_id"]

    def test_what_is_listed_is_listed_once(self, case):
        reply = answer(case.mail_to(ANN), to="desk@issuer.example")
        assert take(reply, reply) == ["listed", "repeated"]

    def test_at_once(self, app, case):
        reply = sent(answer(case.mail_to(ANN)))
        results = making.at_once(app, [lambda: taking(current_app)(reply)] * 4)
        assert sorted(str(one) for one in results) == ["answered", "repeated", "repeated", "repeated"]
        assert len(updates(case.ticket)) == 3


class TestOddMails:
    def test_a_larger_one_than_is_read_is_listed_and_kept(self, case):
        reply = sent(answer(case.mail_to(ANN))) + b"x" * MAX_OCTETS
        assert take(reply) == "listed"
        row = listed()
        assert (row.reason, row.ticket_id, row.size) == ("too_large", case.ticket, len(reply))
        assert queries.raw_of(db.session(), row) == reply

    def test_one_that_no_parser_takes(self, case):
        head = sent(answer(case.mail_to(ANN))).partition(b"\r\n\r\n")[0]
        head = re.sub(rb"(?im)^content-[^\r]*\r\n", b"", head + b"\r\n")
        nested = b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (one, one) for one in range(10_000)
        )
        assert take(head + nested + b"\r\n\r\nHello") == "listed"
        assert (listed().reason, listed().ticket_id, listed().from_address) == ("unreadable", case.ticket, ANN)

    @pytest.mark.usefixtures("app")
    def test_bytes_that_are_no_mail(self):
        assert take(b"", b"\xff\x00nonsense", b"\r\n\r\nNothing above") == ["listed"] * 3
        # Ends of lines are the servers' business: nothing is nothing.
        assert take(b"\r\n\r\n") == "repeated"

    def test_trouble_with_one_keeps_it_for_later(self, case, monkeypatch, logged):
        logged()
        monkeypatch.setattr("app.inbound.jobs.take_in", lambda *_, **__: 1 / 0)
        assert take(answer(case.mail_to(ANN), "Geheimnis")) == "trouble"
        said = logged()
        assert "mail_not_taken_in" in said
        assert "Geheimnis" not in said


def unmatched(case, **values):
    take(answer(case.mail_to(ANN), "Please add this.", to="desk@issuer.example", **values))
    return listed().id


def add(mail_id, ticket_id, who=SUPPORT, *, internal=False, version=None, fingerprint=None, untick=()):
    copies = Copies(defaults=making.DEFAULTS, choices=Choices(untick=untick), fingerprint=fingerprint)
    return making.run(
        add_to_ticket,
        who,
        mail_id=mail_id,
        ticket_id=ticket_id,
        internal=internal,
        copies=copies,
        version=version,
    )


class TestStaff:
    def test_add_one_to_a_ticket(self, case):
        number = unmatched(case, sender="Ann Smith <ann@elsewhere.example>")
        entries = len(making.trail())
        add(number, case.ticket)
        update = last(case.ticket)
        assert (update.body, update.internal) == ("Please add this.", False)
        assert (update.author_name, update.author_address) == ("Ann Smith", "ann@elsewhere.example")
        assert update.door == "screen"
        assert (listed().state, listed().ticket_update_id) == ("added", update.id)
        assert len(making.trail()) == entries + 1
        assert [one for one, _ in making.last_entry()[1]][:2] == ["ticket", "inbound_mail"]
        assert sorted(to for to, _ in case.deliver()) == sorted([ANN, MAIN])
        for act in (lambda: add(number, case.ticket), lambda: making.run(delete_mail, SUPPORT, mail_id=number)):
            with pytest.raises(Conflict) as refused:
                act()
            assert refused.value.code == "already_added"

    def test_add_one_as_an_internal_note(self, case):
        number = unmatched(case)
        add(number, case.ticket, internal=True)
        assert last(case.ticket).internal
        assert case.deliver() == []
        assert making.last_entry()[0] == "ticket:noted"

    def test_whoever_wrote_it_gets_no_copy(self, case):
        add(unmatched(case, sender=ANN), case.ticket)
        assert [to for to, _ in case.deliver()] == [MAIN]

    def test_a_nameless_sender_is_not_betrayed_to_the_others(self, case):
        add(unmatched(case, sender="secret@elsewhere.example"), case.ticket)
        assert last(case.ticket).author_name == "Somebody by mail"
        assert all("secret@elsewhere" not in mail.as_string() for _, mail in case.deliver())

    def test_a_closed_ticket_is_opened_again(self, case):
        case.desk.write(case.ticket, None, SUPPORT, kind="closed")
        add(unmatched(case), case.ticket)
        assert last(case.ticket).kind == "reopened"

    def test_refusals(self, case):
        number = unmatched(case)
        with pytest.raises(Invalid) as refused:
            add(number, 999_999)
        assert set(refused.value.errors) == {"ticket_id"}
        with pytest.raises(Stale):
            add(number, case.ticket, version=77)
        with pytest.raises(Conflict) as changed:
            add(number, case.ticket, fingerprint="of another plan")
        assert changed.value.code == "plan_changed"
        for who in ("finance", "auditor"):
            with pytest.raises(Forbidden):
                add(number, case.ticket, actor(who))
            with pytest.raises(Forbidden):
                queries.inbound_mail(db.session(), actor(who), mail_id=number)
        assert len(updates(case.ticket)) == 2

    def test_be_done_with_one(self, case):
        number = unmatched(case)
        with pytest.raises(Invalid) as refused:
            making.run(finish, SUPPORT, mail_id=number, note=" ")
        assert set(refused.value.errors) == {"note"}
        making.run(finish, SUPPORT, mail_id=number, note="Advertising.")
        assert (listed().state, listed().note) == ("done", "Advertising.")
        assert making.last_entry() == ("inbound_mail:done", [("inbound_mail", number)])
        with pytest.raises(Conflict):
            making.run(finish, SUPPORT, mail_id=number, note="Again.")
        add(number, case.ticket)
        assert listed().state == "added"

    def test_delete_restore_and_purge(self, case):
        reply = answer(case.mail_to(ANN), to="desk@issuer.example")
        take(reply)
        number = listed().id
        making.run(delete_mail, SUPPORT, mail_id=number)
        making.run(restore_mail, SUPPORT, mail_id=number)
        making.run(delete_mail, SUPPORT, mail_id=number)
        with pytest.raises(Forbidden):
            making.run(purge_mail, SUPPORT, mail_id=number, reason="x")
        digest = listed().content_digest
        making.run(purge_mail, mail_id=number, reason="Asked for.")
        row = listed()
        assert (row.from_address, row.subject, row.text, row.answer, row.content_digest) == ("", "", "", "", None)
        assert db.session.get(Content, digest) is None
        assert take(reply) == "repeated"

    def test_a_purged_ticket_takes_the_mails_of_its_answers_along(self, case):
        take(answer(case.mail_to(ANN)))
        case.deliver()
        digest = listed().content_digest
        making.run(delete_ticket, ticket_id=case.ticket)
        making.run(purge_ticket, ticket_id=case.ticket, reason="Asked for.")
        row = listed()
        assert (row.from_address, row.ticket_update_id, row.purged_at is None) == ("", None, False)
        assert db.session.get(Content, digest) is None

    def test_a_purged_contact_takes_unmatched_mails_from_its_addresses_along(self, case):
        zoe = case.desk.person("zoe@acme.example")
        number = unmatched(case, sender="Zoe <ZOE@acme.example>")
        making.run(delete_contact, contact_id=zoe)
        assert listed().from_name == "Zoe"
        making.run(purge_contact, contact_id=zoe, reason="Asked for.")
        assert (listed().from_name, listed().purged_at is None) == ("", False)
        assert ("inbound_mail", number) in making.last_entry()[1]

    def test_a_dealers_staff_see_those_of_their_tickets_alone(self, case):
        making.dealers("NORTH")
        north = actor("north_support")
        number = unmatched(case)
        with pytest.raises(NotFound):
            queries.inbound_mail(db.session(), north, mail_id=number)
        ours = case.desk.ticket(
            customer_id=making.customer("N1", dealer_code="NORTH", email="n@x.example"), subject="Ours"
        )
        case.deliver()
        take(answer(case.mail_to("n@x.example"), Auto_Submitted="auto-replied"))
        (seen,) = db.session.scalars(queries.inbound_mails(north)).all()
        assert seen.ticket_id == ours
        with pytest.raises(Invalid):
            add(seen.id, case.ticket, north)
        add(seen.id, ours, north)
        assert last(ours).body == "It works again, thank you."
