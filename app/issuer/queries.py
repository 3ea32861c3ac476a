"""Reads of the issuer."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import Operation
from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.words import say
from app.issuer.models import Issuer


def issuer(session: Session) -> Issuer:
    """Return the company that sends: the one record that the migrations made."""
    return session.scalars(select(Issuer).order_by(Issuer.id).limit(1)).one()


def issuers(actor: Actor) -> Select[Issuer]:
    """Select the issuer's one record. Raises Forbidden."""
    ensure(actor, Operation.READ, "issuer")
    return select(Issuer).where(Issuer.deleted_at.is_(None))


def issuer_by_id(session: Session, actor: Actor, *, issuer_id: int, lock: bool = False) -> Issuer:
    """Return the issuer. Raises NotFound, Forbidden."""
    statement = issuers(actor).where(Issuer.id == issuer_id)
    found: Issuer | None = session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise NotFound(say("There is no issuer with this id."))
    return found
