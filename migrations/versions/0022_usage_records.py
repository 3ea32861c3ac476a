"""Usage records: what itemises an invoice's lines.

Revision ID: 0022
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "usage_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reference", sa.String(80), nullable=False),
        sa.Column("origin", sa.String(80), nullable=False),
        sa.Column("destination", sa.String(80), nullable=False),
        sa.Column("duration", sa.Integer(), nullable=True),
        sa.Column("volume", sa.Numeric(14, 3), nullable=True),
        sa.Column("cost", sa.Numeric(18, 6), nullable=False),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoice.id"], name=op.f("fk_usage_record_invoice_id_invoice"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_record")),
    )
    op.create_index("ix_usage_record_itemised", "usage_record", ["invoice_id", "reference", "start", "id"])


def downgrade() -> None:
    op.drop_index("ix_usage_record_itemised", "usage_record")
    op.drop_table("usage_record")
