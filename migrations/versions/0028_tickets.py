"""Tickets and their updates.

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def _list_index(name: str) -> None:
    living = sa.text("deleted_at IS NULL")
    op.create_index(
        f"ix_ticket_list_{name}", "ticket", [name, "id"], sqlite_where=living, postgresql_where=living
    )


def upgrade() -> None:
    op.create_table(
        "ticket",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(60), nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("ticket_type_id", sa.Integer(), nullable=False),
        sa.Column("ticket_status_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("requester_email", sa.String(320), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deletion_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_ticket_customer_id_customer")),
        sa.ForeignKeyConstraint(
            ["ticket_type_id"], ["ticket_type.id"], name=op.f("fk_ticket_ticket_type_id_ticket_type")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_status_id"], ["ticket_status.id"], name=op.f("fk_ticket_ticket_status_id_ticket_status")
        ),
        sa.ForeignKeyConstraint(["deletion_id"], ["audit_entry.id"], name=op.f("fk_ticket_deletion_id_audit_entry")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
        sa.UniqueConstraint("number", name=op.f("uq_ticket_number")),
        sa.UniqueConstraint("customer_id", "series"),
    )
    op.create_index("ix_ticket_ticket_status_id", "ticket", ["ticket_status_id", "last_modified_at"])
    op.create_index("ix_ticket_ticket_type_id", "ticket", ["ticket_type_id"])
    deleted = sa.text("deleted_at IS NOT NULL")
    op.create_index("ix_ticket_trash", "ticket", ["deleted_at"], sqlite_where=deleted, postgresql_where=deleted)
    for name in ("number", "created_at", "last_modified_at"):
        _list_index(name)
    op.create_table(
        "ticket_update",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("author_name", sa.String(200), nullable=False),
        sa.Column("author_address", sa.String(320), nullable=True),
        sa.Column("door", sa.String(10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_update_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_update")),
        sa.UniqueConstraint("ticket_id", "position"),
    )
    op.create_index("ix_ticket_update_user_id", "ticket_update", ["user_id", "ticket_id"])


def downgrade() -> None:
    op.drop_table("ticket_update")
    op.drop_table("ticket")
