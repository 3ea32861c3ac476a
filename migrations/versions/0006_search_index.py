"""The search index, filled from what is there; addresses and document numbers are found by their beginnings.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

from app.core.addresses import normalise, split_addresses
from app.core.search_index import write_terms
from app.core.search_words import TERM_LENGTH, address_words, kept, number_terms, phone_terms, words_of

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ROWS = 1000
NUMBERS = tuple(f"number_{number}" for number in range(1, 5))
LINES = tuple(f"address_line_{line}" for line in range(1, 6))
PARTY = ("first_name", "last_name", "company_name", "email", "postcode", *NUMBERS, *LINES)
COLUMNS = {
    "customer": ("account_number", "crm_reference", *PARTY),
    "contact": PARTY,
    "invoice": ("number", "purchase_order_number"),
}


def upgrade() -> None:
    op.create_table(
        "search_term",
        sa.Column("resource", sa.String(length=20), nullable=False),
        sa.Column("record_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("term", sa.String(length=TERM_LENGTH), nullable=False),
        sa.PrimaryKeyConstraint("resource", "record_id", "term", name=op.f("pk_search_term")),
        sqlite_with_rowid=False,
    )
    op.drop_index("ix_message_address_normalised", table_name="message")
    for column in ("address_normalised", "document_number"):
        ops = {column: "varchar_pattern_ops"}
        op.create_index(f"ix_message_{column}", "message", [column], postgresql_ops=ops)
    for resource, columns in COLUMNS.items():
        _fill(resource, columns)
    # After the words are there: an index is made faster than it is kept up.
    op.create_index(
        "ix_search_term_resource_term_record_id",
        "search_term",
        ["resource", "term", "record_id"],
        postgresql_ops={"term": "varchar_pattern_ops"},
    )


def downgrade() -> None:
    op.drop_index("ix_message_document_number", table_name="message")
    op.drop_index("ix_message_address_normalised", table_name="message")
    op.create_index("ix_message_address_normalised", "message", ["address_normalised"])
    op.drop_index("ix_search_term_resource_term_record_id", table_name="search_term")
    op.drop_table("search_term")


def _fill(resource: str, columns: tuple[str, ...]) -> None:
    """Write the words of the living records; `flask reindex` does the same at any later time."""
    connection = op.get_bind()
    table = sa.table(resource, sa.column("id"), sa.column("deleted_at"), *(sa.column(name) for name in columns))
    wanted = [table.c.id, *(table.c[name] for name in columns)]
    last = 0
    while True:
        statement = sa.select(*wanted).where(table.c.id > last, table.c.deleted_at.is_(None))
        rows = connection.execute(statement.order_by(table.c.id).limit(ROWS)).all()
        if not rows:
            return
        write_terms(connection, resource, [(row.id, one) for row in rows for one in kept(_terms(resource, row))])
        last = rows[-1].id


def _terms(resource: str, row: sa.Row) -> list[str]:
    if resource == "invoice":
        return [*number_terms(row.number), *words_of(row.purchase_order_number)]
    found = [*number_terms(row.account_number), *number_terms(row.crm_reference)] if resource == "customer" else []
    for name in ("last_name", "first_name", "company_name"):
        found += words_of(getattr(row, name))
    for address in split_addresses(row.email or ""):
        found += [*address_words(address), *address_words(normalise(address))]
    found += phone_terms(getattr(row, name) for name in NUMBERS)
    for name in ("postcode", *LINES):
        found += words_of(getattr(row, name))
    return [*found, *words_of("".join((row.postcode or "").split()))]
