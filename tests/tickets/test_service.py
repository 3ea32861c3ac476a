"""The verbs of tickets: what each writes, sends and refuses, and the one entry that it leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.actor import Door
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from app.customers.service import delete_customer, restore_customer, update_customer
from app.extensions import db
from app.lookups.service import update_lookup
from app.mailer.models import Message
from app.mailer.planning.choices import Again
from app.tickets import queries
from app.tickets.models import Ticket, TicketUpdate
from app.tickets.service import (
    Copies,
    delete_ticket,
    purge_ticket,
    restore_ticket,
    send_update,
    send_update_again,
    update_ticket,
)
from tests.conftest import actor
from tests.core import making
from tests.tickets.making_tickets import MAIN, Desk, outcome

SUPPORT = actor("support")


@pytest.fixture
def desk(app):
    return Desk()


def ticket(number):
    db.session.rollback()
    return db.session.get_one(Ticket, number)


def updates(number):
    db.session.rollback()
    return queries.updates_of(db.session(), ticket_id=number)


class TestOpening:
    def test_its_number_counts_from_one_for_each_customer_and_is_never_used_again(self, desk):
        first = desk.ticket()
        making.run(delete_ticket, ticket_id=first)
        other = making.customer("AC2")
        found = [ticket(desk.ticket(customer_id=one)).number for one in (desk.customer, other, desk.customer)]
        assert found == ["AC1/T002", "AC2/T001", "AC1/T003"]

    def test_the_first_text_is_its_first_update_and_is_copied_in_the_same_transaction(self, desk):
        desk.person("ann@acme.example")
        number = desk.ticket(SUPPORT, requester_email="asks@x.example")
        (first,) = updates(number)
        told = (first.position, first.kind, first.body, first.internal, first.door, first.author_name)
        assert told == (1, "text", "The line is dead.", False, "screen", "support User")
        assert making.states() == {"asks@x.example": "queued", "ann@acme.example": "queued"}
        assert {one.thread_id for one in making.messages()} == {number}
        verb, touched = making.last_entry()
        assert verb == "ticket:created"
        messages = [("message", one.id) for one in making.messages()]
        assert touched == [("ticket", number), ("customer", desk.customer), *messages]
        assert "body" not in making.trail()[-1].touched[0].changes

    def test_without_a_status_it_gets_the_first_open_one(self, desk):
        assert ticket(desk.ticket()).ticket_status_id == desk.open
        assert ticket(desk.ticket(ticket_status=desk.waiting)).ticket_status_id == desk.waiting

    @pytest.mark.parametrize(
        ("values", "fields"),
        [
            ({"subject": " "}, {"subject"}),
            ({"body": ""}, {"body"}),
            ({"body": "x" * 20_001, "ticket_type": 999}, {"body", "ticket_type"}),
            ({"requester_email": "nobody"}, {"requester_email"}),
            ({"customer_id": 999}, {"customer_id"}),
            ({"ticket_status": "closed"}, {"ticket_status"}),
            ({"number": "AC1/T009"}, {"number"}),
        ],
    )
    def test_what_is_wrong_is_told_at_its_field(self, desk, values, fields):
        given = {name: desk.closed if value == "closed" else value for name, value in values.items()}
        with pytest.raises(Invalid) as refused:
            desk.ticket(**given)
        assert set(refused.value.errors) == fields
        assert (making.messages(), db.session.scalars(select(Ticket)).all()) == ([], [])

    def test_without_an_open_status_on_the_list_it_says_so(self, desk):
        for number in (desk.open, desk.waiting):
            making.run(update_lookup, resource="ticket_status", lookup_id=number, values={"active": False})
        with pytest.raises(Invalid, match="no open ticket status"):
            desk.ticket()

    def test_who_is_unticked_gets_none(self, desk):
        desk.person("ann@acme.example")
        desk.ticket(untick=["ANN@acme.example"])
        assert making.states() == {MAIN: "queued"}


class TestAnswering:
    def test_an_answer_is_an_update_with_copies_in_one_entry(self, desk):
        number = desk.ticket()
        before = ticket(number).last_modified_at
        with clock.frozen(clock.now() + timedelta(hours=1)):
            update_id, plan = desk.write(number, "We are on it.", SUPPORT)
        assert [one.body for one in updates(number)] == ["The line is dead.", "We are on it."]
        assert outcome(plan)[0] == [MAIN]
        assert ticket(number).last_modified_at > before
        verb, touched = making.last_entry()
        assert (verb, touched[0], [name for name, _ in touched[1:]]) == (
            "ticket:answered",
            ("ticket", number),
            ["message"],
        )
        assert making.trail()[-1].touched[0].changes == {"update": [None, "AC1/T001/2"]}
        assert making.messages()[-1].document_id == update_id

    def test_who_wrote_it_gets_no_copy(self, desk):
        desk.person("support@staff.example")
        _, plan = desk.write(desk.ticket(), who=SUPPORT)
        assert outcome(plan) == ([MAIN], [("support@staff.example", "author")])

    def test_the_type_decides_and_a_changed_one_from_then_on(self, desk):
        desk.person("ann@acme.example")
        number = desk.ticket()
        making.run(update_ticket, ticket_id=number, values={"ticket_type": desk.question})
        _, plan = desk.write(number)
        assert outcome(plan) == ([MAIN], [("ann@acme.example", "type_not_selected")])

    def test_the_requester_takes_the_place_of_the_main_address(self, desk):
        number = desk.ticket()
        making.run(update_ticket, ticket_id=number, values={"requester_email": "asks@x.example"})
        assert outcome(desk.write(number)[1])[0] == ["asks@x.example"]

    def test_a_stale_version_writes_nothing(self, desk):
        number = desk.ticket()
        version = ticket(number).version
        desk.write(number)
        with pytest.raises(Stale):
            desk.write(number, "Me too.", version=version)
        assert len(updates(number)) == 2

    def test_the_plan_that_was_looked_at_is_executed_or_refused_with_the_one_that_is(self, desk):
        number = desk.ticket()
        ann = desk.person("ann@acme.example")
        seen = desk.plan(number)
        assert seen.document.id == 0
        desk.person("ben@acme.example")
        with pytest.raises(Conflict) as refused:
            desk.write(number, fingerprint=seen.fingerprint)
        assert refused.value.code == "plan_changed"
        told = {one["address"] for one in refused.value.detail["result"]["messages"]}
        assert told == {MAIN, "ann@acme.example", "ben@acme.example"}
        assert len(updates(number)) == 1
        now = desk.plan(number)
        assert refused.value.detail["result"]["fingerprint"] == now.fingerprint
        assert ann
        _, done = desk.write(number, fingerprint=now.fingerprint, untick=["ben@acme.example"])
        assert outcome(done)[0] == ["ann@acme.example", MAIN]
        ticked = desk.plan(number, untick=("ben@acme.example",)).fingerprint
        assert outcome(desk.write(number, fingerprint=ticked, untick=["ben@acme.example"])[1]) == outcome(done)

    def test_an_internal_note_makes_no_message(self, desk):
        number = desk.ticket()
        before = len(making.messages())
        _, plan = desk.write(number, "Between us.", internal=True)
        assert outcome(plan) == ([], [(MAIN, "internal")])
        assert len(making.messages()) == before
        assert making.last_entry() == ("ticket:noted", [("ticket", number)])

    def test_a_text_is_needed_and_no_empty_one_is_kept(self, desk):
        number = desk.ticket()
        for body in (None, "  \n ", 7, "a\x00b"):
            with pytest.raises(Invalid) as refused:
                desk.write(number, body)
            assert set(refused.value.errors) == {"body"}


class TestClosing:
    def test_closing_and_reopening_are_updates_that_are_copied(self, desk):
        number = desk.ticket()
        desk.write(number, None, kind="closed")
        assert (ticket(number).ticket_status_id, making.last_entry()[0]) == (desk.closed, "ticket:closed")
        assert making.trail()[-1].touched[0].changes["ticket_status"] == [desk.open, desk.closed]
        desk.write(number, "Still dead.", kind="reopened", status=desk.waiting)
        assert (ticket(number).ticket_status_id, making.last_entry()[0]) == (desk.waiting, "ticket:reopened")
        assert [(one.kind, one.body) for one in updates(number)[1:]] == [("closed", None), ("reopened", "Still dead.")]
        assert len(making.messages()) == 3

    def test_twice_is_a_clear_refusal(self, desk):
        number = desk.ticket()
        with pytest.raises(Conflict) as refused:
            desk.write(number, kind="reopened")
        assert refused.value.code == "not_closed"
        desk.write(number, kind="closed")
        with pytest.raises(Conflict) as refused:
            desk.write(number, kind="closed")
        assert refused.value.code == "already_closed"
        assert len(updates(number)) == 2

    @pytest.mark.parametrize("status", ["open", "999", "no id"])
    def test_a_status_that_does_not_fit_is_refused_at_its_field(self, desk, status):
        given = desk.open if status == "open" else status
        with pytest.raises(Invalid) as refused:
            desk.write(desk.ticket(), kind="closed", status=given)
        assert set(refused.value.errors) == {"ticket_status"}

    def test_the_status_that_it_has_may_be_off_the_list(self, desk):
        number = desk.ticket()
        making.run(update_lookup, resource="ticket_status", lookup_id=desk.open, values={"active": False})
        desk.write(number, kind="closed")
        desk.write(number, kind="reopened")
        assert ticket(number).ticket_status_id == desk.waiting


class TestEditing:
    def test_fields_are_changed_in_one_entry_and_tell_nobody(self, desk):
        number = desk.ticket()
        sent = len(making.messages())
        given = {
            "subject": "No line",
            "ticket_type": desk.question,
            "ticket_status": desk.waiting,
            "requester_email": "b@x.example",
        }
        making.run(update_ticket, SUPPORT, ticket_id=number, values=given)
        assert set(making.trail()[-1].touched[0].changes) == set(given)
        assert (making.last_entry()[0], len(making.messages())) == ("ticket:updated", sent)

    def test_neither_closes_nor_reopens(self, desk):
        number = desk.ticket()
        with pytest.raises(Invalid, match="use Close") as refused:
            making.run(update_ticket, ticket_id=number, values={"ticket_status": desk.closed})
        assert set(refused.value.errors) == {"ticket_status"}
        desk.write(number, kind="closed")
        with pytest.raises(Invalid, match="use Reopen"):
            making.run(update_ticket, ticket_id=number, values={"ticket_status": desk.open})

    def test_what_it_is_already_is_no_change(self, desk):
        number = desk.ticket()
        entries = len(making.trail())
        making.run(update_ticket, ticket_id=number, values={"subject": "No dial tone", "body": "The line is dead."})
        making.run(update_ticket, ticket_id=number, values={"ticket_status": None})
        assert len(making.trail()) == entries

    def test_customer_and_first_text_stay(self, desk):
        number = desk.ticket()
        for values in ({"customer_id": making.customer("AC2")}, {"body": "Another text."}):
            with pytest.raises(Invalid) as refused:
                making.run(update_ticket, ticket_id=number, values=values)
            assert set(refused.value.errors) == set(values)


class TestSendingAnUpdate:
    def test_it_goes_to_those_who_have_it_not(self, desk):
        number = desk.ticket()
        desk.person("ann@acme.example")
        (first,) = updates(number)
        done = making.run(send_update, update_id=first.id, copies=Copies(defaults=making.DEFAULTS))
        assert outcome(done) == (["ann@acme.example"], [(MAIN, "already_sent")])
        assert making.last_entry()[0] == "ticket:update_sent"
        assert outcome(making.run(send_update, update_id=first.id, copies=Copies(defaults=making.DEFAULTS)))[0] == []

    def test_and_again_for_a_reason(self, desk):
        desk.ticket()
        message = making.messages()[0]
        making.run(_as_sent, message_id=message.id)
        again = Again(addresses=(MAIN,), reason="They lost it.")
        making.run(send_update_again, update_id=message.document_id, again=again, defaults=making.DEFAULTS)
        assert [one.revision for one in making.messages()] == [0, 1]
        assert (making.trail()[-1].verb, making.trail()[-1].reason) == ("ticket:update_sent_again", "They lost it.")


def _as_sent(session, who, *, message_id):
    with making.unaudited():
        message = session.get_one(Message, message_id)
        message.state = "sent"
        session.flush()


class TestDeleting:
    def test_it_goes_and_comes_back(self, desk):
        number = desk.ticket()
        making.run(delete_ticket, SUPPORT, ticket_id=number)
        with pytest.raises(NotFound):
            queries.ticket(db.session(), SUPPORT, ticket_id=number)
        making.run(restore_ticket, SUPPORT, ticket_id=number)
        assert queries.ticket(db.session(), SUPPORT, ticket_id=number).number == "AC1/T001"

    def test_it_goes_along_with_its_customer_and_comes_back_with_it(self, desk):
        kept, gone = desk.ticket(), desk.ticket()
        making.run(delete_ticket, ticket_id=gone)
        making.run(delete_customer, customer_id=desk.customer)
        assert ("ticket", kept) in making.last_entry()[1]
        with pytest.raises(NotFound):
            queries.ticket(db.session(), SUPPORT, ticket_id=kept)
        making.run(restore_customer, customer_id=desk.customer)
        assert (ticket(kept).deleted_at, ticket(gone).deleted_at is None) == (None, False)

    def test_a_queued_copy_is_cancelled_when_its_customer_goes(self, desk):
        desk.ticket()
        making.run(delete_customer, customer_id=desk.customer)
        assert making.states() == {MAIN: "cancelled"}

    def test_a_queued_copy_is_cancelled_when_its_reason_goes(self, desk):
        desk.ticket()
        making.run(update_customer, customer_id=desk.customer, values={"email": "new@acme.example"})
        assert making.states() == {MAIN: "cancelled"}

    def test_a_purge_wipes_every_update_and_every_message(self, desk):
        number = desk.ticket(requester_email="asks@x.example", subject="Private matter")
        desk.note(number, "Secret.")
        making.run(delete_ticket, ticket_id=number)
        with pytest.raises(Conflict, match="still under way"):
            making.run(purge_ticket, ticket_id=number, reason="Asked for.")
        making.run(_as_sent, message_id=making.messages()[0].id)
        making.run(purge_ticket, ticket_id=number, reason="Asked for.")
        row = ticket(number)
        assert (row.number, row.subject, row.requester_email, row.purged_at is None) == ("AC1/T001", "", None, False)
        assert db.session.scalars(select(TicketUpdate)).all() == []
        assert [one.address for one in making.messages()] == ["(purged)"]
        assert ticket(desk.ticket()).number == "AC1/T002"


@pytest.mark.parametrize("who", ["finance", "auditor"])
def test_who_may_only_read(desk, who):
    number = desk.ticket()
    note = desk.note(number)
    reader = actor(who)
    assert queries.ticket(db.session(), reader, ticket_id=number)
    acts = [
        lambda: desk.ticket(reader),
        lambda: desk.write(number, who=reader),
        lambda: desk.write(number, who=reader, kind="closed"),
        lambda: making.run(update_ticket, reader, ticket_id=number, values={"subject": "x"}),
        lambda: making.run(delete_ticket, reader, ticket_id=number),
        lambda: making.run(send_update, reader, update_id=note, copies=Copies(defaults=making.DEFAULTS)),
    ]
    for act in acts:
        with pytest.raises(Forbidden):
            act()


def test_a_dealers_staff_have_the_tickets_of_their_customers_alone(desk):
    making.dealers("NORTH")
    ours = desk.ticket(customer_id=making.customer("N1", dealer_code="NORTH", email="n@x.example"))
    theirs = desk.ticket()
    north = actor("north_support")
    assert desk.write(ours, who=north)
    for act in (
        lambda: desk.write(theirs, who=north),
        lambda: queries.update(db.session(), north, update_id=updates(theirs)[0].id),
        lambda: making.run(delete_ticket, north, ticket_id=theirs),
    ):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(Invalid) as refused:
        desk.ticket(north)
    assert set(refused.value.errors) == {"customer_id"}


def test_two_tickets_opened_at_once_take_turns_at_the_number(app, desk):
    results = making.at_once(app, [desk.ticket] * 4)
    assert making.codes(results) == ["ok"] * 4
    assert sorted(ticket(one).number for one in results) == [f"AC1/T00{number}" for number in (1, 2, 3, 4)]


def test_answers_at_once_have_positions_of_their_own(app, desk):
    number = desk.ticket()
    assert making.codes(making.at_once(app, [lambda: desk.write(number)] * 4)) == ["ok"] * 4
    assert [one.position for one in updates(number)] == [1, 2, 3, 4, 5]


def test_a_program_is_named_by_its_user_and_the_system_by_nobody(desk):
    number = desk.ticket(replace(SUPPORT, door=Door.API))
    assert updates(number)[0].door == "api"
