"""How long a search takes: `python benchmarks/search.py [database url, or "" for SQLite] [contacts, 200,000]`."""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from flask_migrate import upgrade
from sqlalchemy import insert, text

from app import create_app
from app.contacts.models import Contact
from app.core import clock, search_index
from app.core.actor import Actor, Door
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.web.search_registry import search
from config import Settings

CONTACTS = int((sys.argv[2:] or ["200000"])[0])
ROUNDS = 30
LAST = CONTACTS - 1
QUESTIONS = {
    "a name's beginning, rare": f"zwanzig{LAST // 100}",
    "an address's beginning": f"p{LAST}@",
    "a company's word, a tenth": "harbour",
    "two words": "harbour zwanzig1",
    "two common words": "harbour leeds",
    "a phone number's end": f"{LAST:07d}",
    "nothing": "xyzzy",
}


def fill() -> float:
    """Fill the database past the program, and index it; returns the seconds that indexing took."""
    chance = random.Random(1)  # noqa: S311  the same data each time
    now = clock.now()
    towns = ["Leeds", "York", "Hull", "Bath", "Ely"]
    for start in range(0, CONTACTS, 10_000):
        rows = [
            {
                "created_at": now,
                "last_modified_at": now,
                "version": 1,
                "email_bill_type": "none",
                "last_name": f"Zwanzig{number // 100}",
                "first_name": chance.choice(["Ann", "Bob", "Cleo"]),
                "company_name": f"{'Harbour' if number % 10 == 0 else 'Field'} Company {number}",
                "email": f"p{number}@c{number % 999}.example",
                "number_1": f"0161 {number:07d}",
                "address_line_1": f"{number % 300} High Street",
                "address_line_4": chance.choice(towns),
                "postcode": f"LS{number % 90} {number % 9}AB",
            }
            for number in range(start, start + 10_000)
        ]
        db.session.execute(insert(Contact), rows)
        db.session.commit()
    started = time.perf_counter()
    with unit_of_work(db.session) as session:
        search_index.reindex(session)
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
    return time.perf_counter() - started


def main(url: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        given = {"COUNTERPART_INSTANCE": folder, "COUNTERPART_SECRET_KEY": "b" * 40}
        app = create_app(Settings.from_environment({**given, "COUNTERPART_DATABASE_URL": url} if url else given))
        with app.test_request_context():
            upgrade()
            seconds = fill()
            load = os.getloadavg()[0]
            print(
                f"{db.engine.dialect.name}, {CONTACTS:,} contacts, indexed in {seconds:.0f} s,"
                f" {ROUNDS} rounds, load {load:.1f}:"
            )
            who = Actor(door=Door.SCREEN, roles=frozenset({"Admin"}), username="bench")
            for name, question in QUESTIONS.items():
                times = []
                busy = time.process_time()
                for _ in range(ROUNDS):
                    started = time.perf_counter()
                    found = search(db.session(), who, question, rows=10)
                    times.append((time.perf_counter() - started) * 1000)
                    db.session.rollback()
                busy = (time.process_time() - busy) * 1000 / ROUNDS
                times.sort()
                many = sum(group.count for group in found)
                if bool(many) is (name == "nothing"):
                    raise SystemExit(f"{name}: {many} found")
                middle, late = times[ROUNDS // 2], times[int(ROUNDS * 0.95)]
                print(f"  {name:28} p50 {middle:6.1f} ms   p95 {late:6.1f} ms   busy {busy:5.1f} ms   {many:,} found")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
