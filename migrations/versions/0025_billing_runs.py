"""Billing runs: invoices that are planned and sent together.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "billing_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.Column("account_numbers", sa.JSON(), nullable=False),
        sa.Column("dealer_code", sa.String(40), nullable=True),
        sa.Column("invoice_count", sa.Integer(), nullable=False),
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
        sa.ForeignKeyConstraint(["deletion_id"], ["audit_entry.id"], name=op.f("fk_billing_run_deletion_id_audit_entry")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_run")),
    )
    living, deleted = sa.text("deleted_at IS NULL"), sa.text("deleted_at IS NOT NULL")
    for name in ("created_at", "status"):
        op.create_index(
            f"ix_billing_run_list_{name}", "billing_run", [name, "id"], sqlite_where=living, postgresql_where=living
        )
    op.create_index(
        "ix_billing_run_trash", "billing_run", ["deleted_at"], sqlite_where=deleted, postgresql_where=deleted
    )
    op.create_table(
        "billing_run_invoice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(20), nullable=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("seen_version", sa.Integer(), nullable=False),
        sa.Column("seen_until", sa.Integer(), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("reaches_nobody", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["billing_run.id"],
            name=op.f("fk_billing_run_invoice_run_id_billing_run"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoice.id"], name=op.f("fk_billing_run_invoice_invoice_id_invoice")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_run_invoice")),
        sa.UniqueConstraint("run_id", "invoice_id", name=op.f("uq_billing_run_invoice_run_id_invoice_id")),
    )
    op.create_index("ix_billing_run_invoice_invoice_id", "billing_run_invoice", ["invoice_id"])
    op.create_index("ix_billing_run_invoice_turn", "billing_run_invoice", ["run_id", "state", "id"])
    op.create_table(
        "billing_run_outcome",
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(30), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["row_id"],
            ["billing_run_invoice.id"],
            name=op.f("fk_billing_run_outcome_row_id_billing_run_invoice"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("row_id", "outcome", name=op.f("pk_billing_run_outcome")),
    )


def downgrade() -> None:
    op.drop_table("billing_run_outcome")
    op.drop_table("billing_run_invoice")
    op.drop_table("billing_run")
