"""Lists have an index for each order that they offer; people keep columns and views of lists.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NAMES = ("lower(last_name)", "coalesce(lower(first_name), '')")
ORDERS = {
    "contact": {
        "last_name": NAMES,
        "company_name": ("lower(company_name)",),
        "email": ("email_normalised",),
        "created_at": ("created_at",),
        "last_modified_at": ("last_modified_at",),
    },
    "customer": {
        "account_number": ("account_number",),
        "last_name": NAMES,
        "company_name": ("lower(company_name)",),
        "created_at": ("created_at",),
        "last_modified_at": ("last_modified_at",),
    },
    "invoice": {name: (name,) for name in ("number", "invoice_date", "due_date", "status", "total")},
    "message": {name: (name,) for name in ("address", "document_number", "created_at", "sent_at")},
}


def upgrade() -> None:
    living = sa.text("deleted_at IS NULL")
    for table, orders in ORDERS.items():
        for name, expressions in orders.items():
            columns = [sa.text(one) if "(" in one else one for one in (*expressions, "id")]
            op.create_index(f"ix_{table}_list_{name}", table, columns, sqlite_where=living, postgresql_where=living)
    op.create_table(
        "list_columns",
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("ab_user.id", ondelete="CASCADE"), nullable=False),
        sa.Column("resource", sa.String(40), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "resource"),
    )
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("ab_user.id", ondelete="CASCADE"), nullable=False),
        sa.Column("resource", sa.String(40), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("user_id", "resource", "name"),
    )


def downgrade() -> None:
    op.drop_table("saved_view")
    op.drop_table("list_columns")
    for table, orders in ORDERS.items():
        for name in orders:
            op.drop_index(f"ix_{table}_list_{name}", table_name=table)
