"""A purged record keeps its row: `purged_at` says since when it holds no personal data; the trash has indexes.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

RECORDS = (
    "contact",
    "contact_type",
    "correspondence_type",
    "customer",
    "customer_status",
    "dealer",
    "invoice",
    "issuer",
    "message",
    "number_type",
    "suppression",
    "ticket_status",
    "ticket_type",
    "title",
    "topic",
    "usage_report_profile",
)
IN_THE_TRASH = ("customer", "contact", "invoice")


def upgrade() -> None:
    for table in RECORDS:
        op.add_column(table, sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True))
    for table in IN_THE_TRASH:
        deleted = sa.text("deleted_at IS NOT NULL")
        op.create_index(
            f"ix_{table}_trash", table, ["deleted_at"], sqlite_where=deleted, postgresql_where=deleted
        )


def downgrade() -> None:
    for table in IN_THE_TRASH:
        op.drop_index(f"ix_{table}_trash", table_name=table)
    for table in RECORDS:
        op.drop_column(table, "purged_at")
