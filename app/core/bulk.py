"""Many rows at once, in the transaction under way: put into a table by COPY, or handed to one statement as a table."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import JSON, Subquery, Table, bindparam, column, func, insert, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine


def insert_rows(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns: each that has no default of the database's own.

    What the session has not flushed yet goes first. Raises what a statement of SQLAlchemy's would raise.
    """
    session.flush()
    if not rows:
        return
    if session.get_bind().dialect.name != "postgresql":
        session.execute(insert(table), list(rows))
        return
    names = list(rows[0])
    kept = [_as_copied(table.c[name].type) for name in names]
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    driver: Any = session.connection().connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([turn(row[name]) if turn else row[name] for name, turn in zip(names, kept, strict=True)])
    except psycopg.Error as error:
        words = f"COPY {table.name}"
        raise DBAPIError.instance(words, None, error, psycopg.Error, connection_invalidated=driver.closed) from error


def as_table(
    rows: Sequence[Mapping[str, Any]], kinds: Mapping[str, TypeEngine[Any]], *, name: str = "given"
) -> Subquery:
    """Return rows as a table that a statement of PostgreSQL can join or insert: one statement for all of them.

    What a statement costs besides its rows, such as the triggers that PostgreSQL reads anew for each, is paid once.
    `kinds` are the columns by their names.
    """
    lists = [bindparam(f"{name}_{of}", [row[of] for row in rows], ARRAY(kind)) for of, kind in kinds.items()]
    columns = [column(of, kind) for of, kind in kinds.items()]
    return select(func.unnest(*lists).table_valued(*columns).render_derived(name=f"{name}_rows")).subquery(name)


def take_ids(session: Session, table: Table, count: int) -> list[int]:
    """Return ids for so many new rows; nobody else gets them."""
    if count == 0:
        return []
    if session.get_bind().dialect.name == "postgresql":
        ids = text("SELECT nextval(pg_get_serial_sequence(:table, 'id')) FROM generate_series(1, :count)")
        return list(session.scalars(ids, {"table": table.name, "count": count}))
    # SQLite counts on from the highest id, and we are its only writer.
    session.flush()
    last = session.scalar(select(func.max(table.c.id))) or 0
    return list(range(last + 1, last + 1 + count))


def _as_copied(kind: object) -> Callable[[Any], Any] | None:
    """Return what turns a value into one that COPY takes, or None where it takes it as it is."""
    return _json if isinstance(kind, JSON) else None


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(value)
