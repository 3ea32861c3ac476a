"""Bulk letters: one text for many customers.

Revision ID: 0032
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "bulk_letter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.Column("account_numbers", sa.JSON(), nullable=False),
        sa.Column("dealer_code", sa.String(40), nullable=True),
        sa.Column("correspondence_type_id", sa.Integer(), nullable=False),
        sa.Column("correspondence_class", sa.String(20), nullable=False),
        sa.Column("subject", sa.String(160), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("send", sa.Boolean(), nullable=False),
        sa.Column("link_invoices", sa.Boolean(), nullable=False),
        sa.Column("letter_count", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(128), nullable=False),
        sa.Column("planned_at", moment, nullable=False),
        sa.Column("started_by_id", sa.Integer(), nullable=True),
        sa.Column("started_by", sa.String(128), nullable=True),
        sa.Column("started_at", moment, nullable=True),
        sa.Column("finished_at", moment, nullable=True),
        sa.Column("pause_reason", sa.String(20), nullable=True),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("last_modified_at", moment, nullable=False),
        sa.Column("deleted_at", moment, nullable=True),
        sa.Column("last_deleted_at", moment, nullable=True),
        sa.Column("purged_at", moment, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deletion_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["correspondence_type_id"],
            ["correspondence_type.id"],
            name=op.f("fk_bulk_letter_correspondence_type_id_correspondence_type"),
        ),
        sa.ForeignKeyConstraint(["deletion_id"], ["audit_entry.id"], name=op.f("fk_bulk_letter_deletion_id_audit_entry")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_letter")),
    )
    living, deleted = sa.text("deleted_at IS NULL"), sa.text("deleted_at IS NOT NULL")
    for name in ("created_at", "status", "subject"):
        op.create_index(
            f"ix_bulk_letter_list_{name}", "bulk_letter", [name, "id"], sqlite_where=living, postgresql_where=living
        )
    op.create_index("ix_bulk_letter_trash", "bulk_letter", ["deleted_at"], sqlite_where=deleted, postgresql_where=deleted)
    op.create_index("ix_bulk_letter_correspondence_type_id", "bulk_letter", ["correspondence_type_id"])
    op.create_table(
        "bulk_letter_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=True),
        sa.Column("invoice_ids", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(20), nullable=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("reaches_nobody", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["bulk_letter.id"], name=op.f("fk_bulk_letter_row_run_id_bulk_letter"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_bulk_letter_row_customer_id_customer")),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["correspondence.id"], name=op.f("fk_bulk_letter_row_letter_id_correspondence")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_letter_row")),
        sa.UniqueConstraint("run_id", "customer_id", name=op.f("uq_bulk_letter_row_run_id_customer_id")),
    )
    op.create_index("ix_bulk_letter_row_customer_id", "bulk_letter_row", ["customer_id"])
    op.create_index("ix_bulk_letter_row_letter_id", "bulk_letter_row", ["letter_id"])
    op.create_index("ix_bulk_letter_row_turn", "bulk_letter_row", ["run_id", "state", "id"])
    op.create_table(
        "bulk_letter_outcome",
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(30), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["row_id"],
            ["bulk_letter_row.id"],
            name=op.f("fk_bulk_letter_outcome_row_id_bulk_letter_row"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("row_id", "outcome", name=op.f("pk_bulk_letter_outcome")),
    )


def downgrade() -> None:
    op.drop_table("bulk_letter_outcome")
    op.drop_table("bulk_letter_row")
    op.drop_table("bulk_letter")
