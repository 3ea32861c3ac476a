"""Credit notes: what an invoice credits, and why; and the templates of their mails.

Revision ID: 0023
Revises: 0022
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

LANGUAGES = ("en", "de")


def upgrade() -> None:
    # Not by making the table anew: SQLite would delete the lines of each invoice along with the old one.
    op.execute("ALTER TABLE invoice ADD COLUMN credits_id INTEGER REFERENCES invoice (id)")
    op.add_column("invoice", sa.Column("credit_reason", sa.String(500), nullable=True))
    credit = sa.text("credits_id IS NOT NULL")
    op.create_index("ix_invoice_credits_id", "invoice", ["credits_id"], sqlite_where=credit, postgresql_where=credit)
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
            {"kind": "credit_note", "language": language, "created_at": moment, "last_modified_at": moment, "version": 1}
            for language in LANGUAGES
        ],
    )


def downgrade() -> None:
    op.execute("DELETE FROM mail_template WHERE kind = 'credit_note'")
    op.drop_index("ix_invoice_credits_id", "invoice")
    op.drop_column("invoice", "credit_reason")
    op.drop_column("invoice", "credits_id")
