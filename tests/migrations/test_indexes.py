"""Every index that a migration made is there at the head, with its columns, expressions and conditions.

SQLite rebuilds a table to change a column, and an index that isn't told then goes without a word.
"""

from __future__ import annotations

from flask_migrate import upgrade
from sqlalchemy import text

from app.extensions import db
from tests.migrations.test_migrations import empty  # noqa: F401  a fixture

LIVING = "deleted_at IS NULL"
GONE = "deleted_at IS NOT NULL"
NAMES = ("lower(last_name)", "coalesce(lower(first_name)")
# The index: what its definition says, as both databases write it.
INDEXES = {
    **{
        f"ix_{table}_list_{name}": (*said, LIVING)
        for table, orders in {
            "contact": {
                "last_name": NAMES,
                "company_name": ("lower(company_name)",),
                "email": ("email_normalised",),
                "created_at": ("created_at",),
                "last_modified_at": ("last_modified_at",),
            },
            "customer": {
                "account_number": ("account_number",),
                "last_name": NAMES,
                "company_name": ("lower(company_name)",),
                "created_at": ("created_at",),
                "last_modified_at": ("last_modified_at",),
            },
            "invoice": {name: (name,) for name in ("number", "invoice_date", "due_date", "status", "total")},
            "message": {name: (name,) for name in ("address", "document_number", "created_at", "sent_at")},
        }.items()
        for name, said in orders.items()
    },
    **{f"ix_{table}_trash": ("deleted_at", GONE) for table in ("customer", "contact", "invoice")},
    "ix_search_term_resource_term_record_id": ("resource", "term", "record_id"),
    "ix_message_address_normalised": ("address_normalised",),
    "ix_message_document_number": ("document_number",),
    "ix_message_due_by_domain": ("address_domain, next_attempt_at, id", "queued"),
    "ix_contact_name_key": ("name_key",),
    "ix_audit_entry_at": ("at",),
    "ix_usage_record_itemised": ("invoice_id", "reference", "start"),
    "ix_imported_invoice_import_id_invoice_id": ("import_id", "invoice_id"),
    "ix_audit_record_of_record": ("resource", "record_id", "entry_id"),
}
DEFINITIONS = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()",
}


def plain(definition: str) -> str:
    """Return a definition without what PostgreSQL adds to it: types, and brackets around expressions."""
    for added in ("::character varying", "::text", "(", ")", '"'):
        definition = definition.replace(added, "")
    return " ".join(definition.split()).lower()


def test_each_index_of_the_migrations_is_there_at_the_head(empty):  # noqa: F811  the fixture
    upgrade()
    with db.engine.connect() as connection:
        rows = connection.execute(text(DEFINITIONS[db.engine.dialect.name])).all()
    found = {name: plain(definition) for name, definition in rows}
    missing = [
        (name, part, found.get(name))
        for name, said in INDEXES.items()
        for part in said
        if plain(part) not in found.get(name, "")
    ]
    assert not missing
    if db.engine.dialect.name == "postgresql":
        definitions = dict(rows)
        for name in ("ix_search_term_resource_term_record_id", "ix_message_address_normalised"):
            assert "varchar_pattern_ops" in definitions[name]
