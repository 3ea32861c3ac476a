"""What of an invoice's records gets on to its paper: its usage in local time, and the months before it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO

import pytest
from pypdf import PdfReader

from app.extensions import db
from app.invoices import printing, queries, service
from app.invoices.models import Invoice, UsageRecord
from tests.core import making

CALL = {"reference": "01632 960 001", "origin": "Halifax", "destination": "London", "duration": 75, "volume": None}
LINE = {"description": "Calls", "category": "Calls", "quantity": "1", "unit_price": "3.00", "tax_rate": "20"}


def made(customer_id, *, day="2026-07-01", price="3.00", usage=(), **values):
    given = {"customer_id": customer_id, "invoice_date": day, "due_date": day, "lines": [{**LINE, "unit_price": price}]}
    given |= values
    return making.run(service.create_invoice, values=given, default_currency="GBP", usage=usage).id


def approved(invoice_id):
    making.run(service.approve_invoice, invoice_id=invoice_id)


def text_of(invoice_id, format_):
    invoice = db.session.get_one(Invoice, invoice_id)
    data = printing.print_invoice(db.session(), invoice, language="en", format_=format_)
    return " ".join(" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(data)).pages)


@pytest.mark.usefixtures("app")
def test_usage_is_told_in_local_time_by_the_full_format_alone():
    start = datetime(2026, 6, 30, 23, 30, 5, tzinfo=UTC)
    invoice_id = made(making.customer(), usage=[{**CALL, "start": start, "cost": Decimal("3.000000")}])
    # British summer time: an hour later, and so the next day.
    assert "01/07/2026 00:30:05 Halifax London 0:01:15 £3.00" in text_of(invoice_id, "full")
    for format_ in ("short", "long"):
        assert "Halifax London" not in text_of(invoice_id, format_)


@pytest.mark.usefixtures("app")
def test_months_are_those_of_the_customer_in_its_currency_without_drafts():
    customer_id = making.customer()
    for day, price in (("2026-05-31", "5"), ("2026-05-01", "6"), ("2026-03-09", "7"), ("2024-03-09", "9")):
        approved(made(customer_id, day=day, price=price))
    made(customer_id, day="2026-06-02", price="99")
    approved(made(customer_id, day="2026-06-02", price="88", currency="EUR"))
    approved(made(making.customer("AC2"), day="2026-06-02", price="77"))
    approved(made(customer_id, day="2026-08-01", price="66"))
    invoice = db.session.get_one(Invoice, made(customer_id, day="2026-07-01", price="3"))
    nets = queries.nets_by_month(db.session(), invoice=invoice, months=13)
    assert nets == {(2026, 3): Decimal(7), (2026, 5): Decimal(11), (2026, 7): Decimal(3)}
    assert printing._months(db.session(), invoice) == (
        (date(2026, 3, 1), Decimal(7)),
        (date(2026, 4, 1), Decimal(0)),
        (date(2026, 5, 1), Decimal(11)),
        (date(2026, 6, 1), Decimal(0)),
        (date(2026, 7, 1), Decimal(3)),
    )


@pytest.mark.usefixtures("app")
def test_a_purge_takes_the_calls_with_it():
    start = datetime(2026, 6, 1, 9, tzinfo=UTC)
    invoice_id = made(making.customer(), usage=[{**CALL, "start": start, "cost": Decimal(3)}])
    making.run(service.delete_invoice, invoice_id=invoice_id)
    making.run(service.purge_invoice, invoice_id=invoice_id, reason="They asked for it.")
    assert db.session.query(UsageRecord).count() == 0
