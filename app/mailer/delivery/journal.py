"""The journal: before each mail a commit that says it is being sent, after it one that says what came of it.

The commit before a mail carries the outcome of the one before it. So a worker that dies leaves one message at most of
which nobody knows, and costs little more than one commit a mail.
"""

from __future__ import annotations

import contextlib
import functools
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from app.core import clock
from app.core.records import UtcDateTime
from app.core.unit_of_work import WRITES
from app.mailer.message_states import MessageState


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an attempt: the state that the message is to have, and the server's words.

    `deferred` tells a refusal of this one message for a while from trouble that says nothing about it.
    """

    attempt_id: int
    message_id: int
    state: MessageState
    answer: str
    at: datetime
    deferred: bool = False


_AT = UtcDateTime()
_INTEND = """
    INSERT INTO message_attempt (message_id, started_at, outcome, settled)
    SELECT id, :now, 'sending', :no FROM message WHERE id = :message AND state = 'sending' AND claimed_by = :worker
    RETURNING id
"""
_CONCLUDE = (
    "UPDATE message_attempt SET finished_at = :finished, outcome = :outcome, answer = :answer WHERE id = :attempt"
)
# One statement, and so one round trip and one commit.
_CONCLUDE_AND_INTEND = f"WITH concluded AS ({_CONCLUDE}) {_INTEND}"


class Journal:
    """Writes the attempts of one worker, each in a transaction of its own beside those of its session.

    On PostgreSQL it speaks to the driver, and each statement commits by itself: what SQLAlchemy adds to a statement
    takes longer than the statement, and each mail waits for it.
    """

    def __init__(self, engine: Engine, *, worker: str) -> None:
        self._engine = engine
        self._worker = worker
        self._connection: Connection | None = None
        self._cursor: Any = None
        self._at_once = engine.dialect.name == "postgresql"

    def __enter__(self) -> Self:
        options = {"isolation_level": "AUTOCOMMIT"} if self._at_once else {WRITES: True}
        self._connection = self._engine.connect().execution_options(**options)
        if self._at_once:
            # Planned while there were few attempts, a statement would read all of them ever after.
            self._connection.exec_driver_sql("SET enable_seqscan = off")
            driver: Any = self._connection.connection.driver_connection
            self._cursor = driver.cursor()
        return self

    def __exit__(self, *_error: object) -> None:
        if self._connection is None:
            return
        if self._at_once and not self._connection.invalidated:
            with contextlib.suppress(DBAPIError):
                self._connection.exec_driver_sql("RESET enable_seqscan")
        self._connection.close()

    def intend(self, message_id: int, *, after: Outcome | None) -> int | None:
        """Commit that a message is being sent, and what came of the one before; return the attempt's id.

        None when the message is in this worker's hand no more: it must not be sent.
        """
        intent = {"message": message_id, "worker": self._worker, "now": self._bound(clock.now()), "no": False}
        if after is None:
            return self._commit((_INTEND, intent))
        if self._at_once:
            return self._commit((_CONCLUDE_AND_INTEND, {**intent, **self._concluded(after)}))
        return self._commit((_CONCLUDE, self._concluded(after)), (_INTEND, intent))

    def conclude(self, outcome: Outcome) -> None:
        """Commit what came of the last attempt."""
        self._commit((_CONCLUDE, self._concluded(outcome)))

    def _concluded(self, outcome: Outcome) -> dict[str, object]:
        return {
            "attempt": outcome.attempt_id,
            "outcome": outcome.state.value,
            "answer": outcome.answer,
            "finished": self._bound(outcome.at),
        }

    def _commit(self, *steps: tuple[str, dict[str, object]]) -> int | None:
        """Do what the steps say in one commit; return the value of the last, if it gives one."""
        if self._connection is None:
            raise RuntimeError("The journal is used as a context.")
        found: int | None = None
        if self._at_once:
            for statement, given in steps:
                self._cursor.execute(_for_the_driver(statement), given, prepare=True)
                row = self._cursor.fetchone() if statement is not _CONCLUDE else None
                found = row[0] if row else None
            return found
        for statement, given in steps:
            result = self._connection.execute(text(statement), given)
            found = result.scalar() if result.returns_rows else None
        self._connection.commit()
        return found

    def _bound(self, moment: datetime) -> datetime | None:
        return _AT.process_bind_param(moment, self._engine.dialect)


@functools.cache
def _for_the_driver(statement: str) -> str:
    """Return a statement with its values named as the driver of PostgreSQL names them."""
    return re.sub(r":(\w+)", r"%(\1)s", statement)
