"""What the migration fills in: the domain of each message that is there already."""

from __future__ import annotations

from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from app.extensions import db
from tests.migrations.test_migrations import empty, rows  # noqa: F401  a fixture
from tests.migrations.test_what_was_sent import CUSTOMER, DAY

MESSAGE = (
    "INSERT INTO message (id, address, address_normalised, recipient_name, language, customer_id, document_kind,"
    " document_id, document_number, document_version, revision, usage_reports, reasons, state, message_id,"
    " created_at, last_modified_at, version)"
    " VALUES (:id, :address, :address, '', 'en', 1, 'invoice', 1, 'AC1/1', 1, 0, '[]', '[]', 'queued', :address,"
    " :day, :day, 1)"
)
ADDRESSES = {1: "ben@xn--bcher-kva.example", 2: "purged:2", 3: "bills@acme.example"}


def test_each_message_gets_the_domain_of_its_address(empty):  # noqa: F811  the fixture
    upgrade(revision="0013")
    with db.engine.begin() as connection:
        connection.execute(text(CUSTOMER), {"yes": True, "day": DAY})
        for number, address in ADDRESSES.items():
            connection.execute(text(MESSAGE), {"id": number, "address": address, "day": DAY})
    upgrade(revision="0014")
    found = dict(rows("SELECT id, address_domain FROM message"))
    assert found == {1: "xn--bcher-kva.example", 2: "", 3: "acme.example"}
    downgrade(revision="0013")
    assert dict(rows("SELECT id, address FROM message")) == ADDRESSES
