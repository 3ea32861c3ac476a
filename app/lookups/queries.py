"""Reads of the lists."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import Operation
from app.core.actor import Actor
from app.core.errors import NotFound
from app.lookups.models import LOOKUP_MODELS, Dealer, Lookup


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
        raise NotFound(f"There is no {resource.replace('_', ' ')} with this id.")
    return found


def rows_by_id(session: Session, *, resource: str, ids: Iterable[int], kept: Iterable[int] = ()) -> dict[int, Lookup]:
    """Return the rows of a list with these ids, by id: living ones, and deleted ones among `kept`."""
    model = LOOKUP_MODELS[resource]
    usable = or_(model.deleted_at.is_(None), model.id.in_(list(kept)))
    return {found.id: found for found in session.scalars(select(model).where(model.id.in_(list(ids)), usable))}


def dealer_by_code(session: Session, code: str) -> Dealer | None:
    """Return the living dealer with this code."""
    return session.scalar(select(Dealer).where(Dealer.code == code, Dealer.deleted_at.is_(None)))
