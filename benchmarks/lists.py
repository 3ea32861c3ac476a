"""Time the list of contacts: each order, its first page and one 100,000 rows deep, at 10,000 and 200,000 contacts.

`python benchmarks/lists.py [postgresql+psycopg://…]` makes a database for the time of the run, SQLite without an
address, and prints the median and the 95th percentile in milliseconds of reading a page's rows; `pages.py` times pages.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from flask_migrate import upgrade
from sqlalchemy import create_engine, insert, text
from sqlalchemy.engine import make_url

from app import create_app
from app.access.table import Role
from app.contacts.models import Contact
from app.contacts.resource import CONTACT
from app.core.actor import Actor, Door
from app.extensions import db
from app.web.listing import Wanted, list_page, sort_of
from config import Settings

SIZES = (10_000, 200_000)
DEPTH = 100_000
ROUNDS = 25
START = datetime(2020, 1, 1, tzinfo=UTC)
ACTOR = Actor(door=Door.CLI, roles=frozenset({Role.ADMIN.value}), username="benchmark")


def rows(count: int) -> Iterator[dict[str, object]]:
    for number in range(count):
        scattered = number * 7919 % count
        moment = START + timedelta(minutes=scattered)
        yield {
            "id": number + 1,
            "last_name": None if number % 10 == 0 else f"Name{scattered % (count // 20):06}",
            "first_name": None if number % 7 == 0 else f"First{number % 500}",
            "company_name": f"Company {scattered % (count // 4):06}" if number % 3 else None,
            "email": f"person{scattered}@example.com" if number % 8 else None,
            "email_normalised": f"person{scattered}@example.com" if number % 8 else None,
            "email_bill_type": "none",
            "created_at": moment,
            "last_modified_at": moment,
            "version": 1,
        }


def fill(count: int) -> None:
    every = list(rows(count))
    with db.engine.begin() as connection:
        for at in range(0, count, 5000):
            connection.execute(insert(Contact.__table__), every[at : at + 5000])
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def timed(sort: object, wanted: Wanted) -> tuple[float, float]:
    times = []
    for _ in range(ROUNDS):
        db.session.rollback()
        began = time.perf_counter()
        list_page(db.session(), CONTACT.rows(ACTOR), resource=CONTACT, sort=sort, wanted=wanted)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times), sorted(times)[int(ROUNDS * 0.95)]


def deep_cursor(sort: object, depth: int) -> str:
    page = list_page(
        db.session(), CONTACT.rows(ACTOR), resource=CONTACT, sort=sort, wanted=Wanted(page=max(depth // 20, 1))
    )
    return page.next or ""


def measure(url: str | None, count: int) -> None:
    given = {"COUNTERPART_INSTANCE": tempfile.mkdtemp(), "COUNTERPART_SECRET_KEY": "k" * 40}
    if url:
        given["COUNTERPART_DATABASE_URL"] = url
    app = create_app(Settings.from_environment(given))
    with app.app_context():
        upgrade(directory=str(Path(__file__).parents[1] / "migrations"))
        fill(count)
        for name in CONTACT.orders:
            for descending in (False, True):
                sort = sort_of(CONTACT, name, descending=descending)
                first = timed(sort, Wanted())
                deep = timed(sort, Wanted(after=deep_cursor(sort, min(DEPTH, count // 2))))
                direction = "down" if descending else "up"
                print(
                    f"{count:>8,} {name:>18} {direction:>5}   first {first[0]:6.1f} {first[1]:6.1f}"
                    f"   deep {deep[0]:6.1f} {deep[1]:6.1f}",
                    flush=True,
                )
        db.session.remove()
        db.engine.dispose()


@contextmanager
def database(server: str) -> Iterator[str]:
    address = make_url(server)
    name = f"bench_{uuid.uuid4().hex[:8]}"
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield address.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


def main() -> None:
    print("contacts, order, direction; median and 95th percentile in ms")
    for count in SIZES:
        if len(sys.argv) > 1:
            with database(sys.argv[1]) as url:
                measure(url, count)
        else:
            measure(None, count)


if __name__ == "__main__":
    main()
