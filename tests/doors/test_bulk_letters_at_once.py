"""Bulk letters made by several workers while others write to the same customers: no letter twice, no number twice."""

from __future__ import annotations

import threading
from collections import Counter

import pytest

from app.core.unit_of_work import unit_of_work
from app.correspondence.bulk import service
from app.correspondence.bulk.jobs import Advance
from app.correspondence.bulk.models import BulkLetter, BulkLetterRow
from app.correspondence.models import Correspondence
from app.correspondence.service import create_letter
from app.extensions import db
from tests.conftest import actor
from tests.core import making
from tests.doors.test_sent_at_once import at_once, own_app

__all__ = ["own_app"]

CUSTOMERS = 12


@pytest.fixture
def written(own_app, monkeypatch):
    """Two bulk letters to the same customers, under way; return the type's id."""
    monkeypatch.setattr("app.correspondence.bulk.jobs.CHUNK", 3)
    type_id = making.lookup("correspondence_type", "Works", correspondence_class="customer_services", bulk=True)
    for number in range(CUSTOMERS):
        making.customer(f"AC{number}", email=f"main@a{number}.example", country="GB")
    values = {"correspondence_type": type_id, "subject": "Works", "body": "Dear {{ customer }}", "send": True}
    for _ in range(2):
        made = making.run(
            service.create_run,
            actor("support"),
            values={**values, "filters": {"country": "GB"}},
            defaults=making.DEFAULTS,
        )
        making.run(service.start_run, actor("support"), run_id=made.id, defaults=making.DEFAULTS)
    db.session.remove()
    return type_id


def work(app):
    """Be a worker until nothing is under way for a while."""

    def turns():
        with app.app_context():
            turn, never = Advance(), threading.Event()
            for _ in range(300):
                if not turn(never):
                    never.wait(0.02)
            db.session.remove()

    return turns


def person(app, type_id):
    """Write a letter to each customer, one after the other."""

    def write():
        with app.app_context():
            for number in range(1, CUSTOMERS + 1):
                values = {"customer_id": number, "correspondence_type": type_id, "subject": "One", "body": "Dear"}
                with unit_of_work(db.session) as session:
                    create_letter(session, actor("support"), values=values)
            db.session.remove()

    return write


@pytest.mark.process
def test_workers_and_people_at_once_give_each_letter_a_number_of_its_own(own_app, written):
    doors = {f"worker {one}": work(own_app) for one in range(3)} | {"person": person(own_app, written)}
    results = at_once(doors)
    assert {name: one for name, one in results.items() if isinstance(one, BaseException)} == {}
    turn, never = Advance(), threading.Event()
    while turn(never):
        pass
    db.session.rollback()
    assert {one.status for one in db.session.query(BulkLetter)} == {"finished"}
    assert Counter(one.state for one in db.session.query(BulkLetterRow)) == {"sent": 2 * CUSTOMERS}
    numbers = Counter(one.customer_id for one in db.session.query(Correspondence))
    assert set(numbers.values()) == {3}
    series = {(one.customer_id, one.series) for one in db.session.query(Correspondence)}
    assert series == {(customer_id, one) for customer_id in numbers for one in (1, 2, 3)}
    assert len(making.messages()) == 2 * CUSTOMERS
