"""Mails of a ticket, as they arrive at a real server: one conversation for each address, and where answers go."""

from __future__ import annotations

import re

import pytest

from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.mailer.bounces import verp
from app.mailer.bounces.verp import Purpose
from app.mailer.models import Message
from app.mailer.planning.choices import Again
from app.mailer.service import cancel_message
from app.tickets.rules import MAX_REFERENCES
from app.tickets.service import send_update_again, update_ticket
from tests.conftest import actor
from tests.core import making
from tests.tickets import jwz
from tests.tickets.making_tickets import MAIN, Desk, deliver, text_of

ANN, BEN = "ann@acme.example", "ben@acme.example"
IDS = re.compile(r"<[^<>\s]+>")


@pytest.fixture
def desk(app):
    return Desk()


def to(mails, address):
    return [mail for recipient, mail in mails if recipient == address]


def ids(mail, field):
    return IDS.findall(mail.get(field, ""))


@pytest.mark.parametrize("together", [True, False])
def test_each_address_has_one_conversation(app, desk, together):
    """Sent one by one or all at a time, a mail program shows each address one thread of a ticket, in its order."""
    desk.person(ANN)
    arrived = []

    def step():
        if not together:
            arrived.extend(deliver(app))

    numbers = [desk.ticket(), desk.ticket(subject="Another matter")]
    step()
    for round_ in range(3):
        for number in numbers:
            desk.write(number, f"Answer {round_}", actor("support"))
            desk.note(number)
            step()
    desk.write(numbers[0], None, kind="closed")
    desk.write(numbers[0], "Back again.", kind="reopened")
    arrived.extend(deliver(app))
    for address in (MAIN, ANN):
        mails = to(arrived, address)
        assert len(mails) == 4 + 4 + 2
        # Whatever order a mailbox lists them in.
        for order in (mails, mails[::-1], sorted(mails, key=lambda mail: mail["Message-ID"])):
            roots = jwz.threads(order)
            assert sorted(len(jwz.mails_of(root)) for root in roots) == [4, 6]
            for root in roots:
                subjects = [mail["Subject"] for mail in jwz.mails_of(root)]
                assert subjects[0] in ("[AC1/T001] No dial tone", "[AC1/T002] Another matter")
                assert set(subjects[1:]) == {f"Re: {subjects[0]}"}
                assert jwz.depth(root) == len(subjects)
    every = [mail["Message-ID"] for _, mail in arrived]
    assert len(set(every)) == len(every)


def test_nobody_is_told_the_ids_of_another_address(app, desk):
    desk.person(ANN)
    number = desk.ticket()
    desk.write(number)
    arrived = deliver(app)
    theirs = {mail["Message-ID"] for mail in to(arrived, ANN)}
    for mail in to(arrived, MAIN):
        assert not theirs & set(ids(mail, "References") + ids(mail, "In-Reply-To"))


def test_who_joins_later_starts_a_conversation_of_their_own(app, desk):
    number = desk.ticket()
    desk.person(BEN)
    desk.write(number)
    desk.write(number)
    first, second = to(deliver(app), BEN)
    assert (first["Subject"], first["References"], first["In-Reply-To"]) == ("[AC1/T001] No dial tone", None, None)
    assert ids(second, "References") == ids(second, "In-Reply-To") == [first["Message-ID"]]


def test_a_cancelled_copy_is_no_part_of_it(app, desk):
    number = desk.ticket()
    first = making.messages()[0]
    making.run(cancel_message, message_id=first.id)
    desk.write(number)
    ((_, mail),) = deliver(app)
    assert mail["References"] is None


def test_a_copy_sent_again_hangs_below_the_others(app, desk):
    number = desk.ticket()
    desk.write(number)
    arrived = deliver(app)
    first = making.messages()[0]
    again = Again(addresses=(MAIN,), reason="They lost it.")
    making.run(send_update_again, update_id=first.document_id, again=again, defaults=making.DEFAULTS)
    ((_, mail),) = deliver(app)
    assert ids(mail, "References") == [one["Message-ID"] for _, one in arrived]
    assert len(jwz.threads([one for _, one in arrived] + [mail])) == 1


