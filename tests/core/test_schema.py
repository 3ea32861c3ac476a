"""Whether a database is up to date, compared with what Alembic says."""

import sqlite3

from alembic.script import ScriptDirectory

from app.core.schema import heads, is_current
from config import ROOT

MIGRATIONS = ROOT / "migrations"


def test_the_heads_are_those_that_alembic_finds():
    assert heads(MIGRATIONS) == set(ScriptDirectory(str(MIGRATIONS)).get_heads())


def test_a_database_is_current_when_its_heads_are_applied(tmp_path):
    file = tmp_path / "x.sqlite"
    url = f"sqlite:///{file}"
    assert not is_current(url, migrations=MIGRATIONS)
    assert not file.exists()
    with sqlite3.connect(file) as connection:
        assert not is_current(url, migrations=MIGRATIONS)
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('0000')")
        connection.commit()
        assert not is_current(url, migrations=MIGRATIONS)
        connection.execute("UPDATE alembic_version SET version_num = ?", (heads(MIGRATIONS).pop(),))
        connection.commit()
    assert is_current(url, migrations=MIGRATIONS)


def test_a_server_that_is_away_is_not_current():
    assert not is_current("postgresql+psycopg://me@127.0.0.1:9/x", migrations=MIGRATIONS)
