"""Tell whether a database has the schema that the migrations describe, within milliseconds.

Alembic would load SQLAlchemy to say the same, which is a good part of the time that a start may take.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from pathlib import Path

_REVISION = re.compile(r"^(revision|down_revision)\b[^=]*=\s*(.+)$", re.MULTILINE)
_QUOTED = re.compile(r"[\"']([^\"']+)[\"']")
_APPLIED = "SELECT version_num FROM alembic_version"


def is_current(database_url: str, *, migrations: Path) -> bool:
    """Return whether every migration of a folder is applied; False too when the database can't be read."""
    scheme, _, rest = database_url.partition("://")
    try:
        applied = _of_sqlite(rest) if scheme == "sqlite" else _of_postgresql(f"postgresql://{rest}")
    except (OSError, sqlite3.Error):
        return False
    return applied == heads(migrations)


def heads(migrations: Path) -> set[str]:
    """Return the revisions of a migrations folder that no other builds upon."""
    revisions: set[str] = set()
    built_upon: set[str] = set()
    for path in (migrations / "versions").glob("*.py"):
        for name, value in _REVISION.findall(path.read_text(encoding="utf-8")):
            (revisions if name == "revision" else built_upon).update(_QUOTED.findall(value))
    return revisions - built_upon


def _of_sqlite(path: str) -> set[str]:
    """Read the applied revisions from a file; `path` has the slash that parts it from the (empty) host."""
    file = Path(path.removeprefix("/"))
    if not file.is_file():
        # Connecting would make the file.
        return set()
    with contextlib.closing(sqlite3.connect(file, timeout=10)) as connection:
        return {row[0] for row in connection.execute(_APPLIED)}


def _of_postgresql(url: str) -> set[str]:
    """Read the applied revisions from a server; what goes wrong there is told when preparing the database."""
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            return {row[0] for row in connection.execute(_APPLIED)}
    except psycopg.Error as error:
        raise OSError(str(error)) from error
