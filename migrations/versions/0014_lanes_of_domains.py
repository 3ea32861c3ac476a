"""The domain that each message goes to, and lanes that are probed by one message at a time.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# What stands behind the @ of a normalised address; a purged one has none.
DOMAIN = {
    "sqlite": "substr(address_normalised, instr(address_normalised, '@') + 1)",
    "postgresql": "substring(address_normalised from '[^@]*$')",
}


def upgrade() -> None:
    op.add_column("message", sa.Column("address_domain", sa.String(255), nullable=False, server_default=""))
    domain = DOMAIN[op.get_bind().dialect.name]
    op.execute(f"UPDATE message SET address_domain = {domain} WHERE address_normalised LIKE '%@%'")
    due = sa.text("state IN ('queued', 'waiting')")
    op.create_index(
        "ix_message_due_by_domain",
        "message",
        ["address_domain", "next_attempt_at", "id"],
        sqlite_where=due,
        postgresql_where=due,
    )
    _make_lanes(
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("probed_by", sa.String(80), nullable=True),
        sa.Column("probe_until", sa.DateTime(timezone=True), nullable=True),
    )


def downgrade() -> None:
    _make_lanes()
    op.drop_index("ix_message_due_by_domain", "message")
    op.drop_column("message", "address_domain")


def _make_lanes(*more: sa.Column) -> None:
    """Make the table anew: what waited is tried at once, and notes by itself that it has to wait."""
    op.drop_table("lane")
    op.create_table(
        "lane",
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("waits_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        *more,
        sa.PrimaryKeyConstraint("name"),
    )
