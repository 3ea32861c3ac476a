"""Mails in parts, attempts that are settled in batches, and lanes that wait.

Revision ID: 0013
Revises: 0012
"""

import base64

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# Which state of a message may follow which, as app/mailer/message_states.py has it.
FOLLOWERS = {
    "held": ("queued", "cancelled"),
    "queued": ("sending", "held", "cancelled"),
    "sending": ("sent", "waiting", "failed", "uncertain", "held", "queued"),
    "waiting": ("sending", "queued", "held", "failed", "cancelled"),
    "uncertain": ("queued", "sent", "bounced", "held", "cancelled"),
    "sent": ("bounced",),
    "failed": ("queued",),
    "cancelled": ("queued", "held"),
}


def upgrade() -> None:
    op.create_table(
        "content_part",
        sa.Column("digest", sa.String(64), sa.ForeignKey("content.digest", ondelete="CASCADE"), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("part_digest", sa.String(64), sa.ForeignKey("content.digest"), nullable=False),
        sa.PrimaryKeyConstraint("digest", "place"),
    )
    op.create_index("ix_content_part_part_digest", "content_part", ["part_digest"])
    op.create_table(
        "lane",
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("waits_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.add_column("message_attempt", sa.Column("settled", sa.Boolean(), nullable=False, server_default=sa.true()))
    attempt = sa.table("message_attempt", sa.column("settled"), sa.column("outcome"))
    op.execute(attempt.update().where(attempt.c.outcome == "sending").values(settled=False))
    unsettled = sa.text("NOT settled")
    op.create_index(
        "ix_message_attempt_unsettled",
        "message_attempt",
        ["message_id"],
        sqlite_where=unsettled,
        postgresql_where=unsettled,
    )
    due = sa.text("state IN ('queued', 'waiting')")
    op.create_index("ix_message_due", "message", ["next_attempt_at", "id"], sqlite_where=due, postgresql_where=due)
    _hold_states()


def downgrade() -> None:
    _let_states_go()
    op.drop_index("ix_message_due", "message")
    _put_together()
    op.drop_index("ix_message_attempt_unsettled", "message_attempt")
    op.drop_column("message_attempt", "settled")
    op.drop_table("lane")
    op.drop_table("content_part")


def _put_together() -> None:
    """Make the mails whole again, with their attachments in them."""
    connection = op.get_bind()
    content = sa.table("content", sa.column("digest"), sa.column("data"), sa.column("size"))
    part = sa.table("content_part", sa.column("digest"), sa.column("place"), sa.column("part_digest"))
    for (digest,) in connection.execute(sa.select(part.c.digest).distinct()).all():
        data = bytes(connection.execute(sa.select(content.c.data).where(content.c.digest == digest)).scalar_one())
        along = sa.select(part.c.place, content.c.data).join(content, content.c.digest == part.c.part_digest)
        # From the end on, so that the places before stay right.
        for place, attached in connection.execute(along.where(part.c.digest == digest).order_by(part.c.place.desc())):
            encoded = base64.encodebytes(bytes(attached)).replace(b"\n", b"\r\n")
            data = data[:place] + encoded + data[place:]
        connection.execute(content.update().where(content.c.digest == digest).values(data=data, size=len(data)))


def _quoted(states: tuple[str, ...]) -> str:
    return ", ".join(f"'{state}'" for state in states)


def _hold_states() -> None:
    """Have the database itself refuse a state that may not follow."""
    allowed = " OR ".join(
        f"(OLD.state = '{before}' AND NEW.state IN ({_quoted(after)}))" for before, after in FOLLOWERS.items()
    )
    changes = f"OLD.state <> NEW.state AND NOT ({allowed})"
    if op.get_bind().dialect.name == "sqlite":
        refuse = "BEGIN SELECT RAISE(ABORT, 'a message can not get this state'); END"
        op.execute(f"CREATE TRIGGER message_state_follows BEFORE UPDATE OF state ON message WHEN {changes} {refuse}")
        return
    op.execute(
        "CREATE FUNCTION message_state_refused() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'a message can not get the state %', NEW.state USING ERRCODE = 'check_violation'; END $$"
    )
    refuse = "FOR EACH ROW WHEN ({}) EXECUTE FUNCTION message_state_refused()"
    op.execute(f"CREATE TRIGGER message_state_follows BEFORE UPDATE OF state ON message {refuse.format(changes)}")


def _let_states_go() -> None:
    on = "" if op.get_bind().dialect.name == "sqlite" else " ON message"
    op.execute(f"DROP TRIGGER message_state_follows{on}")
    if on:
        op.execute("DROP FUNCTION message_state_refused()")
