"""The journal: before each mail a commit that says it is being sent, after it one that says what came of it.

The commit before a mail carries the outcome of the one before it. So a worker that dies leaves one message at most of
which nobody knows, and costs little more than one commit a mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from sqlalchemy import Connection, Engine, text

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
_intend, _conclude = text(_INTEND), text(_CONCLUDE)
# One statement, and so one round trip and one commit.
_conclude_and_intend = text(f"WITH concluded AS ({_CONCLUDE}) {_INTEND}")


class Journal:
    """Writes the attempts of one worker, each in a transaction of its own beside those of its session."""

    def __init__(self, engine: Engine, *, worker: str) -> None:
        self._engine = engine
        self._worker = worker
        self._connection: Connection | None = None
        self._at_once = engine.dialect.name == "postgresql"

    def __enter__(self) -> Self:
        options = {"isolation_level": "AUTOCOMMIT"} if self._at_once else {WRITES: True}
        self._connection = self._engine.connect().execution_options(**options)
        return self

    def __exit__(self, *_error: object) -> None:
        if self._connection is not None:
            self._connection.close()

    def intend(self, message_id: int, *, after: Outcome | None) -> int | None:
        """Commit that a message is being sent, and what came of the one before; return the attempt's id.

        None when the message is in this worker's hand no more: it must not be sent.
        """
        intent = {"message": message_id, "worker": self._worker, "now": self._bound(clock.now()), "no": False}
        if self._at_once and after is not None:
            statement, given = _conclude_and_intend, {**intent, **self._concluded(after)}
            found: int | None = self._open.execute(statement, given).scalar()
            return found
        if after is not None:
            self._open.execute(_conclude, self._concluded(after))
        found = self._open.execute(_intend, intent).scalar()
        self._commit()
        return found

    def conclude(self, outcome: Outcome) -> None:
        """Commit what came of the last attempt."""
        self._open.execute(_conclude, self._concluded(outcome))
        self._commit()

    def _concluded(self, outcome: Outcome) -> dict[str, object]:
        return {
            "attempt": outcome.attempt_id,
            "outcome": outcome.state.value,
            "answer": outcome.answer,
            "finished": self._bound(outcome.at),
        }

    def _commit(self) -> None:
        if not self._at_once:
            self._open.commit()

    def _bound(self, moment: datetime) -> datetime | None:
        return _AT.process_bind_param(moment, self._engine.dialect)

    @property
    def _open(self) -> Connection:
        if self._connection is None:
            raise RuntimeError("The journal is used as a context.")
        return self._connection
