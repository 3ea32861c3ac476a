"""What bulk letters are among runs: their tables, who sees them by the class of their letters, and what they send."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, and_, true

from app.access.ask import ensure
from app.access.table import Operation
from app.core.actor import Actor
from app.core.words import say
from app.correspondence.bulk.models import BulkLetter, BulkLetterOutcome, BulkLetterRow
from app.correspondence.queries import classes
from app.mailer.planning.plan_model import DocumentKind
from app.runs.kind import RunKind

# Whoever may write letters of a class may plan, start and pause bulk letters of it.
_ON_LETTERS: Mapping[Operation, Operation] = {
    Operation.UPDATE: Operation.CREATE,
    Operation.SEND: Operation.CREATE,
    Operation.PAUSE: Operation.CREATE,
    Operation.RESUME: Operation.CREATE,
}


def _is_seen(actor: Actor, operation: Operation) -> ColumnElement[bool]:
    """Return the condition that bulk letters are of a class in sight, and of the actor's dealer."""
    of_dealer = true() if actor.dealer_code is None else BulkLetter.dealer_code == actor.dealer_code
    return and_(BulkLetter.correspondence_class.in_(classes(actor, operation)), of_dealer)


def _ensure_on(actor: Actor, operation: Operation, run: BulkLetter) -> None:
    """Ask for the rights of the class: to write, and to send where they are to be sent."""
    ensure(actor, _ON_LETTERS.get(operation, operation), run.letter_resource)
    if run.send and operation in (Operation.SEND, Operation.RESUME):
        ensure(actor, Operation.SEND, run.letter_resource)


KIND = RunKind(
    name="bulk_letter",
    none_with_id=say("There are no bulk letters with this id."),
    run=BulkLetter,
    row=BulkLetterRow,
    outcome=BulkLetterOutcome,
    subject="customer_id",
    size="letter_count",
    document="letter_id",
    document_kind=DocumentKind.CORRESPONDENCE,
    is_seen=_is_seen,
    ensure_on=_ensure_on,
)
