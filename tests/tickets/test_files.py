"""Files of ticket updates: kept once, in every copy to the byte, refused in words, and never a note's."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.mailer.attaching import MAX_FILE, MAX_FILES, MAX_TOTAL, NewFile
from app.mailer.documents import attached_to
from app.mailer.models import Content, Message
from app.tickets import queries
from app.tickets.models import Ticket, TicketUpdate, UpdateFile
from app.tickets.service import delete_ticket, purge_ticket
from app.tickets.source import InternalNoteError
from tests.conftest import actor
from tests.core import making
from tests.tickets.making_tickets import MAIN, Desk, deliver

ANN = "ann@acme.example"
PDF = b"%PDF-1.7\n\x00\xff every byte\n%%EOF\n"
LOG = b"line one\r\nline two\r\n.\r\n"
PNG = b"\x89PNG\r\n\x1a\nrest"
GOOD = NewFile("good.txt", b"good")
FILES = (NewFile("plan.pdf", PDF), NewFile("Störung \u2013 log.txt", LOG))
MB = 1024**2


@pytest.fixture
def desk(app):
    made = Desk()
    made.person(ANN)
    return made


def names(update_id):
    db.session.rollback()
    return [one.filename for one in queries.attachments_of(db.session(), update_id=update_id)]


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def carried(mail):
    """Return name, type and bytes of what goes along with a mail."""
    return [(one.get_filename(), one.get_content_type(), one.get_content()) for one in mail.iter_attachments()]


def raw(mail):
    """Return name and bytes of what goes along, undone from its encoding alone."""
    return [(one.get_filename(), one.get_payload(decode=True)) for one in mail.iter_attachments()]


class TestTheVerbs:
    def test_each_copy_of_each_update_carries_its_own_files_to_the_byte(self, app, desk):
        number = desk.ticket(files=FILES)
        desk.write(number, "And a picture.", files=(NewFile("a.png", PNG),))
        desk.write(number, None, kind="closed", files=(NewFile("bye.csv", b"a,b\n"),))
        desk.write(number, None, kind="reopened")
        arrived = {MAIN: [], ANN: []}
        for to, mail in deliver(app):
            arrived[to].append(raw(mail))
        expected = [
            [("plan.pdf", PDF), ("Störung \u2013 log.txt", LOG)],
            [("a.png", PNG)],
            [("bye.csv", b"a,b\n")],
            [],
        ]
        assert arrived == {MAIN: expected, ANN: expected}

    def test_they_carry_their_media_types(self, app, desk):
        desk.ticket(files=FILES)
        found = {kind for _, mail in deliver(app) for _, kind, _ in carried(mail)}
        assert found == {"application/pdf", "text/plain"}

    def test_bytes_are_kept_once_however_often_they_are_given(self, desk):
        number = desk.ticket(files=(NewFile("a.pdf", PDF), NewFile("b.pdf", PDF)))
        desk.write(number, files=(NewFile("c.pdf", PDF),))
        assert count(UpdateFile) == 3
        assert count(Content) == 1

    def test_the_door_of_the_verb_takes_them_in_their_order(self, desk):
        number = desk.ticket()
        update, _ = desk.write(number, files=FILES)
        assert names(update) == ["plan.pdf", "Störung \u2013 log.txt"]

    def test_names_lose_their_folders(self, desk):
        update, _ = desk.write(desk.ticket(), files=(NewFile("../../etc/a.txt", b"a"), NewFile("C:\\x\\b.txt", b"b")))
        assert names(update) == ["a.txt", "b.txt"]

    def test_the_trail_says_nothing_of_their_bytes(self, desk):
        desk.ticket(files=FILES)
        assert "plan.pdf" not in str(making.trail()[-1].touched[0].changes)


BAD = {
    "another type than its name says": (NewFile("a.pdf", PNG), "a.pdf"),
    "a kind that is not on the list": (NewFile("a.exe", b"MZ"), "a.exe"),
    "too large": (NewFile("a.txt", b"a" * (MAX_FILE + 1)), "MB at most"),
    "empty": (NewFile("a.txt", b""), "empty"),
    "no name": (NewFile("", b"a"), "File 2"),
    "a line in its name": (NewFile("a.txt\r\nBcc: x@y.example", b"a"), "File 2"),
    "a name turned around": (NewFile("a\u202etxt.exe", b"a"), "File 2"),
    "a name of 300 characters": (NewFile("a" * 296 + ".txt", b"a"), "File 2"),
    "a name that is none": (NewFile(7, b"a"), "File 2"),
    "a name twice": (NewFile("GOOD.txt", b"other"), "already"),
}


class TestRefusals:
    @pytest.mark.parametrize(("file", "told"), BAD.values(), ids=BAD.keys())
    def test_a_bad_file_is_told_at_its_field_and_nothing_is_kept(self, desk, file, told):
        number = desk.ticket()
        before = (count(TicketUpdate), count(Content), count(Message), len(making.trail()))
        for act in (
            lambda: desk.write(number, files=(GOOD, file)),
            lambda: desk.note(number, files=(GOOD, file)),
            lambda: desk.write(number, None, kind="closed", files=(GOOD, file)),
            lambda: desk.ticket(files=(GOOD, file)),
        ):
            with pytest.raises(Invalid) as refused:
                act()
            assert list(refused.value.errors) == ["attachments"]
            assert told in refused.value.message
            assert "\u202e" not in refused.value.message
            assert "\n" not in refused.value.message
        db.session.rollback()
        assert (count(TicketUpdate), count(Content), count(Message), len(making.trail())) == before

    def test_number_and_total_are_bounded(self, desk):
        number = desk.ticket()
        many = [NewFile(f"{one}.txt", b"a") for one in range(MAX_FILES + 1)]
        large = [NewFile(f"{one}.txt", b"a" * (MAX_TOTAL // 2)) for one in range(2)]
        assert len(names(desk.write(number, files=many[:-1])[0])) == MAX_FILES
        assert len(names(desk.write(number, files=large)[0])) == 2
        for files in (many, [*large, GOOD]):
            with pytest.raises(Invalid, match="at most"):
                desk.write(number, files=files)

    def test_all_that_are_wrong_are_told_at_once(self, desk):
        with pytest.raises(Invalid) as refused:
            desk.ticket(files=(NewFile("a.exe", b"MZ"), GOOD, NewFile("b.txt", b"")))
        told = refused.value.errors["attachments"]
        assert [text.partition(":")[0] for text in told] == ["a.exe", "b.txt"]

    def test_a_changed_plan_keeps_none(self, desk):
        number = desk.ticket()
        with pytest.raises(Conflict):
            desk.write(number, files=FILES, fingerprint="another")
        db.session.rollback()
        assert (count(UpdateFile), count(Content)) == (0, 0)

    def test_whoever_may_not_write_may_not_attach(self, desk):
        number = desk.ticket()
        for who, refusal in (("finance", Forbidden), ("auditor", Forbidden), ("north_support", NotFound)):
            with pytest.raises(refusal):
                desk.write(number, who=actor(who), files=(GOOD,))


class TestNotes:
    def test_their_files_go_along_with_nothing(self, app, desk):
        number = desk.ticket()
        note = desk.note(number, files=FILES)
        desk.write(number, "A public answer.")
        assert names(note) == ["plan.pdf", "Störung \u2013 log.txt"]
        assert {to: raw(mail) for to, mail in deliver(app)} == {MAIN: [], ANN: []}
        with pytest.raises(InternalNoteError):
            attached_to(db.session(), kind="ticket_update", document_id=note)

    def test_a_message_about_one_that_should_not_be_there_is_held(self, app, desk):
        number = desk.ticket()
        note = desk.note(number, files=FILES)
        with making.unaudited(), unit_of_work(db.session) as work:
            work.query(Message).order_by(Message.id.desc()).first().document_id = note
        assert [raw(mail) for _, mail in deliver(app)] == [[]]
        assert making.messages()[-1].state == "held"


class TestPurging:
    def gone(self, number):
        making.run(delete_ticket, ticket_id=number)
        making.run(purge_ticket, ticket_id=number, reason="They asked.")
        db.session.rollback()

    def test_the_files_go_with_the_ticket_and_its_mails(self, app, desk):
        number = desk.ticket(files=FILES)
        desk.note(number, files=(NewFile("a.png", PNG),))
        deliver(app)
        assert count(Content) > 0
        self.gone(number)
        assert (count(UpdateFile), count(Content)) == (0, 0)
        assert db.session.get_one(Ticket, number).purged_at is not None

    def test_bytes_that_something_else_holds_stay(self, desk):
        number, other = desk.ticket(files=FILES), desk.ticket(subject="Another")
        kept, _ = desk.write(other, files=(NewFile("mine.pdf", PDF),))
        with making.unaudited(), unit_of_work(db.session) as work:
            for message in work.query(Message):
                message.state = "sent"
        self.gone(number)
        assert [one.data for one in db.session.scalars(select(Content))] == [PDF]
        assert names(kept) == ["mine.pdf"]
