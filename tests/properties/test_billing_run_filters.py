"""Which invoices a billing run takes, against a rule that is written apart from the code."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.extensions import db
from app.invoices.billing_runs import queries
from app.invoices.billing_runs.fields import clean_filters
from app.invoices.models import Invoice
from app.mailer.models import Message
from tests.conftest import actor
from tests.core import making

DAY = date(2026, 3, 1)
DAYS = st.integers(-3, 6).map(lambda days: (DAY + timedelta(days=days)).isoformat())
AMOUNTS = st.sampled_from(["0", "14.99", "15", "30.00", "30.01", "60", "1000000"])


@st.composite
def filters(draw):
    """Draw filters that are not turned around."""
    given_ = {
        name: draw(kind)
        for name, kind in {
            "invoice_date_from": DAYS,
            "invoice_date_to": DAYS,
            "due_date_from": DAYS,
            "due_date_to": DAYS,
            "status": st.sampled_from(["draft", "approved", "sent"]),
            "already_sent": st.booleans(),
            "dealer_code": st.sampled_from(["NORTH", "SOUTH"]),
            "currency": st.sampled_from(["GBP", "JPY"]),
            "total_from": AMOUNTS,
            "total_to": AMOUNTS,
        }.items()
        if draw(st.booleans()) and draw(st.booleans())
    }
    for name, turn in (("invoice_date", str), ("due_date", str), ("total", Decimal)):
        low, high = f"{name}_from", f"{name}_to"
        if low in given_ and high in given_ and turn(given_[high]) < turn(given_[low]):
            given_[low], given_[high] = given_[high], given_[low]
    return given_


def takes(invoice, sent, wanted):
    """Say in plain Python whether filters take an invoice."""
    facts = {
        "invoice_date": invoice.invoice_date.isoformat(),
        "due_date": invoice.due_date.isoformat(),
        "total": invoice.total,
        "status": invoice.status,
        "currency": invoice.currency,
        "dealer_code": invoice.customer.dealer_code,
        "already_sent": invoice.id in sent,
    }
    for name, value in wanted.items():
        if name.endswith("_from"):
            of = name[: -len("_from")]
            if facts[of] < (Decimal(value) if of == "total" else value):
                return False
        elif name.endswith("_to"):
            of = name[: -len("_to")]
            if facts[of] > (Decimal(value) if of == "total" else value):
                return False
        elif facts[name] != value:
            return False
    return True


@pytest.fixture
def invoices(app):
    making.dealers("NORTH", "SOUTH")
    for number, (dealer, currency) in enumerate([("NORTH", "GBP"), ("SOUTH", "JPY"), (None, "GBP")], start=1):
        customer_id = making.billed(f"AC{number}", email=f"a{number}@x.example", dealer_code=dealer)
        for offset, quantity in ((0, "1"), (2, "2"), (4, "4")):
            day = DAY + timedelta(days=offset)
            line = {**making.LINE, "quantity": quantity, "unit_price": "15", "tax_rate": "0"}
            dates = {"invoice_date": day.isoformat(), "due_date": (day + timedelta(days=1)).isoformat()}
            made = making.invoice(customer_id, lines=[line], currency=currency, **dates)
            if offset:
                making.send(made, untick=[] if offset == 2 else None)
    gone = making.billed("GONE", email="gone@x.example")
    making.invoice(gone)
    from app.customers.service import delete_customer

    making.run(delete_customer, customer_id=gone)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(filters(), st.sets(st.integers(1, 3)))
def test_a_run_takes_what_the_filters_say(invoices, wanted, customer_ids):
    session = db.session()
    session.rollback()
    sent = set(session.scalars(select(Message.document_id)))
    living = [one for one in session.scalars(select(Invoice)) if one.deleted_at is None]
    expected = {
        one.id for one in living if takes(one, sent, wanted) and (not customer_ids or one.customer_id in customer_ids)
    }
    found = queries.chosen_invoices(
        session, actor("finance"), filters=clean_filters(wanted), customer_ids=sorted(customer_ids), limit=1_000
    )
    assert {row.id for row in found} == expected
    assert len(found) == len(expected)
