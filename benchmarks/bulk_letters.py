"""Time bulk letters: 10,000 customers, each with an address and three contacts of whom two tick the type.

`python benchmarks/bulk_letters.py [postgresql+psycopg://…]` makes a database for the time of the run, SQLite without an
address. Nothing is delivered: what is timed is the plan, and the letters: numbered, printed, kept, and in the outbox.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from flask_migrate import upgrade
from sqlalchemy import func, insert, select

from app import create_app
from app.contacts.models import Contact, contact_copy_correspondence
from app.core.unit_of_work import unit_of_work
from app.correspondence.bulk import progress, queries, service
from app.correspondence.bulk.jobs import CHUNK, Advance
from app.correspondence.models import Correspondence
from app.extensions import db
from app.lookups.service import create_lookup
from app.mailer.models import Message
from app.mailer.sending_defaults import sending_defaults
from benchmarks.billing_run import ACTOR, CONTACTS, database, fill, timed
from config import Settings

BODY = """Dear {{ customer }},

we **work** on your line in the night of 7 March:

- the old exchange is switched off at 23:00,
- the new one answers from 1:00.

Your account is {{ account_number }}. Nothing else changes for you.
"""
# The customer's own address, and the contacts that tick the type.
MAILS = CONTACTS


def a_type() -> int:
    """Make a type for many, which all contacts but the first of each customer tick."""
    with unit_of_work(db.session) as session:
        values = {"name": "Works", "correspondence_class": "customer_services", "bulk": True}
        type_id: int = create_lookup(session, ACTOR, resource="correspondence_type", values=values).id
    ticking = db.session.scalars(select(Contact.id).where(Contact.last_name != "Contact 0")).all()
    db.session.rollback()
    with db.engine.begin() as connection:
        rows = [{"contact_id": one, "correspondence_type_id": type_id} for one in ticking]
        connection.execute(insert(contact_copy_correspondence), rows)
    return type_id


def planned(type_id: int, numbers: list[str]) -> int:
    with unit_of_work(db.session) as session:
        values = {"correspondence_type": type_id, "subject": "Works", "body": BODY, "send": True}
        values |= {"account_numbers": numbers}
        return service.create_run(session, ACTOR, values=values, defaults=sending_defaults()).id


def made(pauses: list[float]) -> int:
    advance, never = Advance(), threading.Event()
    while True:
        started = time.perf_counter()
        if not advance(never):
            return len(pauses)
        pauses.append(time.perf_counter() - started)


def sums(run_id: int) -> int:
    session = db.session()
    found = progress.sums(session, queries.run(session, ACTOR, run_id=run_id))
    session.rollback()
    assert found.copies == found.letters * MAILS
    return found.copies


def run(count: int) -> None:
    fill(count)
    type_id = a_type()
    print(f"{count:,} letters, {count * MAILS:,} mails, {db.engine.dialect.name}; load {os.getloadavg()[0]:.1f}")
    numbers = [f"B{one}" for one in range(1, count + 1)]
    run_id = timed("plan them: chosen, planned, kept, committed", lambda: planned(type_id, numbers), count, "letters/s")
    timed("sum their plan up, as the page does", lambda: sums(run_id), count, "letters/s")
    with unit_of_work(db.session) as session:
        service.start_run(session, ACTOR, run_id=run_id, defaults=sending_defaults())
    pauses: list[float] = []
    timed(f"made, printed and enqueued, {CHUNK} at a time", lambda: made(pauses), count, "letters/s")
    longest, median = max(pauses), sorted(pauses)[len(pauses) // 2]
    print(f"{'one chunk, which the mails wait for':<44} {median:>7.2f} s at the median, {longest:.2f} s at most")
    assert db.session.scalar(select(func.count()).select_from(Correspondence)) == count
    assert db.session.scalar(select(func.count()).select_from(Message)) == count * MAILS


def main() -> None:
    parser = argparse.ArgumentParser(description="Plan and make bulk letters.")
    parser.add_argument("database", nargs="?", default="", help="a PostgreSQL server; SQLite without")
    parser.add_argument("--letters", type=int, default=10_000)
    given = parser.parse_args()
    with database(given.database) as url, tempfile.TemporaryDirectory() as folder:
        environment = {"COUNTERPART_INSTANCE": folder, "COUNTERPART_DATABASE_URL": url}
        app = create_app(Settings.from_environment({**environment, "COUNTERPART_SECRET_KEY": "b" * 40}))
        with app.app_context():
            upgrade()
            run(given.letters)
            db.session.remove()
            db.engine.dispose()


if __name__ == "__main__":
    main()
