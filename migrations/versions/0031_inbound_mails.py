"""Mails that came in, and where an answer by mail was sent from.

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_MOMENTS = ("created_at", "last_modified_at")
_LATER = ("deleted_at", "last_deleted_at", "purged_at", "sent_at")
_POINTS = {
    "answered_id": ("message", "id"),
    "ticket_id": ("ticket", "id"),
    "ticket_update_id": ("ticket_update", "id"),
    "deletion_id": ("audit_entry", "id"),
    "content_digest": ("content", "digest"),
}


def _partial(name: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, "inbound_mail", columns, sqlite_where=where, postgresql_where=where)


def upgrade() -> None:
    # On SQLite this adds a column and makes no table anew, as long as nothing is said but its type.
    op.add_column("ticket_update", sa.Column("sent_from", sa.String(320), nullable=True))
    op.create_table(
        "inbound_mail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identity", sa.String(64), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(20), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("message_id", sa.String(250), nullable=False),
        sa.Column("from_name", sa.String(200), nullable=False),
        sa.Column("from_address", sa.String(320), nullable=False),
        sa.Column("from_normalised", sa.String(320), nullable=False),
        sa.Column("to_address", sa.String(320), nullable=False),
        sa.Column("subject", sa.String(300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("is_cut", sa.Boolean(), nullable=False),
        sa.Column("not_taken", sa.JSON(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in _MOMENTS),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=True) for name in _LATER),
        sa.Column("version", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.String(64) if key == "digest" else sa.Integer(), nullable=True)
            for name, (_, key) in _POINTS.items()
        ),
        *(
            sa.ForeignKeyConstraint([name], [f"{table}.{key}"], name=op.f(f"fk_inbound_mail_{name}_{table}"))
            for name, (table, key) in _POINTS.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_mail")),
        sa.UniqueConstraint("identity", name=op.f("uq_inbound_mail_identity")),
    )
    op.create_index("ix_inbound_mail_state", "inbound_mail", ["state", "id"])
    for name in ("ticket_id", "ticket_update_id", "from_normalised"):
        op.create_index(f"ix_inbound_mail_{name}", "inbound_mail", [name])
    _partial("ix_inbound_mail_message_id", ["message_id"], "message_id <> ''")
    for name in ("created_at", "from_normalised"):
        _partial(f"ix_inbound_mail_list_{name}", [name, "id"], "deleted_at IS NULL")
    _partial("ix_inbound_mail_trash", ["deleted_at"], "deleted_at IS NOT NULL")


def downgrade() -> None:
    op.drop_table("inbound_mail")
    op.drop_column("ticket_update", "sent_from")
