"""What a verb writes lands in one commit or not at all, and two who write take turns."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import event, func, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.contacts.models import Contact
from app.contacts.service import create_contact
from app.core.errors import Conflict, Invalid, Stale
from app.core.models import AuditEntry
from app.core.records import Record, check_version
from app.core.unit_of_work import unit_of_work
from app.customers.models import Customer
from app.customers.service import create_customer, update_customer
from app.extensions import db
from app.lookups.models import Topic
from tests.conftest import POSTGRESQL, actor
from tests.core import making

pytestmark = pytest.mark.usefixtures("app")
on_sqlite = pytest.mark.skipif(bool(POSTGRESQL), reason="about SQLite's locks")


def count(model):
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model))


def test_row_and_trail_land_in_one_commit():
    commits = []

    def on_commit(_session):
        commits.append(1)

    event.listen(Session, "after_commit", on_commit)
    try:
        making.customer()
    finally:
        event.remove(Session, "after_commit", on_commit)
    assert len(commits) == 1
    assert count(Customer) == 1


def test_an_error_after_the_writing_takes_all_of_it_back():
    entries = count(AuditEntry)

    def write_and_fail():
        with unit_of_work(db.session) as work:
            create_customer(work, actor(), values={"account_number": "A", "last_name": "Lee"})
            create_contact(work, actor(), values={"last_name": "Lee"})
            raise RuntimeError("the power went")

    with pytest.raises(RuntimeError, match="the power went"):
        write_and_fail()
    assert (count(Customer), count(Contact), count(AuditEntry)) == (0, 0, entries)


def test_a_refusal_takes_back_what_the_same_unit_wrote_before():
    def write_and_be_refused():
        with unit_of_work(db.session) as work:
            create_customer(work, actor(), values={"account_number": "A", "last_name": "Lee"})
            create_contact(work, actor(), values={})

    with pytest.raises(Invalid):
        write_and_be_refused()
    assert count(Customer) == 0


def test_what_was_left_in_the_session_does_not_land():
    db.session.add(Topic(name="Stray"))
    making.customer()
    assert count(Topic) == 0


def test_a_duplicate_that_no_rule_has_seen_is_a_conflict():
    making.lookup("topic", "Bills")

    def duplicate():
        with making.unaudited(), unit_of_work(db.session) as work:
            work.add(Topic(name="Bills"))

    with pytest.raises(Conflict) as refusal:
        duplicate()
    assert (refusal.value.status, refusal.value.code) == (409, "duplicate")
    assert "topic" not in refusal.value.message.lower()


def test_a_row_that_somebody_else_changed_meanwhile_is_stale():
    customer_id = making.customer()

    def overtaken():
        with unit_of_work(db.session) as work:
            found = work.get_one(Customer, customer_id)
            table = Customer.__table__
            work.execute(update(table).where(table.c.id == customer_id).values(version=table.c.version + 1))
            found.last_name = "Overtaken"

    with pytest.raises(Stale) as refusal:
        overtaken()
    assert refusal.value.status == 412
    db.session.rollback()
    assert db.session.get_one(Customer, customer_id).last_name is None


def test_another_error_of_the_database_is_not_dressed_up():
    def broken():
        with unit_of_work(db.session) as work:
            work.execute(text("SELECT 1 FROM no_such_table"))

    with pytest.raises(Exception, match="no_such_table"):
        broken()


def test_the_version_counts_each_change_and_is_compared_where_it_is_given():
    customer_id = making.customer()
    first = db.session.get_one(Customer, customer_id).version
    making.run(update_customer, customer_id=customer_id, values={"last_name": "Lee"}, version=first)
    with pytest.raises(Stale) as refusal:
        making.run(update_customer, customer_id=customer_id, values={"last_name": "Poe"}, version=first)
    assert refusal.value.detail == {"version": first + 1}
    assert making.run(update_customer, customer_id=customer_id, values={"last_name": "Poe"}).version == first + 2
    unchanged = making.run(update_customer, customer_id=customer_id, values={"last_name": "Poe"})
    assert unchanged.version == first + 2


def test_a_change_of_a_list_alone_counts_too():
    from app.contacts.service import update_contact

    topic = making.lookup("topic", "Bills")
    contact_id = making.contact()
    before = db.session.get_one(Contact, contact_id).version
    assert (
        making.run(update_contact, contact_id=contact_id, values={"contact_regarding": [topic]}).version == before + 1
    )


def test_no_version_skips_the_comparison():
    row = Record.__new__(Topic)
    Topic.__init__(row, name="x", version=4)
    check_version(row, None)
    check_version(row, 4)
    with pytest.raises(Stale):
        check_version(row, 3)


@on_sqlite
def test_two_writers_take_turns_from_the_first_read_on(app):
    """Without BEGIN IMMEDIATE both would read 0, and the second would fail or overwrite."""
    customer_id = making.customer()

    def raise_position():
        with unit_of_work(db.session) as work:
            found = work.get_one(Customer, customer_id)
            figure = int(found.address_line_1 or 0)
            time.sleep(0.05)
            found.address_line_1 = str(figure + 1)

    with making.unaudited():
        results = making.at_once(app, [raise_position] * 4)
    assert results == [None] * 4
    db.session.rollback()
    assert db.session.get_one(Customer, customer_id).address_line_1 == "4"


@on_sqlite
def test_who_waits_too_long_is_told_so(app):
    inside, done = threading.Event(), threading.Event()

    def long_one():
        with unit_of_work(db.session):
            inside.set()
            assert done.wait(20)

    def hasty_one():
        assert inside.wait(20)
        db.session.execute(text("PRAGMA busy_timeout=200"))
        try:
            making.customer("LATE")
        finally:
            done.set()

    results = making.at_once(app, [long_one, hasty_one])
    assert results[0] is None
    assert isinstance(results[1], Conflict), results[1]
    assert results[1].code == "busy"


@on_sqlite
def test_reading_waits_for_no_writer(app):
    making.customer()
    inside, done = threading.Event(), threading.Event()

    def long_one():
        with unit_of_work(db.session):
            inside.set()
            assert done.wait(20)

    def reader():
        assert inside.wait(20)
        try:
            return db.session.scalar(select(func.count()).select_from(Customer))
        finally:
            done.set()

    assert making.at_once(app, [long_one, reader])[1] == 1


@on_sqlite
def test_foreign_keys_are_enforced():
    def dangling():
        with unit_of_work(db.session) as work:
            work.execute(text("UPDATE issuer SET deletion_id = 999"))

    with pytest.raises(Conflict):
        dangling()


def test_only_locks_are_called_busy(app):
    def broken():
        with unit_of_work(db.session):
            raise OperationalError("SELECT 1", {}, Exception("disk I/O error"))

    with pytest.raises(OperationalError):
        broken()
