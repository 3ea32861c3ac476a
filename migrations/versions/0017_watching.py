"""Why messages failed, in words that many share; the pause of the outbox; counts by state off one index.

Revision ID: 0017
Revises: 0016
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ROWS = 1_000
LONGEST = 90

# As app/mailer/watching/causes.py has it.
CODES = re.compile(r"(?P<code>[245]\d\d)(?:[ -]+|$)(?:(?P<enhanced>[245]\.\d{1,3}\.\d{1,3})(?:\s+|$))?")
OWN = re.compile(r"<[^<>]*>|\"[^\"]*\"|'[^']*'|\S*@\S*|\S*\w\.\w\S*|\S*://\S*|\S*\d\S*|\([^()]*\)|\[[^\[\]]*\]")


def upgrade() -> None:
    op.add_column("message", sa.Column("failure_cause", sa.String(90), nullable=True))
    op.create_table(
        "outbox_pause",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("username", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("id = 1", name=op.f("ck_outbox_pause_only_one")),
    )
    _name_causes()
    living, failed = sa.text("deleted_at IS NULL"), sa.text("failure_cause IS NOT NULL AND deleted_at IS NULL")
    counted = ["state", "customer_id", "document_kind", "id"]
    op.create_index("ix_message_counted", "message", counted, sqlite_where=living, postgresql_where=living)
    causes = ["failure_cause", "customer_id", "document_kind", "id"]
    op.create_index("ix_message_failure_cause", "message", causes, sqlite_where=failed, postgresql_where=failed)
    # Whatever asked it asks the others as well: for a state, or for what is due.
    op.drop_index("ix_message_state_next_attempt_at", "message")


def downgrade() -> None:
    op.create_index("ix_message_state_next_attempt_at", "message", ["state", "next_attempt_at"])
    op.drop_index("ix_message_failure_cause", "message")
    op.drop_index("ix_message_counted", "message")
    op.drop_table("outbox_pause")
    op.drop_column("message", "failure_cause")


def _name_causes() -> None:
    """Say of each message that has failed why it did, by the last answer that it got."""
    connection = op.get_bind()
    message = sa.table(
        "message", sa.column("id"), sa.column("state"), sa.column("failure_cause"), sa.column("purged_at")
    )
    attempt = sa.table("message_attempt", sa.column("id"), sa.column("message_id"), sa.column("answer"))
    other = attempt.alias()
    last = sa.select(sa.func.max(other.c.id)).where(other.c.message_id == message.c.id)
    rows = sa.select(message.c.id, attempt.c.answer)
    rows = rows.where(attempt.c.message_id == message.c.id, attempt.c.id == last.correlate(message).scalar_subquery())
    rows = rows.where(message.c.state == "failed", message.c.purged_at.is_(None)).order_by(message.c.id).limit(ROWS)
    after = 0
    named = message.update().where(message.c.id == sa.bindparam("of")).values(failure_cause=sa.bindparam("cause"))
    while found := connection.execute(rows.where(message.c.id > after)).all():
        connection.execute(named, [{"of": row.id, "cause": _cause(row.answer)} for row in found])
        after = found[-1].id


def _cause(answer: str | None) -> str:
    text = " ".join((answer or "").split())
    codes = CODES.match(text)
    kept = [one for one in (codes["code"], codes["enhanced"]) if one] if codes else []
    words = " ".join(OWN.sub("…", text[codes.end() :] if codes else text).split())
    said = " ".join([*kept, re.sub(r"…(?:[\s,;:.]*…)+", "…", words)])
    if len(said) > LONGEST:
        said = said[: LONGEST - 1].rstrip() + "…"
    return said.strip() or "no answer"
