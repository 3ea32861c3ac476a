"""Soft delete and restore: what goes along with a record, marked by one stamp an act and brought back by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core import audit, clock
from app.core.actor import Actor
from app.core.audit import Touch, Verb
from app.core.errors import Conflict
from app.core.records import Record


@dataclass(frozen=True, slots=True)
class Cascade:
    """Records of `child` whose `key` names a deleted `parent` go along with it, and come back with it."""

    parent: type[Record]
    child: type[Record]
    key: InstrumentedAttribute[int | None]
    touch: Callable[[Record], Touch]


_cascades: list[Cascade] = []


def register_cascade(cascade: Cascade) -> None:
    """Have a child go along when its parent is deleted; called by the wiring, once for each pair."""
    if cascade not in _cascades:
        _cascades.append(cascade)


def going_along(session: Session, record: Record) -> list[tuple[Cascade, Record]]:
    """Return the living records that deleting `record` takes along, with the cascade that says so."""
    found: list[tuple[Cascade, Record]] = []
    for cascade in _cascades:
        if isinstance(record, cascade.parent):
            rows = session.scalars(
                select(cascade.child)
                .where(cascade.key == record.id, cascade.child.deleted_at.is_(None))
                .order_by(cascade.child.id)
                .with_for_update()
            )
            found.extend((cascade, row) for row in rows)
    return found


def delete(session: Session, actor: Actor, *, record: Record, touch: Touch, verb: Verb) -> None:
    """Mark `record` and what goes along as deleted by one act, in one audit entry."""
    along = going_along(session, record)
    entry = audit.record(
        session, actor, verb=verb, touched=[touch, *(cascade.touch(child) for cascade, child in along)]
    )
    moment = clock.now()
    for gone in (record, *(child for _, child in along)):
        gone.deleted_at = moment
        gone.last_deleted_at = moment
        gone.deletion_id = entry.id


def restore(session: Session, actor: Actor, *, record: Record, touch: Touch, verb: Verb) -> None:
    """Bring back `record` and exactly what went with it.

    Raises Conflict when it isn't deleted, or went along with a parent that is still deleted.
    """
    if record.deleted_at is None:
        raise Conflict("This record is not deleted.", code="not_deleted")
    for cascade in _cascades:
        if isinstance(record, cascade.child):
            parent_id = getattr(record, cascade.key.key)
            parent = session.get(cascade.parent, parent_id) if parent_id is not None else None
            if parent is not None and parent.deleted_at is not None:
                raise Conflict(
                    "This record belongs to one that is deleted too. Restore that one first.", code="parent_deleted"
                )
    along = _gone_along(session, record)
    audit.record(session, actor, verb=verb, touched=[touch, *(cascade.touch(child) for cascade, child in along)])
    for back in (record, *(child for _, child in along)):
        back.deleted_at = None
        back.deletion_id = None


def _gone_along(session: Session, record: Record) -> list[tuple[Cascade, Record]]:
    found: list[tuple[Cascade, Record]] = []
    for cascade in _cascades:
        if isinstance(record, cascade.parent):
            rows = session.scalars(
                select(cascade.child)
                .where(cascade.key == record.id, cascade.child.deletion_id == record.deletion_id)
                .order_by(cascade.child.id)
                .with_for_update()
            )
            found.extend((cascade, row) for row in rows)
    return found
