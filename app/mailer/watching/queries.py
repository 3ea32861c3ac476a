"""How much there is of what in the outbox, within the actor's sight: counts at a bounded cost, whatever its size."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Executable, func, literal, select, union_all
from sqlalchemy.orm import Session, aliased

from app.access.ask import ensure
from app.access.table import Operation
from app.core.actor import SYSTEM_ROLE, Actor
from app.customers import queries as customers
from app.customers.models import Customer
from app.mailer.message_states import STATES, MessageState
from app.mailer.models import ACCOUNT, Lane, Message
from app.mailer.queries import about_seen
from app.mailer.watching.models import OutboxPause

COUNT_CAP = 10_000
TOP_CAUSES = 5
# So many different causes are looked at; a server has some dozens of them.
MOST_CAUSES = 200

DUE = (MessageState.QUEUED.value, MessageState.WAITING.value)
_RATES = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}


@dataclass(frozen=True, slots=True)
class Count:
    """A number that is exact up to COUNT_CAP; beyond, `capped` is set."""

    number: int
    capped: bool = False

    @classmethod
    def of(cls, counted: int) -> Count:
        """Return what was counted up to one more than the cap."""
        return cls(min(counted, COUNT_CAP), counted > COUNT_CAP)


@dataclass(frozen=True, slots=True)
class OldestDue:
    """The message that has been due longest, by its Message-ID, and since when."""

    message_id: str
    since: datetime


def in_sight(actor: Actor) -> list[ColumnElement[bool]]:
    """Return the conditions that a message is in the actor's sight, on its own columns alone. Raises Forbidden."""
    ensure(actor, Operation.READ, "message")
    conditions: list[ColumnElement[bool]] = [Message.deleted_at.is_(None)]
    if SYSTEM_ROLE not in actor.roles:
        conditions.append(about_seen(actor, Message))
    if actor.dealer_code is not None:
        theirs = select(Customer.id).where(customers.of_dealer(actor))
        conditions.append(Message.customer_id.in_(theirs))
    return conditions


def counts(session: Session, actor: Actor, *, now: datetime, only: Collection[str] = ()) -> dict[str, Count]:
    """Return how many messages there are of each state, and under `minute` and `hour` how many were sent in the last.

    One statement, which gives up counting each beyond COUNT_CAP; with `only`, for those names alone.
    """
    seen = in_sight(actor)
    asked: dict[str, ColumnElement[bool]] = {state.value: Message.state == state.value for state in STATES}
    asked |= {name: Message.sent_at >= now - span for name, span in _RATES.items()}
    parts = []
    for name, condition in asked.items():
        if only and name not in only:
            continue
        some = select(Message.id).where(condition, *seen).limit(COUNT_CAP + 1).subquery()
        parts.append(select(literal(name).label("name"), func.count().label("number")).select_from(some))
    return {row.name: Count.of(row.number) for row in session.execute(union_all(*parts))}


def oldest_due(session: Session, actor: Actor, *, now: datetime) -> OldestDue | None:
    """Return the message in sight that has been due longest, whatever it waits for; None where none is due."""
    statement = select(Message.message_id, Message.next_attempt_at).where(
        Message.state.in_(DUE), Message.next_attempt_at <= now, *in_sight(actor)
    )
    row = session.execute(statement.order_by(Message.next_attempt_at, Message.id).limit(1)).first()
    return None if row is None else OldestDue(row.message_id, row.next_attempt_at)


def causes(session: Session, actor: Actor) -> list[tuple[str, Count]]:
    """Return the most frequent causes of failure in sight, each with its count, the most frequent first.

    The index is walked from one cause to the next, and each is counted up to the cap: a hundred thousand that failed
    for one reason cost no more than ten thousand. A dealer's failures are fewer, and found by its customers.
    """
    known = Message.failure_cause.is_not(None) & Message.deleted_at.is_(None)
    statement = _walked(actor, known) if actor.dealer_code is None else _grouped(actor, known)
    found = [(row.cause, row.number) for row in session.execute(statement) if row.number]
    found.sort(key=lambda one: (-one[1], one[0]))
    return [(cause, Count.of(number)) for cause, number in found[:TOP_CAUSES]]


def _grouped(actor: Actor, known: ColumnElement[bool]) -> Executable:
    statement = select(Message.failure_cause.label("cause"), func.count().label("number"))
    return statement.where(known, *in_sight(actor)).group_by(Message.failure_cause)


def _walked(actor: Actor, known: ColumnElement[bool]) -> Executable:
    walk = select(func.min(Message.failure_cause).label("cause")).where(known).cte("causes", recursive=True)
    other = aliased(Message)
    following = select(func.min(other.failure_cause)).where(
        other.failure_cause > walk.c.cause, other.failure_cause.is_not(None), other.deleted_at.is_(None)
    )
    walk = walk.union_all(select(following.correlate(walk).scalar_subquery()).where(walk.c.cause.is_not(None)))
    here = select(Message.id).where(Message.failure_cause == walk.c.cause, known, *in_sight(actor))
    some = here.correlate(walk).limit(COUNT_CAP + 1).subquery()
    number = select(func.count()).select_from(some).scalar_subquery()
    counted = select(walk.c.cause, number.label("number")).where(walk.c.cause.is_not(None))
    return counted.limit(MOST_CAUSES)


def waiting_lanes(session: Session, actor: Actor, *, now: datetime) -> Sequence[Lane]:
    """Return the lanes that wait, the mail server's first.

    A dealer's staff are told of the mail server's alone: the domain of another may be that of somebody else's customer.
    """
    ensure(actor, Operation.READ, "message")
    statement = select(Lane).where(Lane.waits_until > now)
    if actor.dealer_code is not None:
        statement = statement.where(Lane.name == ACCOUNT)
    return session.scalars(statement.order_by(Lane.name != ACCOUNT, Lane.name)).all()


def pause(session: Session) -> OutboxPause | None:
    """Return the pause that the outbox is in, or None."""
    return session.scalar(select(OutboxPause))


def is_paused(session: Session) -> bool:
    """Tell whether the outbox is paused: nothing is to be claimed then."""
    return session.scalar(select(OutboxPause.id)) is not None
