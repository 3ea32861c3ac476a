"""The audit trail is read by record, by verb and by user, newest first, whatever its length.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_audit_record_of_record", "audit_record", ["resource", "record_id", "entry_id"])
    op.drop_index("ix_audit_record_resource_record_id", table_name="audit_record")
    op.create_index("ix_audit_entry_verb", "audit_entry", ["verb", "id"])
    op.create_index("ix_audit_entry_username", "audit_entry", ["username", "id"])


def downgrade() -> None:
    op.drop_index("ix_audit_entry_username", table_name="audit_entry")
    op.drop_index("ix_audit_entry_verb", table_name="audit_entry")
    op.create_index("ix_audit_record_resource_record_id", "audit_record", ["resource", "record_id"])
    op.drop_index("ix_audit_record_of_record", table_name="audit_record")
