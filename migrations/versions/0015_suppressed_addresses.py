"""Why an address is suppressed, one living suppression for each, and the ticket that a message's update belongs to.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("suppression") as batch:
        batch.add_column(sa.Column("kind", sa.String(20), nullable=False, server_default="by_hand"))
        batch.add_column(sa.Column("message_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("diagnostic", sa.Text(), nullable=True))
        batch.create_foreign_key(op.f("fk_suppression_message_id_message"), "message", ["message_id"], ["id"])
    op.create_index("ix_suppression_message_id", "suppression", ["message_id"])
    _leave_one_for_each_address()
    living, deleted = sa.text("deleted_at IS NULL"), sa.text("deleted_at IS NOT NULL")
    op.create_index(
        "uq_suppression_living_address",
        "suppression",
        ["address_normalised"],
        unique=True,
        sqlite_where=living,
        postgresql_where=living,
    )
    for name in ("address_normalised", "created_at"):
        op.create_index(
            f"ix_suppression_list_{name}", "suppression", [name, "id"], sqlite_where=living, postgresql_where=living
        )
    op.create_index(
        "ix_suppression_trash", "suppression", ["deleted_at"], sqlite_where=deleted, postgresql_where=deleted
    )
    op.add_column("message", sa.Column("thread_id", sa.Integer(), nullable=True))
    threaded = sa.text("thread_id IS NOT NULL")
    op.create_index(
        "ix_message_thread",
        "message",
        ["thread_id", "address_normalised", "created_at"],
        sqlite_where=threaded,
        postgresql_where=threaded,
    )


def downgrade() -> None:
    op.drop_index("ix_message_thread", "message")
    op.drop_column("message", "thread_id")
    for name in ("trash", "list_created_at", "list_address_normalised", "message_id"):
        op.drop_index(f"ix_suppression_{name}", "suppression")
    op.drop_index("uq_suppression_living_address", "suppression")
    with op.batch_alter_table("suppression") as batch:
        batch.drop_constraint(op.f("fk_suppression_message_id_message"), type_="foreignkey")
        batch.drop_column("diagnostic")
        batch.drop_column("message_id")
        batch.drop_column("kind")


def _leave_one_for_each_address() -> None:
    """Lift all but the oldest of several living suppressions of one address: they said the same."""
    names = ("id", "address_normalised", "deleted_at", "last_deleted_at", "last_modified_at")
    row = sa.table("suppression", *(sa.column(name) for name in names))
    older = row.alias("older")
    same = older.c.address_normalised == row.c.address_normalised
    also = sa.select(older.c.id).where(same, older.c.deleted_at.is_(None), older.c.id < row.c.id).exists()
    doubles = op.get_bind().scalars(sa.select(row.c.id).where(row.c.deleted_at.is_(None), also)).all()
    lifted = {"deleted_at": row.c.last_modified_at, "last_deleted_at": row.c.last_modified_at}
    op.execute(row.update().where(row.c.id.in_(doubles)).values(**lifted))
