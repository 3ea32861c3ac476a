"""Which contacts a message is for, why others got none, what became of lost reasons, and tries that count anew.

Revision ID: 0003
Revises: 0002
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROWS = 1000


def upgrade() -> None:
    op.create_table(
        "message_contact",
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_message_contact_contact_id_contact")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_message_contact_message_id_message")),
        sa.PrimaryKeyConstraint("contact_id", "message_id", name=op.f("pk_message_contact")),
    )
    op.create_index(op.f("ix_message_contact_message_id"), "message_contact", ["message_id"])
    op.create_table(
        "skipped_road",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("document_kind", sa.String(length=20), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("document_number", sa.String(length=60), nullable=False),
        sa.Column("road", sa.String(length=20), nullable=False),
        sa.Column("link", sa.String(length=10), nullable=True),
        sa.Column("address", sa.String(length=320), nullable=True),
        sa.Column("name", sa.String(length=250), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_skipped_road_contact_id_contact")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_skipped_road_customer_id_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skipped_road")),
    )
    op.create_index(
        "ix_skipped_road_document_kind_document_id", "skipped_road", ["document_kind", "document_id"]
    )
    op.create_index("ix_skipped_road_customer_id", "skipped_road", ["customer_id"])
    op.create_index("ix_skipped_road_contact_id", "skipped_road", ["contact_id"])
    op.add_column("message", sa.Column("lost_reasons", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("message", sa.Column("tries_from", sa.DateTime(timezone=True), nullable=True))
    _fill_contacts()


def downgrade() -> None:
    op.drop_column("message", "tries_from")
    op.drop_column("message", "lost_reasons")
    op.drop_table("skipped_road")
    op.drop_table("message_contact")


def _fill_contacts() -> None:
    """Read the contacts out of the reasons of the messages that there are."""
    connection = op.get_bind()
    message = sa.table("message", sa.column("id", sa.Integer), sa.column("reasons", sa.JSON))
    contact = sa.table("contact", sa.column("id", sa.Integer))
    filled = sa.table("message_contact", sa.column("contact_id", sa.Integer), sa.column("message_id", sa.Integer))
    last = 0
    while rows := connection.execute(
        sa.select(message.c.id, message.c.reasons).where(message.c.id > last).order_by(message.c.id).limit(ROWS)
    ).all():
        named = {
            (reason["contact_id"], number)
            for number, kept in rows
            for reason in (json.loads(kept) if isinstance(kept, str) else kept)
            if reason.get("contact_id")
        }
        ids = {one for one, _ in named}
        known = set(connection.scalars(sa.select(contact.c.id).where(contact.c.id.in_(ids)))) if ids else set()
        values = [{"contact_id": one, "message_id": number} for one, number in sorted(named) if one in known]
        if values:
            op.bulk_insert(filled, values)
        last = rows[-1][0]
