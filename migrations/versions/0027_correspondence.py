"""Letters, with their files and the invoices that they are about; and the class of a letter on what was sent of it.

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_LISTS = ("number", "subject", "status", "created_at")
_COUNTED = ("customer_id", "document_kind", "document_class", "id")
_LIVING = sa.text("deleted_at IS NULL")
_FAILED = sa.text("failure_cause IS NOT NULL AND deleted_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "correspondence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deletion_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.String(60), nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("correspondence_type_id", sa.Integer(), nullable=False),
        sa.Column("correspondence_class", sa.String(20), nullable=False),
        sa.Column("subject", sa.String(160), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("filled_subject", sa.Text(), nullable=False),
        sa.Column("filled_body", sa.Text(), nullable=False),
        sa.Column("letter_date", sa.Date(), nullable=True),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("pdf_digest", sa.String(64), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["deletion_id"], ["audit_entry.id"], name=op.f("fk_correspondence_deletion_id_audit_entry")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_correspondence_customer_id_customer")),
        sa.ForeignKeyConstraint(
            ["correspondence_type_id"],
            ["correspondence_type.id"],
            name=op.f("fk_correspondence_correspondence_type_id_correspondence_type"),
        ),
        sa.ForeignKeyConstraint(["pdf_digest"], ["content.digest"], name=op.f("fk_correspondence_pdf_digest_content")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correspondence")),
        sa.UniqueConstraint("number", name=op.f("uq_correspondence_number")),
        sa.UniqueConstraint("customer_id", "series", name=op.f("uq_correspondence_customer_id_series")),
    )
    for name in ("correspondence_type_id", "pdf_digest"):
        op.create_index(f"ix_correspondence_{name}", "correspondence", [name])
    deleted = sa.text("deleted_at IS NOT NULL")
    op.create_index(
        "ix_correspondence_trash", "correspondence", ["deleted_at"], sqlite_where=deleted, postgresql_where=deleted
    )
    for name in _LISTS:
        op.create_index(
            f"ix_correspondence_list_{name}",
            "correspondence",
            [name, "id"],
            sqlite_where=_LIVING,
            postgresql_where=_LIVING,
        )
    _create_what_belongs_to_letters()
    for table in ("message", "skipped_road"):
        op.add_column(table, sa.Column("document_class", sa.String(20), nullable=False, server_default=""))
    _index_messages(_COUNTED)


def _create_what_belongs_to_letters() -> None:
    op.create_table(
        "correspondence_attachment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("correspondence_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("filename", sa.String(120), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["correspondence_id"],
            ["correspondence.id"],
            name=op.f("fk_correspondence_attachment_correspondence_id_correspondence"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["digest"], ["content.digest"], name=op.f("fk_correspondence_attachment_digest_content")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correspondence_attachment")),
        sa.UniqueConstraint(
            "correspondence_id", "position", name=op.f("uq_correspondence_attachment_correspondence_id_position")
        ),
    )
    op.create_index("ix_correspondence_attachment_digest", "correspondence_attachment", ["digest"])
    op.create_table(
        "correspondence_invoice",
        sa.Column("correspondence_id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["correspondence_id"],
            ["correspondence.id"],
            name=op.f("fk_correspondence_invoice_correspondence_id_correspondence"),
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoice.id"], name=op.f("fk_correspondence_invoice_invoice_id_invoice")
        ),
        sa.PrimaryKeyConstraint("correspondence_id", "invoice_id", name=op.f("pk_correspondence_invoice")),
    )
    op.create_index("ix_correspondence_invoice_invoice_id", "correspondence_invoice", ["invoice_id"])


def _index_messages(columns: tuple[str, ...]) -> None:
    """Index what counts of messages are read off, the class of their documents among it or not."""
    for name, first, which in (("counted", "state", _LIVING), ("failure_cause", "failure_cause", _FAILED)):
        op.drop_index(f"ix_message_{name}", "message")
        op.create_index(
            f"ix_message_{name}", "message", [first, *columns], sqlite_where=which, postgresql_where=which
        )


def downgrade() -> None:
    _index_messages(tuple(one for one in _COUNTED if one != "document_class"))
    for table in ("message", "skipped_road"):
        op.drop_column(table, "document_class")
    for table in ("correspondence_invoice", "correspondence_attachment", "correspondence"):
        op.drop_table(table)
