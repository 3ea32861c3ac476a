"""Time whole pages and calls, as they are asked for over HTTP by a logged-in user, with many contacts in the database.

`python benchmarks/pages.py [postgresql+psycopg://…] [contacts, 200,000]` makes a database for the run, SQLite
 without an address; prints the median and the 95th percentile in milliseconds, the seconds and the memory of exporting
100,000 rows, and the seconds of linking a contact to 1,000 customers.
"""

from __future__ import annotations

import re
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import insert, text

from app import create_app
from app.access.table import Role
from app.contacts.models import Contact
from app.core import search_index
from app.core.unit_of_work import unit_of_work
from app.customers.models import Customer
from app.extensions import db
from benchmarks.lists import database, rows
from config import Settings

CONTACTS = int((sys.argv[2:] or ["200000"])[0])
CUSTOMERS = CONTACTS // 10
CHOSEN = 1_000
ROUNDS = 25
NAME = "bench"
SECRET = "bench-pass-12345"  # noqa: S105  of a database that lives for one run
PAGES = {
    "contact list": "/contacts/list/",
    "contact list, by name downwards": "/contacts/list/?order=last_name&direction=desc",
    "contact list, a search": "/contacts/list/?q=person77",
    "customer page, Contacts tab": "/customers/show/7?tab=contacts",
    "contact page": "/contacts/show/77",
    "contact, add": "/contacts/add?customer_id=7",
    "contact, edit": "/contacts/edit/77",
    "picker": "/pickers/customer?q=comp",
    "header search": "/search/?q=person77",
    "REST contact list, filtered and sorted": (
        "/api/v1/contact/?q=(filters:!((col:email_bill_type,opr:eq,value:short)),order_column:email,page_size:100)"
    ),
    "REST contact": "/api/v1/contact/77",
}


def fill() -> None:
    """Put the customers and their contacts in past the program, and index them."""
    contacts = list(rows(CONTACTS))
    common = {"created_at": contacts[0]["created_at"], "last_modified_at": contacts[0]["created_at"], "version": 1}
    customers = [
        {"id": n, "account_number": f"B-{n}", "company_name": f"Company {n}", "email_bill_type": "short", **common}
        for n in range(1, CUSTOMERS + 1)
    ]
    with db.engine.begin() as connection:
        for at in range(0, CUSTOMERS, 5000):
            connection.execute(insert(Customer.__table__), customers[at : at + 5000])
        for at in range(0, CONTACTS, 5000):
            some = [
                {**one, "customer_id": number % CUSTOMERS + 1, "email_bill_type": ("short", "none")[number % 2]}
                for number, one in enumerate(contacts[at : at + 5000], start=at)
            ]
            connection.execute(insert(Contact.__table__), some)
        shared = {"id": CONTACTS + 1, "last_name": "Shared", "email_bill_type": "none", **common}
        connection.execute(insert(Contact.__table__), [shared])
    with unit_of_work(db.session) as session:
        search_index.reindex(session)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def token_of(page: str) -> str:
    """Return the CSRF token of a page."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found
    return found.group(1)


def logged_in(app: Flask) -> tuple[FlaskClient, dict[str, str]]:
    """Return a browser's client, and the headers of a program."""
    manager = app.appbuilder.sm
    manager.add_user(NAME, NAME, "User", "bench@staff.example", manager.find_role(Role.ADMIN.value), SECRET)
    client = app.test_client()
    given = {"username": NAME, "password": SECRET, "csrf_token": token_of(client.get("/login/").text)}
    assert client.post("/login/", data=given).status_code == 302
    login = {"username": NAME, "password": SECRET, "provider": "db", "refresh": False}
    answer = app.test_client().post("/api/v1/security/login", json=login)
    return client, {"Authorization": f"Bearer {answer.json['access_token']}"}


def time_pages(client: FlaskClient, program: FlaskClient, headers: dict[str, str]) -> None:
    """Ask for each page again and again; the first answers warm the templates."""
    for name, path in PAGES.items():
        times = []
        for _ in range(ROUNDS + 2):
            began = time.perf_counter()
            answer = program.get(path, headers=headers) if path.startswith("/api/") else client.get(path)
            times.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, (path, answer.status_code)
        times = sorted(times[2:])
        middle, high = statistics.median(times), times[int(ROUNDS * 0.95)]
        print(f"{name:>40}  p50 {middle:6.1f} ms  p95 {high:6.1f} ms", flush=True)


def megabytes() -> float:
    """Return the most memory that the process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def export(client: FlaskClient, kind: str) -> None:
    """Export the contacts of one bill format: half of them, and so 100,000 of 200,000."""
    state = "email_bill_type=short"
    token = token_of(client.get(f"/contacts/export?{state}").text)
    given = {"csrf_token": token, "state": state, "everything": "1", "format": kind}
    before, began = megabytes(), time.perf_counter()
    answer = client.post("/contacts/export", data=given)
    assert answer.status_code == 200, answer.text[-3000:]
    size = sum(len(part) for part in answer.iter_encoded())
    took = time.perf_counter() - began
    print(f"export as {kind}: {took:.1f} s, {size / 1e6:.1f} MB; memory {before:.0f} MB, then {megabytes():.0f} MB")


def link_many(client: FlaskClient) -> None:
    """Link the shared contact to a thousand customers, as the list's menu does."""
    given = {"csrf_token": token_of(client.get("/customers/list/").text), "state": "", "contact_id": str(CONTACTS + 1)}
    chosen = {"rowid": [str(n) for n in range(1, CHOSEN + 1)], "confirmed": "1"}
    began = time.perf_counter()
    answer = client.post("/customers/many/add-shared-contact", data={**given, **chosen})
    assert answer.status_code == 200, answer.text[-3000:]
    assert f"{CHOSEN:,} of {CHOSEN:,}" in answer.text or f"{CHOSEN} of {CHOSEN}" in answer.text
    print(f"one contact linked to {CHOSEN:,} customers: {time.perf_counter() - began:.1f} s")


def measure(url: str | None) -> None:
    """Fill a database and measure against it."""
    given = {"COUNTERPART_INSTANCE": tempfile.mkdtemp(), "COUNTERPART_SECRET_KEY": "k" * 40}
    if url:
        given["COUNTERPART_DATABASE_URL"] = url
    app = create_app(Settings.from_environment(given))
    with app.app_context():
        upgrade(directory=str(Path(__file__).parents[1] / "migrations"))
        fill()
        client, headers = logged_in(app)
    print(f"{CONTACTS:,} contacts of {CUSTOMERS:,} customers, {ROUNDS} rounds", flush=True)
    time_pages(client, app.test_client(), headers)
    link_many(client)
    export(client, "csv")
    export(client, "xlsx")
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def main() -> None:
    """Measure, on a server's database made for the run or on SQLite."""
    server = sys.argv[1] if len(sys.argv) > 1 else ""
    if not server:
        measure(None)
        return
    with database(server) as url:
        measure(url)


if __name__ == "__main__":
    main()
