"""Reads of the lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.names import name_of
from app.access.table import Operation
from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.words import say
from app.lookups.models import LOOKUP_MODELS, Dealer, Lookup

MAX_FILTER_ROWS = 500


def rows(actor: Actor, *, resource: str) -> Select[Lookup]:
    """Select the living rows of a list, by position and name."""
    ensure(actor, Operation.READ, resource)
    model = LOOKUP_MODELS[resource]
    return select(model).where(model.deleted_at.is_(None))


def row(session: Session, actor: Actor, *, resource: str, lookup_id: int, lock: bool = False) -> Lookup:
    """Return a living row of a list. Raises NotFound."""
    statement = rows(actor, resource=resource).where(LOOKUP_MODELS[resource].id == lookup_id)
    found: Lookup | None = session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise NotFound(say("There is no {kind} with this id.", kind=name_of(resource)))
    return found


def trash(actor: Actor, *, resource: str) -> Select[Lookup]:
    """Select the deleted rows of a list. Raises Forbidden."""
    ensure(actor, Operation.TRASH, resource)
    model = LOOKUP_MODELS[resource]
    return select(model).where(model.deleted_at.is_not(None), model.purged_at.is_(None))


def deleted_row(session: Session, *, resource: str, lookup_id: int) -> Lookup:
    """Return a row of a list, deleted or not, yet not purged, locked. Raises NotFound."""
    model = LOOKUP_MODELS[resource]
    statement = select(model).where(model.id == lookup_id, model.purged_at.is_(None))
    found: Lookup | None = session.scalar(statement.with_for_update().execution_options(populate_existing=True))
    if found is None:
        raise NotFound(say("There is no {resource} with this id.", resource=resource.replace("_", " ")))
    return found


def rows_by_id(session: Session, *, resource: str, ids: Iterable[int], kept: Iterable[int] = ()) -> dict[int, Lookup]:
    """Return the rows of a list with these ids, by id: living ones, and deleted ones among `kept`."""
    model = LOOKUP_MODELS[resource]
    usable = or_(model.deleted_at.is_(None), model.id.in_(list(kept)))
    return {found.id: found for found in session.scalars(select(model).where(model.id.in_(list(ids)), usable))}


def filter_rows(resource: str) -> Callable[[Session, Actor], list[tuple[str, str]]]:
    """Return what gives the rows of a list that others can be filtered by: value and name, inactive ones among them."""
    model = LOOKUP_MODELS[resource]
    wanted = select(model.id, model.name).where(model.deleted_at.is_(None)).order_by(model.position, model.name)

    def read(session: Session, _actor: Actor) -> list[tuple[str, str]]:
        return [(str(number), name) for number, name in session.execute(wanted.limit(MAX_FILTER_ROWS))]

    return read


def filter_dealers(session: Session, actor: Actor) -> list[tuple[str, str]]:
    """Return the dealers to filter by: code and name; a dealer's own staff have one."""
    wanted = select(Dealer.code, Dealer.name).where(Dealer.deleted_at.is_(None))
    if actor.dealer_code is not None:
        wanted = wanted.where(Dealer.code == actor.dealer_code)
    rows = session.execute(wanted.order_by(Dealer.position, Dealer.name).limit(MAX_FILTER_ROWS))
    return [(code, name) for code, name in rows]


def dealer_by_code(session: Session, code: str) -> Dealer | None:
    """Return the living dealer with this code."""
    return session.scalar(select(Dealer).where(Dealer.code == code, Dealer.deleted_at.is_(None)))
