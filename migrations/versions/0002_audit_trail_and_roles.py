"""The audit trail can't be changed; the four roles and the issuer exist.

Revision ID: 0002
Revises: 0001
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROLES = ("Admin", "Finance", "Support", "Auditor", "Public")
AUDIT_TABLES = ("audit_entry", "audit_record")


def upgrade() -> None:
    for statement in _guards(op.get_bind().dialect.name):
        op.execute(statement)
    role = sa.table("ab_role", sa.column("name", sa.String))
    op.bulk_insert(role, [{"name": name} for name in ROLES])
    now = datetime.now(UTC)
    moment = now.replace(tzinfo=None) if op.get_bind().dialect.name == "sqlite" else now
    issuer = sa.table(
        "issuer",
        sa.column("name", sa.String),
        sa.column("created_at", sa.DateTime),
        sa.column("last_modified_at", sa.DateTime),
        sa.column("version", sa.Integer),
    )
    op.bulk_insert(
        issuer, [{"name": "Name of the issuer", "created_at": moment, "last_modified_at": moment, "version": 1}]
    )


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table in AUDIT_TABLES:
        for verb in ("update", "delete", "truncate") if postgresql else ("update", "delete"):
            on = f" ON {table}" if postgresql else ""
            op.execute(f"DROP TRIGGER {table}_no_{verb}{on}")
    if postgresql:
        op.execute("DROP FUNCTION audit_is_append_only()")
    op.execute(sa.text("DELETE FROM issuer"))
    op.execute(sa.text("DELETE FROM ab_user_role"))
    op.execute(sa.text("DELETE FROM ab_role"))


def _guards(dialect: str) -> list[str]:
    """Return the statements that make the audit trail append-only."""
    if dialect == "postgresql":
        function = (
            "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$"
        )
        return [
            function,
            *(
                f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()"
                for table in AUDIT_TABLES
                for verb in ("update", "delete")
            ),
            *(
                f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"
                for table in AUDIT_TABLES
            ),
        ]
    return [
        f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
        for table in AUDIT_TABLES
        for verb in ("update", "delete")
    ]