def test_references_stay_bounded_and_keep_the_root(app, desk):
    number = desk.ticket()
    for round_ in range(MAX_REFERENCES + 5):
        desk.write(number, f"Answer {round_}")
        release()
    arrived = [mail for _, mail in deliver(app)]
    last = arrived[-1]
    assert len(ids(last, "References")) == MAX_REFERENCES
    assert ids(last, "References")[0] == arrived[0]["Message-ID"]
    assert ids(last, "References")[-1] == ids(last, "In-Reply-To")[0] == arrived[-2]["Message-ID"]
    assert len(jwz.threads(arrived)) == 1


def release():
    """Let the copies go that are held because they are many."""
    with making.unaudited(), unit_of_work(db.session) as work:
        for one in work.query(Message).filter_by(state="held"):
            one.state, one.held_code, one.held_because = "queued", None, None
            one.next_attempt_at = one.created_at


def test_answers_come_back_with_a_token_of_the_message(app, desk):
    desk.person(ANN)
    desk.ticket()
    seen = {}
    for address, mail in deliver(app):
        message_id = verp.message_among([mail["Reply-To"]], secret=app.config["SECRET_KEY"], purpose=Purpose.ANSWER)
        message = db.session.get_one(Message, message_id)
        assert (message.address, message.document_kind) == (address, "ticket_update")
        # The token of a bounce opens nothing here, nor this one there.
        assert verp.message_among([mail["Reply-To"]], secret=app.config["SECRET_KEY"]) is None
        assert verp.message_among([mail["Reply-To"]], secret="another" * 9, purpose=Purpose.ANSWER) is None
        seen[address] = message_id
    assert len(seen) == len(set(seen.values())) == 2


def test_without_a_mailbox_there_is_no_address_for_answers(app, desk):
    from dataclasses import replace

    desk.ticket()
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], mail_server="smtp.example")
    ((_, mail),) = deliver(app)
    assert mail["Reply-To"] is None
    app.config["SETTINGS"] = replace(
        app.config["SETTINGS"], bounce_address="bounces@mail.example", answer_address="desk@mail.example"
    )
    desk.ticket()
    ((_, mail),) = deliver(app)
    assert re.fullmatch(r"desk\+[0-9]+-[a-z2-7]{16}@mail\.example", mail["Reply-To"])


def test_what_the_mails_say(app, desk):
    desk.person(ANN, language="de")
    number = desk.ticket(who=actor("support"), body="See https://x.example/a?b=1 & <b>bold</b>\nSecond line")
    desk.write(number, None, who=actor("support"), kind="closed")
    opened, closed = to(deliver(app), MAIN)
    assert "See https://x.example/a?b=1 & <b>bold</b>\nSecond line" in text_of(opened).replace("\r\n", "\n")
    assert "support User" in text_of(opened)
    html = opened.get_body(("html",)).get_content()
    assert "&lt;b&gt;bold&lt;/b&gt;" in html
    assert "<b>bold" not in html
    assert opened["Auto-Submitted"] == "auto-generated"
    assert opened["X-Counterpart-Reason"] == "customer_email"
    assert "This ticket was closed." in text_of(closed)
    assert "Status: Closed" in text_of(closed)


def test_german_readers_are_told_in_german(app, desk):
    desk.person(ANN, language="de")
    number = desk.ticket()
    desk.write(number, "Danke.", kind="closed")
    closed = to(deliver(app), ANN)[-1]
    assert "Dieses Ticket wurde geschlossen.\n\nDanke." in text_of(closed).replace("\r\n", "\n")


def test_no_header_is_injected_by_a_subject(app, desk):
    number = desk.ticket(subject="Fwd: x =?utf-8?q?Bcc=3A?= evil@x.example")
    making.run(
        update_ticket,
        ticket_id=number,
        values={"subject": "Größe\u00a0und \u2028Bcc: evil@x.example".replace("\u2028", "")},
    )
    desk.write(number)
    mails = [mail for _, mail in deliver(app)]
    assert [mail["Bcc"] for mail in mails] == [None, None]
    assert all(mail["To"].addresses[0].addr_spec == MAIN for mail in mails)
