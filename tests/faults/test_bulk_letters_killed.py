"""A worker that is killed while it makes bulk letters: the next goes on from there, no letter twice, none lost."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.correspondence.bulk import service
from app.correspondence.bulk.jobs import Advance
from app.correspondence.bulk.models import BulkLetter, BulkLetterRow
from app.correspondence.models import Correspondence
from app.extensions import db
from tests.conftest import actor
from tests.core import making

pytestmark = pytest.mark.process
CUSTOMERS, CHUNK = 15, 4
# As many commits as chunks, and the one of the end.
COMMITS = -(-CUSTOMERS // CHUNK) + 1
STEPS = [
    (f"{when}_{what}", number) for what in ("commit", "flush") for when in ("before", "after") for number in (1, 3)
]


@pytest.fixture
def run_id(app, monkeypatch):
    monkeypatch.setattr("app.correspondence.bulk.jobs.CHUNK", CHUNK)
    type_id = making.lookup("correspondence_type", "Works", correspondence_class="customer_services", bulk=True)
    for number in range(CUSTOMERS):
        customer_id = making.customer(f"AC{number}", email=f"one@a{number}.example", country="GB")
        making.contact(customer_id, email=f"two@a{number}.example", copy_correspondence=[type_id])
    values = {"correspondence_type": type_id, "subject": "Works", "body": "Dear {{ customer }}", "send": True}
    values |= {"filters": {"country": "GB"}}
    made = making.run(service.create_run, actor("support"), values=values, defaults=making.DEFAULTS).id
    making.run(service.start_run, actor("support"), run_id=made, defaults=making.DEFAULTS)
    db.session.remove()
    return made


def advance():
    turn, never = Advance(), threading.Event()
    while turn(never):
        pass


def die(app, step, number):
    """Fork a worker that dies by SIGKILL at a step, when it comes for the n-th time; return whether it did."""
    db.session.remove()
    db.engine.dispose()
    child = os.fork()
    if child == 0:
        try:
            with app.app_context():
                db.engine.dispose(close=False)
                left = [number]

                def come(*_given):
                    left[0] -= 1
                    if left[0] <= 0:
                        os.kill(os.getpid(), signal.SIGKILL)

                event.listen(Session, step, come)
                advance()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def counted(run_id):
    db.session.rollback()
    return Counter(one.state for one in db.session.query(BulkLetterRow).filter_by(run_id=run_id))


def check_whole(run_id):
    assert counted(run_id) == {"sent": CUSTOMERS}
    assert db.session.get_one(BulkLetter, run_id).status == "finished"
    letters = db.session.query(Correspondence).all()
    assert sorted(one.number for one in letters) == sorted(f"AC{number}/C001" for number in range(CUSTOMERS))
    assert all(one.pdf_digest for one in letters)
    messages = making.messages()
    assert len(messages) == 2 * CUSTOMERS
    assert set(Counter((one.document_id, one.address) for one in messages).values()) == {1}
    verbs = Counter(one.verb for one in making.trail())
    assert verbs["bulk_letter:letters_made"] == COMMITS - 1
    assert verbs["bulk_letter:finished"] == 1


@pytest.mark.parametrize(("step", "number"), STEPS)
def test_killed_at_any_step_the_next_goes_on_from_there(app, run_id, step, number):
    assert die(app, step, number)
    states = counted(run_id)
    # A chunk is there whole, or not at all: its rows, its letters, its messages and its audit entry.
    assert states["sent"] % CHUNK == 0
    assert db.session.query(Correspondence).count() == states["sent"]
    assert len(making.messages()) == 2 * states["sent"]
    advance()
    check_whole(run_id)


def test_killed_again_and_again_it_comes_to_its_end(app, run_id):
    deaths = 0
    while die(app, "after_commit", 2) and deaths < 2 * COMMITS:
        deaths += 1
    assert deaths > COMMITS // 2
    advance()
    check_whole(run_id)
