"""Imports of invoices and usage records: what was handed over, what is staged, and what is wrong with a file.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_import()
    op.create_table(
        "imported_invoice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(80), nullable=True),
        sa.Column("invoice_id", sa.Integer(), nullable=True),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("staged", sa.JSON(none_as_null=True), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_imported_invoice_{column}_{table}")
            )
            for column, table in (
                ("import_id", "invoice_import"),
                ("customer_id", "customer"),
                ("invoice_id", "invoice"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_invoice")),
    )
    op.create_index(
        "ix_imported_invoice_import_id_invoice_id", "imported_invoice", ["import_id", "invoice_id"], unique=True
    )
    op.create_index("ix_imported_invoice_customer_id_key", "imported_invoice", ["customer_id", "key"])
    op.create_index("ix_imported_invoice_invoice_id", "imported_invoice", ["invoice_id"])
    op.create_table(
        "import_fault",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("column", sa.String(80), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["invoice_import.id"], name=op.f("fk_import_fault_import_id_invoice_import")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_fault")),
    )
    op.create_index("ix_import_fault_import_id_line", "import_fault", ["import_id", "line", "id"])
    with op.batch_alter_table("usage_record") as batch:
        batch.add_column(sa.Column("import_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_usage_record_import_id_invoice_import"), "invoice_import", ["import_id"], ["id"]
        )


def _create_import() -> None:
    op.create_table(
        "invoice_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("filename", sa.String(200), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("door", sa.String(16), nullable=False),
        sa.Column("username", sa.String(128), nullable=False),
        sa.Column("dealer_code", sa.String(40), nullable=True),
        sa.Column("approve", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared", sa.Boolean(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("invoices", sa.Integer(), nullable=False),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("sums", sa.JSON(), nullable=False),
        sa.Column("first_usage_id", sa.Integer(), nullable=True),
        sa.Column("last_usage_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_import")),
    )
    op.create_index("ix_invoice_import_sha256", "invoice_import", ["sha256"])
    op.create_index("ix_invoice_import_cleared", "invoice_import", ["cleared", "id"])


def downgrade() -> None:
    # What is not published was never there.
    op.execute(
        "DELETE FROM usage_record WHERE import_id IN (SELECT id FROM invoice_import WHERE published_at IS NULL)"
    )
    with op.batch_alter_table("usage_record") as batch:
        batch.drop_constraint(op.f("fk_usage_record_import_id_invoice_import"), type_="foreignkey")
        batch.drop_column("import_id")
    op.drop_table("import_fault")
    op.drop_table("imported_invoice")
    op.drop_table("invoice_import")
