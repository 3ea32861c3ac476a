"""Time a billing run: 10,000 invoices, each with an address of its customer and three contacts, planned and enqueued.

`python benchmarks/billing_run.py [postgresql+psycopg://…]` makes a database for the time of the run, SQLite without an
address. Nothing is delivered: what is timed is the plan, its facts read from the database, and the way into the outbox.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from flask_migrate import upgrade
from sqlalchemy import create_engine, func, insert, select, text
from sqlalchemy.engine import make_url

from app import create_app
from app.access.table import Role
from app.contacts.models import Contact
from app.core.actor import Actor, Door
from app.core.unit_of_work import unit_of_work
from app.customers.models import Customer, CustomerAddress
from app.extensions import db
from app.invoices.billing_runs import progress, service
from app.invoices.billing_runs.jobs import CHUNK, Advance
from app.invoices.models import Invoice, InvoiceLine
from app.mailer.models import Message
from app.mailer.planning.many import Wanted, plans_of_many
from app.mailer.planning.plan_model import Document, DocumentKind
from app.mailer.sending_defaults import sending_defaults
from config import Settings

CONTACTS = 3
FORMATS = ("short", "long", "full")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
# Without a user of its own the worker is the program itself.
ACTOR = Actor(door=Door.CLI, roles=frozenset({Role.ADMIN.value}), username="benchmark")
MB = 1024 * 1024


@contextmanager
def database(address: str) -> Iterator[str]:
    """Give the address of a database that is dropped afterwards."""
    if not address:
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/bench.sqlite"
        return
    server = make_url(address)
    name = f"bench_{uuid.uuid4().hex[:12]}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield server.set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def fill(count: int) -> None:
    """Make so many customers, each with contacts and an approved invoice of three lines."""
    record = {"created_at": NOW, "last_modified_at": NOW, "version": 1}
    ids = range(1, count + 1)
    tables: dict[Any, list[dict[str, Any]]] = {
        Customer: [
            {
                **record,
                "id": n,
                "account_number": f"B{n}",
                "account_number_normalised": f"b{n}",
                "company_name": f"Customer {n}",
                "email": f"bills@c{n}.example",
                "email_billing": True,
                "email_bill_type": "short",
                "language": "en",
            }
            for n in ids
        ],
        CustomerAddress: [{"customer_id": n, "address_normalised": f"bills@c{n}.example"} for n in ids],
        Contact: [
            {
                **record,
                "customer_id": n,
                "last_name": f"Contact {k}",
                "email": f"p{k}@c{n}.example",
                "email_normalised": f"p{k}@c{n}.example",
                "email_bill_type": FORMATS[k % len(FORMATS)],
            }
            for n in ids
            for k in range(CONTACTS)
        ],
        Invoice: [
            {
                **record,
                "id": n,
                "number": f"B{n}/1",
                "series": 1,
                "customer_id": n,
                "invoice_date": date(2026, 1, 1),
                "due_date": date(2026, 2, 1),
                "currency": "GBP",
                "status": "approved",
                "net": 100,
                "tax": 20,
                "total": 120,
            }
            for n in ids
        ],
        InvoiceLine: [
            {
                "invoice_id": n,
                "position": k,
                "description": "Line",
                "quantity": 1,
                "unit_price": 40,
                "tax_rate": 20,
                "net": 40,
            }
            for n in ids
            for k in range(3)
        ],
    }
    with db.engine.begin() as connection:
        for model, rows in tables.items():
            connection.execute(insert(model.__table__), rows)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def timed(what: str, act: Callable[[], int], count: int, unit: str) -> int:
    """Do something, and print how long it took."""
    started = time.perf_counter()
    found = act()
    seconds = time.perf_counter() - started
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MB
    print(f"{what:<44} {seconds:>7.2f} s {count / seconds:>10,.0f} {unit:<12} {resident:>6.0f} MB at most", flush=True)
    return found


def plans(count: int) -> int:
    """Make the plan of every invoice, facts read in bulk, and keep none of them."""
    session = db.session()
    rows = session.execute(select(Invoice.id, Invoice.number, Invoice.version, Invoice.customer_id)).all()
    wanted = [
        Wanted(Document(kind=DocumentKind.INVOICE, id=one.id, number=one.number, version=one.version), one.customer_id)
        for one in rows
    ]
    made = sum(len(plan.messages) for plan in plans_of_many(session, wanted, defaults=sending_defaults()))
    session.rollback()
    assert made == count * (CONTACTS + 1)
    return made


def planned_run() -> int:
    with unit_of_work(db.session) as session:
        values = {"filters": {"status": "approved"}}
        return service.create_run(session, ACTOR, values=values, defaults=sending_defaults()).id


def enqueued(pauses: list[float]) -> int:
    advance, never = Advance(), threading.Event()
    while True:
        started = time.perf_counter()
        if not advance(never):
            return len(pauses)
        pauses.append(time.perf_counter() - started)


def run(count: int) -> None:
    fill(count)
    copies = count * (CONTACTS + 1)
    print(f"{count:,} invoices, {copies:,} copies, {db.engine.dialect.name}; load {os.getloadavg()[0]:.1f}")
    timed("plan, with its facts from the database", lambda: plans(count), count, "invoices/s")
    run_id = timed("plan a run: chosen, planned, kept, committed", planned_run, count, "invoices/s")
    timed("sum its plan up, as its page does", lambda: _sums(run_id), count, "invoices/s")
    with unit_of_work(db.session) as session:
        service.start_run(session, ACTOR, run_id=run_id)
    pauses: list[float] = []
    timed(f"into the outbox, {CHUNK} at a time", lambda: enqueued(pauses), copies, "messages/s")
    longest, median = max(pauses), sorted(pauses)[len(pauses) // 2]
    print(f"{'one chunk, which the mails wait for':<44} {median:>7.2f} s at the median, {longest:.2f} s at most")
    assert db.session.scalar(select(func.count()).select_from(Message)) == copies


def _sums(run_id: int) -> int:
    session = db.session()
    found = progress.sums(session, service.queries.run(session, ACTOR, run_id=run_id))
    session.rollback()
    assert found.copies == found.invoices * (CONTACTS + 1)
    return found.copies


def main() -> None:
    parser = argparse.ArgumentParser(description="Plan and enqueue a billing run.")
    parser.add_argument("database", nargs="?", default="", help="a PostgreSQL server; SQLite without")
    parser.add_argument("--invoices", type=int, default=10_000)
    given = parser.parse_args()
    with database(given.database) as url, tempfile.TemporaryDirectory() as folder:
        environment = {"COUNTERPART_INSTANCE": folder, "COUNTERPART_DATABASE_URL": url}
        app = create_app(Settings.from_environment({**environment, "COUNTERPART_SECRET_KEY": "b" * 40}))
        with app.app_context():
            upgrade()
            run(given.invoices)
            db.session.remove()
            db.engine.dispose()


if __name__ == "__main__":
    main()
