"""Sample usage reports: profiles of each kind, and an invoice to four people in three formats, one with a report."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.contacts.service import create_contact
from app.core import clock
from app.core.actor import Actor
from app.demo_calls import calls_of
from app.invoices.service import create_invoice, send_invoice
from app.lookups.models import UsageReportProfile
from app.mailer.planning.choices import Choices
from app.mailer.sending_defaults import sending_defaults

PROFILES: list[dict[str, Any]] = [
    {"name": "By number", "report": "by_number", "file_format": "xlsx"},
    {"name": "By destination", "report": "by_destination"},
    {"name": "By cost centre", "report": "by_site", "file_format": "xlsx"},
    {"name": "By day", "report": "by_day", "columns": ["day", "records", "duration", "cost", "share"]},
]
LINES = (
    {"description": "Hosted telephone seat", "category": "Telephony", "quantity": "3", "unit_price": "11.95"},
    {"description": "Calls, head office", "category": "Calls", "quantity": "2", "unit_price": "18.4275"},
    {"description": "Calls, warehouse", "category": "Calls", "quantity": "1", "unit_price": "18.4275"},
)
NUMBERS = ("01632 960 101", "01632 960 101", "01632 960 102")
# One that has no contact, and one address.
CUSTOMER = 16
READERS: tuple[tuple[str, str, str, str, bool], ...] = (
    ("Ann", "Clerk", "long", "en", False),
    ("Ben", "Controller", "full", "en", True),
    ("Cem", "Kaya", "full", "de", False),
)


def add_four_readers(session: Session, actor: Actor, customers: Sequence[int], *, chance: random.Random) -> None:
    """Send one more invoice of a customer whose own address gets it short: to one contact long, and to two in full."""
    customer_id = customers[CUSTOMER]
    report = session.scalar(select(UsageReportProfile.id).order_by(UsageReportProfile.position).limit(1))
    for first_name, last_name, bill, language, with_report in READERS:
        person = {"customer_id": customer_id, "first_name": first_name, "last_name": last_name, "language": language}
        copies = {"email_bill_type": bill, "invoice_usage_report": report if with_report else None}
        email = f"{first_name}.{last_name}@readers.example".lower()
        create_contact(session, actor, values={**person, **copies, "email": email})
    date = clock.now().date()
    lines = [{**line, "tax_rate": "20.00", "reference": number} for line, number in zip(LINES, NUMBERS, strict=True)]
    values = {
        "customer_id": customer_id,
        "invoice_date": date.isoformat(),
        "due_date": (date + timedelta(days=30)).isoformat(),
        "lines": lines,
    }
    usage = calls_of(lines, until=date, chance=chance)
    invoice = create_invoice(session, actor, values=values, default_currency="GBP", usage=usage)
    send_invoice(
        session, actor, invoice_id=invoice.id, choices=Choices(), fingerprint=None, defaults=sending_defaults()
    )
