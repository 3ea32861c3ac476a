"""The unit of work: everything that a verb writes lands in one commit, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session, scoped_session
from sqlalchemy.orm.exc import StaleDataError

from app.core.errors import Conflict, Stale
from app.core.events import Event, log_event
from app.core.words import say

WRITES = "counterpart_writes"
BUSY_SECONDS = 15


@contextmanager
def unit_of_work(session: Session | scoped_session[Session]) -> Iterator[Session]:
    """Begin, hand the session to the block, and commit once.

    On SQLite it begins with BEGIN IMMEDIATE, so that what a verb reads can't change before it writes. An error rolls
    all of it back. Raises Stale when a row was changed meanwhile, Conflict for a duplicate that no rule had seen and
    when the database stays busy.
    """
    own = session() if isinstance(session, scoped_session) else session
    try:
        begin_writing(own)
        yield own
        own.commit()
    except StaleDataError as error:
        own.rollback()
        raise Stale(
            say("Somebody else has changed this record since you opened it. Look at it, and try again.")
        ) from error
    except IntegrityError as error:
        own.rollback()
        log_event(Event.DATABASE_REFUSED, error=error)
        raise Conflict(
            say("A record with these values exists already, or was just removed."), code="duplicate"
        ) from error
    except OperationalError as error:
        own.rollback()
        if "locked" in str(error.orig) or "deadlock" in str(error.orig):
            raise Conflict(say("Others are writing just now. Try again in a moment."), code="busy") from error
        raise
    except BaseException:
        own.rollback()
        raise


def begin_writing(session: Session | scoped_session[Session]) -> None:
    """Begin a transaction that writes, leaving any that only read; on SQLite it waits for its turn to write."""
    session.rollback()
    session.connection(execution_options={WRITES: True})


def configure_sqlite(engine: Engine) -> None:
    """Set up each SQLite connection: write-ahead log, foreign keys on, a wait for locks, and our own BEGIN."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:  # noqa: ANN401  the driver's own connection
        # The driver begins transactions late and by guessing at the statement; BEGIN is emitted below instead.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        # Without it, INSERT OR REPLACE overwrites rows past the triggers that guard the audit trail.
        cursor.execute("PRAGMA recursive_triggers=ON")
        cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
