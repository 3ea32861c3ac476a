"""Too many updates of one ticket to one address are held, as two robots that answer each other would make them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event

from app.core import clock
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.mailer import documents, loops
from app.mailer.delivery import recovery
from app.mailer.service import retry_message
from tests.core import making
from tests.mailer import other_documents
from tests.mailer.test_other_documents import send

MAIN, ROBOT = "main@acme.example", "robot@x.example"
WORDS = "Too many copies of this ticket went to this address; a loop is suspected."


@pytest.fixture
def tickets(app, monkeypatch):
    source = other_documents.updates()
    monkeypatch.setitem(documents._sources, source.kind.value, source)
    monkeypatch.setattr(loops, "CAP", 3)
    return source


@pytest.fixture
def customer_id(app):
    return making.customer(email=MAIN)


def update(tickets, customer_id, number, *, thread=7, **choices):
    document = tickets.hold(id=number, number=f"T7/{number}", type_id=1, thread_id=thread, requester_email=ROBOT)
    return send(document, customer_id, **choices)


def states(address=ROBOT):
    return [one.state for one in making.messages() if one.address == address]


def test_what_goes_over_the_cap_is_held_in_words(tickets, customer_id):
    for number in range(1, 6):
        update(tickets, customer_id, number)
    assert states() == ["queued"] * 3 + ["held"] * 2
    held = making.messages()[-1]
    assert (held.held_code, held.held_because, held.next_attempt_at) == ("loop_suspected", WORDS, None)
    assert making.trail()[-1].touched[-1].changes == {"state": [None, "held"]}


def test_another_address_another_ticket_and_a_later_hour_are_free(tickets, customer_id):
    for number in range(1, 5):
        update(tickets, customer_id, number)
    update(tickets, customer_id, 5, thread=8)
    update(tickets, customer_id, 6, recipients=["else@x.example"])
    assert states() == ["queued"] * 3 + ["held", "queued"]
    assert states("else@x.example") == ["queued"]
    with clock.frozen(clock.now() + loops.WITHIN + timedelta(seconds=1)):
        update(tickets, customer_id, 7)
    assert states()[-1] == "queued"


def test_a_loop_that_goes_on_stays_held(tickets, customer_id):
    start = clock.now()
    for number in range(1, 13):
        with clock.frozen(start + number * loops.WITHIN / 4):
            update(tickets, customer_id, number)
    assert states() == ["queued"] * 3 + ["held"] * 9


def test_a_person_releases_it_by_retry_and_nothing_else_does(tickets, customer_id, login):
    for number in range(1, 5):
        update(tickets, customer_id, number)
    held = making.messages()[-1].id
    recovery.sweep(db.session, resend=True)
    assert states()[-1] == "held"
    page = login("admin").get(f"/messages/show/{held}?tab=attempts").text
    assert WORDS in page
    assert f"/messages/{held}/retry" in page
    making.run(retry_message, message_id=held)
    assert states()[-1] == "queued"


def test_what_is_no_ticket_update_has_no_cap_and_costs_no_statement(app):
    customer_id = making.billed()
    seen = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    making.send(making.invoice(customer_id))
    assert not [one for one in seen if "thread_id =" in one]
    assert making.messages()[0].thread_id is None


def test_the_count_is_answered_by_its_index(app):
    with making.unaudited(), unit_of_work(db.session) as work:
        plan = work.execute(
            db.text(
                "EXPLAIN QUERY PLAN SELECT address_normalised, count(*) FROM message WHERE thread_id = 7"
                " AND document_kind = 'ticket_update' AND address_normalised IN ('a', 'b') AND created_at > 'x'"
                " GROUP BY address_normalised"
            )
        ).all()
    assert any("ix_message_thread" in row[-1] for row in plan), plan
