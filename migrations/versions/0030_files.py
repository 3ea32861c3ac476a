"""Files of ticket updates, those that one sending adds, and the texts that letters of a type begin with.

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def _files(table: str, owner: str) -> None:
    """Make a table of files that hang on a row of another."""
    column = f"{owner}_id"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("filename", sa.String(120), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column(column, sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            [column], [f"{owner}.id"], name=op.f(f"fk_{table}_{column}_{owner}"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["digest"], ["content.digest"], name=op.f(f"fk_{table}_digest_content")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(column, "position"),
    )
    op.create_index(op.f(f"ix_{table}_digest"), table, ["digest"])


def upgrade() -> None:
    _files("ticket_update_file", "ticket_update")
    _files("message_file", "message")
    op.add_column("correspondence_type", sa.Column("template_subject", sa.String(160), nullable=True))
    op.add_column("correspondence_type", sa.Column("template_body", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("correspondence_type", "template_body")
    op.drop_column("correspondence_type", "template_subject")
    op.drop_table("message_file")
    op.drop_table("ticket_update_file")
