"""How long usage reports of 100,000 records take, and how much memory: each kind and file, out of SQLite."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from flask_migrate import upgrade
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import create_app
from app.core.actor import Actor, Door
from app.core.unit_of_work import unit_of_work
from app.customers.service import create_customer
from app.extensions import db
from app.invoices.models import Invoice
from app.invoices.service import create_invoice
from app.invoices.usage.rendering import usage_report
from app.lookups.models import UsageReportProfile
from app.lookups.service import create_lookup
from app.lookups.usage_reports.rules import COLUMNS_OF, FileFormat, UsageReport
from config import Settings

RECORDS = 100_000
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
ACTOR = Actor.system(Door.CLI)


def megabytes() -> float:
    """Return the most memory that this process has had resident."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def records() -> list[dict[str, object]]:
    return [
        {
            "start": BEGIN + timedelta(seconds=26 * number),
            "reference": f"01632 {number % 2_000:06}",
            "site": f"Site {number % 40}",
            "origin": "Halifax",
            # As many destinations as there are records, nearly: the most rows that a report can have.
            "destination": f"0161 496 {number:07}",
            "duration": number % 900,
            "volume": None,
            "cost": Decimal(number % 997) / 1_000,
        }
        for number in range(RECORDS)
    ]


def fill(folder: str) -> None:
    """Make the database; in a process of its own, so that its memory isn't counted."""
    with in_application(folder):
        upgrade()
        with unit_of_work(db.session) as session:
            _fill(session)


def _fill(session: Session) -> None:
    customer = create_customer(session, ACTOR, values={"account_number": "A1", "company_name": "Acme"})
    values = {"customer_id": customer.id, "invoice_date": "2026-02-01", "due_date": "2026-03-01"}
    create_invoice(session, ACTOR, values=values, default_currency="GBP", usage=records())
    for report in UsageReport:
        for kind in FileFormat:
            given = {"name": f"{report} {kind}", "report": report.value, "file_format": kind.value}
            columns = {"columns": list(COLUMNS_OF[report])}
            create_lookup(session, ACTOR, resource="usage_report_profile", values=given | columns)


@contextmanager
def in_application(folder: str) -> Iterator[None]:
    given = {"COUNTERPART_INSTANCE": folder, "COUNTERPART_SECRET_KEY": "k" * 40}
    with create_app(Settings.from_environment(given)).app_context():
        yield
        db.session.remove()
        db.engine.dispose()


def measure() -> None:
    invoice_id = db.session.scalars(select(Invoice.id)).one()
    before = megabytes()
    for profile_id in db.session.scalars(select(UsageReportProfile.id)).all():
        invoice = db.session.get_one(Invoice, invoice_id)
        profile = db.session.get_one(UsageReportProfile, profile_id)
        started = time.perf_counter()
        made = usage_report(db.session(), invoice=invoice, profile=profile, language="en")
        spent, size = time.perf_counter() - started, len(made.data) / 1024
        print(f"  {profile.name:<20} {spent:5.2f} s  {size:6,.0f} KiB  resident at most {megabytes():.0f} MB")
    print(f"  resident at most before the first: {before:.0f} MB")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        filling = get_context("spawn").Process(target=fill, args=(place,))
        filling.start()
        filling.join()
        print(f"usage reports of {RECORDS:,} records, with all columns:")
        with in_application(place):
            measure()
