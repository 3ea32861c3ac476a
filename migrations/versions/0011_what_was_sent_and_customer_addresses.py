"""A sent invoice keeps customer and issuer as they were; a customer's addresses stand apart, as they are compared.

Revision ID: 0011
Revises: 0010
"""

import hashlib

import sqlalchemy as sa
from alembic import op
from flask import current_app

from app.core.addresses import normalise, split_addresses

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ROWS = 1000
LINES = tuple(f"address_line_{line}" for line in range(1, 6))
NAMES = ("company_name", "first_name", "last_name")
CUSTOMER = ("account_number", "email", *NAMES, *LINES, "postcode", "country", "language")
BANK = ("bank_name", "bank_sort_code", "bank_account_number", "bank_iban", "bank_bic")
ISSUER = ("name", "vat_number", "email", "website", *BANK, "footer")


def upgrade() -> None:
    op.create_table(
        "customer_address",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("address_normalised", sa.String(length=320), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.id"],
            name=op.f("fk_customer_address_customer_id_customer"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("customer_id", "address_normalised", name=op.f("pk_customer_address")),
    )
    op.add_column("invoice", sa.Column("sent_particulars", sa.JSON(none_as_null=True), nullable=True))
    _fill_addresses()
    _fill_invoices()


def downgrade() -> None:
    op.drop_column("invoice", "sent_particulars")
    op.drop_table("customer_address")


def _table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, sa.column("id", sa.Integer), *(sa.column(one) for one in columns))


def _fill_addresses() -> None:
    connection = op.get_bind()
    customer = _table("customer", "email")
    filled = sa.table("customer_address", sa.column("customer_id"), sa.column("address_normalised"))
    last = 0
    while rows := connection.execute(
        sa.select(customer.c.id, customer.c.email).where(customer.c.id > last).order_by(customer.c.id).limit(ROWS)
    ).all():
        pairs = dict.fromkeys((row.id, normalise(one)) for row in rows for one in split_addresses(row.email or ""))
        if pairs:
            op.bulk_insert(filled, [{"customer_id": one, "address_normalised": key} for one, key in pairs])
        last = rows[-1].id


def _fill_invoices() -> None:
    """Keep today's names and addresses with what is sent already: nobody knows those of the day that it was sent."""
    connection = op.get_bind()
    issuer = _issuer()
    customer = _table("customer", *CUSTOMER)
    invoice = sa.table(
        "invoice",
        sa.column("id", sa.Integer),
        sa.column("customer_id"),
        sa.column("status"),
        sa.column("purged_at"),
        sa.column("sent_particulars", sa.JSON(none_as_null=True)),
    )
    wanted = sa.select(invoice.c.id.label("invoice_id"), *(customer.c[name] for name in CUSTOMER))
    wanted = wanted.join_from(invoice, customer, customer.c.id == invoice.c.customer_id)
    wanted = wanted.where(invoice.c.status == "sent", invoice.c.purged_at.is_(None)).order_by(invoice.c.id).limit(ROWS)
    statement = (
        invoice.update()
        .where(invoice.c.id == sa.bindparam("of"))
        .values(sent_particulars=sa.bindparam("kept", type_=sa.JSON(none_as_null=True)))
    )
    last = 0
    while rows := connection.execute(wanted.where(invoice.c.id > last)).all():
        connection.execute(statement, [{"of": row.invoice_id, "kept": _kept(row, issuer)} for row in rows])
        last = rows[-1].invoice_id


def _kept(row: sa.Row, issuer: dict) -> dict:
    settings = current_app.config["SETTINGS"]
    person = " ".join(part for part in (row.first_name, row.last_name) if part)
    name = row.company_name or person
    lines = (person if person != name else "", *(getattr(row, line) for line in LINES), row.postcode)
    return {
        "customer_name": name,
        "customer_address": [line for line in lines if line],
        "account_number": row.account_number,
        "language": row.language or settings.language,
        "country": row.country or settings.country,
        "issuer": issuer,
    }


def _issuer() -> dict:
    connection = op.get_bind()
    table = _table("issuer", *ISSUER, *LINES, "postcode", "logo")
    row = connection.execute(sa.select(table).order_by(table.c.id).limit(1)).one()
    lines = (getattr(row, name) for name in (*LINES, "postcode"))
    kept = {name: getattr(row, name) or "" for name in ISSUER}
    return kept | {"address": [line for line in lines if line], "logo": _logo(row.logo)}


def _logo(data: bytes | None) -> str | None:
    """Keep the logo among the contents, once; return its hash."""
    if not data:
        return None
    connection = op.get_bind()
    content = sa.table("content", *(sa.column(name) for name in ("digest", "content_type", "size", "data")))
    digest = hashlib.sha256(data).hexdigest()
    if connection.scalar(sa.select(content.c.digest).where(content.c.digest == digest)) is None:
        kind = "image/png" if bytes(data).startswith(b"\x89PNG") else "image/jpeg"
        values = {"digest": digest, "content_type": kind, "size": len(data), "data": bytes(data)}
        connection.execute(content.insert().values(**values))
    return digest
