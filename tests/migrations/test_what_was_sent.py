"""What the migration fills in: the particulars of invoices that are sent already, and the addresses of customers."""

from __future__ import annotations

import json

from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from app.extensions import db
from app.invoices.models import Invoice
from app.invoices.particulars import particulars_of
from tests.migrations.test_migrations import empty, rows  # noqa: F401  a fixture

DAY = "2026-01-01 00:00:00"
CUSTOMER = (
    "INSERT INTO customer (id, account_number, account_number_normalised, company_name, last_name, address_line_1,"
    " postcode, country, language, email, email_billing, email_bill_type, created_at, last_modified_at, version)"
    " VALUES (1, 'AC1', 'ac1', 'Acme', 'Jones', '1 Old Street', 'M1 1AA', NULL, 'de',"
    " 'Bills@Acme.example, ben@bücher.example, bills@acme.example', :yes, 'short', :day, :day, 1)"
)
INVOICE = (
    "INSERT INTO invoice (id, number, series, customer_id, invoice_date, due_date, currency, status, net, tax, total,"
    " purged_at, created_at, last_modified_at, version)"
    " VALUES (:id, :number, :id, 1, '2026-01-01', '2026-02-01', 'GBP', :status, 1, 0, 1, :purged,"
    " :day, :day, 1)"
)
STATES = (("draft", None), ("approved", None), ("sent", None), ("sent", "2026-01-02 00:00:00"))


def test_what_is_sent_already_keeps_what_the_records_say(empty):  # noqa: F811  the fixture
    upgrade(revision="0010")
    logo = b"\x89PNG and so on"
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE issuer SET name = 'Sender', postcode = 'M2', logo = :logo"), {"logo": logo})
        connection.execute(text(CUSTOMER), {"yes": True, "day": DAY})
        for number, (status, purged) in enumerate(STATES, start=1):
            given = {"id": number, "number": f"AC1/{number}", "status": status, "purged": purged, "day": DAY}
            connection.execute(text(INVOICE), given)
    upgrade()
    kept = {number: json.loads(one) if isinstance(one, str) else one for number, one in _kept()}
    assert {number for number, one in kept.items() if one is not None} == {3}
    assert kept[3]["customer_address"] == ["Jones", "1 Old Street", "M1 1AA"]
    assert kept[3]["issuer"]["address"] == ["M2"]
    found = particulars_of(db.session(), db.session.get_one(Invoice, 3))
    assert (found.customer_name, found.account_number, found.language, found.country) == ("Acme", "AC1", "de", "GB")
    assert (found.issuer.name, found.issuer.logo) == ("Sender", logo)
    # What the migration wrote is what sending would have kept.
    assert found == particulars_of(db.session(), db.session.get_one(Invoice, 1))
    addresses = rows("SELECT customer_id, address_normalised FROM customer_address ORDER BY 2")
    assert addresses == [(1, "ben@xn--bcher-kva.example"), (1, "bills@acme.example")]
    db.session.remove()
    downgrade(revision="0010")
    upgrade()
    assert len([one for _, one in _kept() if one is not None]) == 1


def _kept() -> list:
    return rows("SELECT id, sent_particulars FROM invoice ORDER BY id")
