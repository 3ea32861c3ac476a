"""Mail templates: a row for each kind of document and language, which holds what an administrator has changed.

Revision ID: 0016
Revises: 0015
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

KINDS = ("invoice", "correspondence", "ticket_update")
LANGUAGES = ("en", "de")


def upgrade() -> None:
    op.create_table(
        "mail_template",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("subject", sa.String(200), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deletion_id", sa.Integer(), sa.ForeignKey("audit_entry.id"), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "language"),
    )
    template = sa.table(
        "mail_template",
        sa.column("kind", sa.String),
        sa.column("language", sa.String),
        sa.column("created_at", sa.DateTime(timezone=True)),
        sa.column("last_modified_at", sa.DateTime(timezone=True)),
        sa.column("version", sa.Integer),
    )
    moment = datetime.now(UTC)
    if op.get_bind().dialect.name == "sqlite":
        moment = moment.replace(tzinfo=None)
    op.bulk_insert(
        template,
        [
            {"kind": kind, "language": language, "created_at": moment, "last_modified_at": moment, "version": 1}
            for kind in KINDS
            for language in LANGUAGES
        ],
    )


def downgrade() -> None:
    op.drop_table("mail_template")
