"""Usage reports: what a profile reports, to whom it is available, and the site of a usage record.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

# Profiles that were names alone become what their form starts with.
_USUAL = '["number", "records", "duration", "volume", "cost"]'


def upgrade() -> None:
    # With defaults that stay: taking them off would make the table anew, which SQLite refuses while others point at it.
    with op.batch_alter_table("usage_report_profile") as table:
        table.add_column(sa.Column("report", sa.String(20), nullable=False, server_default="by_number"))
        table.add_column(sa.Column("columns", sa.JSON(), nullable=False, server_default=_USUAL))
        table.add_column(sa.Column("file_format", sa.String(8), nullable=False, server_default="csv"))
        table.add_column(sa.Column("available_to", sa.String(10), nullable=False, server_default="all"))
    for name in ("customer", "dealer"):
        _available_to(name)
    with op.batch_alter_table("usage_record") as table:
        table.add_column(sa.Column("site", sa.String(80), nullable=False, server_default=""))
    with op.batch_alter_table("rendition") as table:
        table.alter_column("format", existing_type=sa.String(8), type_=sa.String(40), existing_nullable=False)


def _available_to(name: str) -> None:
    table = f"usage_report_profile_{name}"
    op.create_table(
        table,
        sa.Column("profile_id", sa.Integer(), nullable=False),
        sa.Column(f"{name}_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["profile_id"],
            ["usage_report_profile.id"],
            name=op.f(f"fk_{table}_profile_id_usage_report_profile"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint([f"{name}_id"], [f"{name}.id"], name=op.f(f"fk_{table}_{name}_id_{name}")),
        sa.PrimaryKeyConstraint("profile_id", f"{name}_id", name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f(f"ix_{table}_{name}_id"), table, [f"{name}_id"])


def downgrade() -> None:
    # Reports that were made lose their rendition; the mails that carry them keep their bytes.
    op.execute(sa.text("DELETE FROM rendition WHERE format LIKE 'usage_report:%'"))
    with op.batch_alter_table("rendition") as table:
        table.alter_column("format", existing_type=sa.String(40), type_=sa.String(8), existing_nullable=False)
    with op.batch_alter_table("usage_record") as table:
        table.drop_column("site")
    for name in ("dealer", "customer"):
        op.drop_table(f"usage_report_profile_{name}")
    for name in ("available_to", "file_format", "columns", "report"):
        op.drop_column("usage_report_profile", name)
