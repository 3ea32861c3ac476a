"""The migrations: up, down and up again, and what they leave is what the models say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from app import create_app
from app.access.table import Role
from app.core.schema import heads, is_current
from app.extensions import db
from app.wiring import MIGRATIONS
from tests.conftest import add_users, postgresql_database, settings_for


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """Return an application on an empty database, inside its context."""
    if request.param == "sqlite":
        yield from _application(tmp_path, None)
    else:
        with postgresql_database() as url:
            yield from _application(tmp_path, url)


def _application(folder: Path, url: str | None) -> Iterator[Flask]:
    app = create_app(settings_for(folder, url))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def tables() -> set[str]:
    return set(inspect(db.engine).get_table_names()) - {"alembic_version", "sqlite_sequence"}


def rows(statement: str) -> list:
    with db.engine.connect() as connection:
        return list(connection.execute(text(statement)))


def columns() -> dict[str, set[tuple]]:
    inspector = inspect(db.engine)
    return {
        table: {(one["name"], str(one["type"]), one["nullable"]) for one in inspector.get_columns(table)}
        | {("index", one["name"], tuple(one["column_names"])) for one in inspector.get_indexes(table)}
        for table in tables()
    }


def test_starting_writes_no_schema_of_its_own(empty):
    assert tables() == set()


def test_up_down_and_up_again(empty):
    upgrade()
    first = columns()
    assert len(first) > 30
    downgrade(revision="base")
    assert tables() == set()
    upgrade()
    assert columns() == first


def test_down_with_people_in_it(empty):
    upgrade()
    add_users(empty)
    db.session.remove()
    downgrade(revision="0001")
    assert rows("SELECT * FROM ab_user_role") == []
    upgrade()
    assert rows("SELECT count(*) FROM ab_role") == [(len(Role) + 1,)]


def test_the_models_say_what_the_migrations_made(empty):
    upgrade()
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
        assert compare_metadata(context, db.metadatas[None]) == []


def test_a_started_database_is_known_by_its_revision(empty):
    url = empty.config["SQLALCHEMY_DATABASE_URI"]
    assert not is_current(url, migrations=MIGRATIONS)
    upgrade(revision="0001")
    assert not is_current(url, migrations=MIGRATIONS)
    upgrade()
    assert is_current(url, migrations=MIGRATIONS)
    assert rows("SELECT version_num FROM alembic_version") == [(one,) for one in heads(MIGRATIONS)]


def test_the_roles_and_the_issuer_are_there(empty):
    upgrade()
    assert {name for (name,) in rows("SELECT name FROM ab_role")} == {*(role.value for role in Role), "Public"}
    (issuer,) = rows("SELECT name, version, deleted_at, created_at FROM issuer")
    assert issuer[0]
    assert issuer[1:3] == (1, None)
    assert issuer[3] is not None


ENTRY = "INSERT INTO audit_entry (id, at, username, door, verb) VALUES (1, '2026-01-01', 'x', 'cli', 'test')"
RECORD = (
    "INSERT INTO audit_record (id, entry_id, resource, record_id, label, changes) "
    "VALUES (1, 1, 'contact', 1, 'x', '{}')"
)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET username = 'mallory'",
        "DELETE FROM audit_entry",
        "UPDATE audit_record SET label = 'mallory'",
        "DELETE FROM audit_record",
        "UPDATE audit_record SET changes = '{}' WHERE id = 1",
    ],
)
def test_nobody_changes_or_removes_the_audit_trail(empty, statement):
    upgrade()
    with db.engine.begin() as connection:
        connection.execute(text(ENTRY))
        connection.execute(text(RECORD))
    with pytest.raises(DBAPIError, match="append-only"), db.engine.begin() as connection:
        connection.execute(text(statement))
    assert rows("SELECT username, door FROM audit_entry") == [("x", "cli")]
    assert rows("SELECT label FROM audit_record") == [("x",)]
