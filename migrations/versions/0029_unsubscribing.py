"""Unsubscribing: customers are found by an address.

Revision ID: 0029
Revises: 0028
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_customer_address_address_normalised", "customer_address", ["address_normalised"])


def downgrade() -> None:
    op.drop_index("ix_customer_address_address_normalised", "customer_address")
