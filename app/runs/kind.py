"""What tells one kind of run from another: its tables, who sees it, and what its rows send."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement

from app.access.table import Operation
from app.core.actor import Actor
from app.core.audit import Changes, Touch, Verb
from app.core.errors import Forbidden
from app.core.events import Event
from app.core.words import Words
from app.mailer.planning.plan_model import DocumentKind
from app.runs.models import Run

# A run of one kind.
R = TypeVar("R", bound=Run)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunKind(Generic[R]):
    """A kind of run. `run`, `row` and `outcome` are its tables, of which a row has `run_id` and an outcome `row_id`.

    `subject` names the column of a row that holds the id of what it is about, `document` the one of the document that
    it sends, of the kind `document_kind`, once it has the state `sent`; `size` the column of a run that counts its
    rows. `is_seen` is the condition that a run is one that an actor may read or find in the trash, and `ensure_on`
    raises Forbidden where a run's own content forbids an operation on it.
    """

    name: str
    none_with_id: Words
    run: type[R]
    row: Any
    outcome: Any
    subject: str
    size: str
    document: str
    document_kind: DocumentKind
    is_seen: Callable[[Actor, Operation], ColumnElement[bool]]
    ensure_on: Callable[[Actor, Operation, R], None]

    def may_on(self, actor: Actor, operation: Operation, run: R) -> bool:
        """Tell whether a run's own content allows an operation on it."""
        try:
            self.ensure_on(actor, operation, run)
        except Forbidden:
            return False
        return True

    def verb(self, what: str) -> Verb:
        """Return the verb of the trail for what was done to a run, such as "started"."""
        return Verb(f"{self.name}:{what}")

    def event(self, what: str) -> Event:
        """Return the event of the log for what has become of a run, such as "finished"."""
        return Event(f"{self.name}_{what}")

    def touch(self, run: R, changes: Changes | None = None) -> Touch:
        """Return how the audit trail names a run."""
        return Touch(self.name, run.id, run.label, changes or {})

    def count(self, run: R) -> int:
        """Return how many rows a run has."""
        counted: int = getattr(run, self.size)
        return counted


SENT = "sent"
