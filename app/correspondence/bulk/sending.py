"""The verb of the worker: the next letters of a run, printed, kept, and sent by the plans that were looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.access.ask import ensure, may
from app.access.table import Operation
from app.core import audit
from app.core.actor import Actor
from app.core.audit import Touch, Verb
from app.correspondence import queries as letters
from app.correspondence.bulk import queries
from app.correspondence.bulk.kind import KIND
from app.correspondence.bulk.models import BulkLetter, BulkLetterRow
from app.correspondence.bulk.planning import draft_of
from app.correspondence.bulk.rules import RowReason, RowState, looked_at, state_after
from app.correspondence.linked import linked_rows
from app.correspondence.models import Correspondence, LinkedInvoice
from app.correspondence.printing import Press
from app.correspondence.rules import LetterStatus, next_number
from app.correspondence.service import document_of, touch_of, write_letters
from app.customers.models import Customer
from app.mailer.planning.facts import Defaults
from app.mailer.planning.many import Wanted, lock_customers
from app.mailer.planning.plan_model import Plan
from app.mailer.planning.rules import about
from app.mailer.sending_many import execute_plans, plans_to_execute


class _Turn(NamedTuple):
    """A customer whose letter is made: its row, its plan of today, and how the turn ends."""

    row: BulkLetterRow
    customer: Customer
    plan: Plan
    state: RowState
    reason: RowReason | None


class _Made(NamedTuple):
    """A letter that was printed, and its bytes."""

    turn: _Turn
    letter: Correspondence
    pdf: bytes


def make_next(session: Session, actor: Actor, *, run_id: int, size: int, defaults: Defaults) -> int | None:
    """Make the letters of the next customers, each by the plan that was looked at; return how many had their turn.

    All of it is one unit of work: whoever is killed in it has made nothing. None means that the run isn't anybody's to
    advance just now: another worker holds it, or it isn't under way. Raises Forbidden.
    """
    ensure(actor, Operation.SEND, KIND.name)
    run = queries.in_turn(session, run_id)
    if run is None:
        return None
    KIND.ensure_on(actor, Operation.SEND, run)
    rows = queries.waiting(session, run.id, limit=size)
    turns = _turns(session, actor, run, rows, defaults)
    made = _printed(session, run, turns)
    write_letters(session, [one.letter for one in made], [one.pdf for one in made])
    told = _sent(session, run, made, defaults)
    for one in made:
        row, turn = one.turn.row, one.turn
        row.letter_id, row.state = one.letter.id, turn.state.value
        row.reason = turn.reason.value if turn.reason else None
    if made:
        touched = [KIND.touch(run)]
        for one in made:
            touched += [_touch(one.letter), *told.get(one.letter.id, ())]
        audit.record(session, actor, verb=Verb.BULK_LETTER_LETTERS_MADE, touched=touched)
    return len(rows)


def _turns(
    session: Session, actor: Actor, run: BulkLetter, rows: Sequence[BulkLetterRow], defaults: Defaults
) -> list[_Turn]:
    """Lock the customers of some rows, and return those whose letter is made; the others' rows say why not."""
    ids = [row.customer_id for row in rows]
    lock_customers(session, ids, to_number=True)
    customers = queries.customers_locked(session, actor, ids)
    draft = draft_of(run)
    there = [row for row in rows if row.customer_id in customers]
    wanted = [Wanted(draft, row.customer_id) for row in there]
    plans = dict(zip(ids_of(there), plans_to_execute(session, wanted=wanted, defaults=defaults), strict=True))
    owners = _owners(session, actor, rows)
    turns = []
    for row in rows:
        plan = plans.get(row.customer_id)
        if plan is None:
            row.state, row.reason = RowState.FAILED.value, RowReason.GONE.value
        elif looked_at(plan, send=run.send) != row.fingerprint:
            row.state, row.reason = RowState.CHANGED.value, RowReason.PLAN_CHANGED.value
        elif any(owners.get(number) != row.customer_id for number in row.invoice_ids):
            row.state, row.reason = RowState.CHANGED.value, RowReason.INVOICES_CHANGED.value
        else:
            state, reason = state_after(plan, send=run.send)
            if state is RowState.NO_LETTER:
                row.state, row.reason = state.value, reason.value if reason else None
            else:
                turns.append(_Turn(row, customers[row.customer_id], plan, state, reason))
    return turns


def ids_of(rows: Sequence[BulkLetterRow]) -> list[int]:
    """Return the ids of the customers of some rows."""
    return [row.customer_id for row in rows]


def _owners(session: Session, actor: Actor, rows: Sequence[BulkLetterRow]) -> Mapping[int, int]:
    """Return whose the invoices are that letters will be about, as far as they are there and in sight."""
    ids = {number for row in rows for number in row.invoice_ids}
    if not ids or not may(actor, Operation.READ, "invoice"):
        return {}
    found = linked_rows(session, actor, resource="invoice", ids=sorted(ids))
    return {number: one.customer_id for number, one in found.items()}


def _printed(session: Session, run: BulkLetter, turns: Sequence[_Turn]) -> list[_Made]:
    """Return the letters of some customers, printed; one that can't be fails, and holds up no other."""
    used = letters.last_series_of_many(session, customer_ids=[one.customer.id for one in turns])
    press = Press(session)
    made = []
    for turn in turns:
        customer = turn.customer
        series = used.get(customer.id, 0)
        number = next_number(customer.account_number, series)
        try:
            printed = press.printed(number=number, subject=run.subject, body=run.body, customer=customer)
        except ValueError:
            turn.row.state, turn.row.reason = RowState.FAILED.value, RowReason.NOT_PRINTABLE.value
            continue
        if printed.pdf is None:
            turn.row.state, turn.row.reason = RowState.FAILED.value, RowReason.EMPTY.value
            continue
        letter = Correspondence(
            number=number,
            series=series + 1,
            customer_id=customer.id,
            correspondence_type_id=run.correspondence_type_id,
            correspondence_class=run.correspondence_class,
            subject=run.subject,
            body=run.body,
            **printed.values,
        )
        letter.invoices = [LinkedInvoice(invoice_id=one) for one in sorted(turn.row.invoice_ids)]
        if turn.state is RowState.SENT:
            letter.status = LetterStatus.EMAILED.value
        made.append(_Made(turn, letter, printed.pdf))
    return made


def _sent(
    session: Session, run: BulkLetter, made: Sequence[_Made], defaults: Defaults
) -> Mapping[int, Sequence[Touch]]:
    """Put the messages of letters into the outbox; return what the trail says of them, by the letter's id."""
    if not run.send:
        return {}
    go = [
        (about(document_of(one.letter), one.turn.plan), one.turn.customer.id)
        for one in made
        if one.turn.state is RowState.SENT
    ]
    return {plan.document.id: touched for plan, touched in execute_plans(session, go, defaults=defaults)}


def _touch(letter: Correspondence) -> Touch:
    """Return how the trail names a letter that was made; its customer is not named, as with every letter."""
    changes = {
        "correspondence_type": (None, letter.correspondence_type_id),
        "subject": (None, letter.subject),
        "status": (None, letter.status),
    }
    return touch_of(letter, changes)
