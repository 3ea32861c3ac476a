"""Soft delete and restore: what goes along with a record, marked by one stamp an act and brought back by it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core import audit, clock
from app.core.actor import Actor
from app.core.audit import Touch, Verb
from app.core.errors import Conflict
from app.core.models import AuditEntry
from app.core.records import Record, check_version
from app.core.words import say


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
    known = [(one.parent, one.child) for one in _cascades]
    if (cascade.parent, cascade.child) not in known:
        _cascades.append(cascade)


def going_along(session: Session, record: Record, *, lock: bool = False) -> list[tuple[Cascade, Record]]:
    """Return the living records that deleting `record` takes along, with the cascade that says so."""
    return _children(session, record, lambda child: child.deleted_at.is_(None), lock=lock)


def belonging(session: Session, record: Record, *, lock: bool = False) -> list[tuple[Cascade, Record]]:
    """Return all that can't be there without `record`, whichever act deleted it, except what was purged before."""
    return _children(session, record, lambda child: child.purged_at.is_(None), lock=lock)


def took_along(session: Session, records: Iterable[Record]) -> dict[int, int]:
    """Return how many others the act that deleted each of some records of one kind took along, by the record's id."""
    rows = [one for one in records if one.deletion_id is not None]
    pairs = {(one.id, one.deletion_id) for one in rows}
    counts: dict[int, int] = {}
    for cascade in [one for one in _cascades if rows and isinstance(rows[0], one.parent)]:
        acts = {one.deletion_id for one in rows}
        statement = (
            select(cascade.key, cascade.child.deletion_id, func.count())
            .where(
                cascade.key.in_([one.id for one in rows]),
                cascade.child.deletion_id.in_(acts),
                cascade.child.purged_at.is_(None),
            )
            .group_by(cascade.key, cascade.child.deletion_id)
        )
        for parent_id, act, count in session.execute(statement):
            if parent_id is not None and (parent_id, act) in pairs:
                counts[parent_id] = counts.get(parent_id, 0) + count
    return counts


def delete(
    session: Session, actor: Actor, *, record: Record, touch: Touch, verb: Verb, reason: str | None = None
) -> AuditEntry:
    """Mark `record` and what goes along as deleted by one act, in one audit entry; return that entry."""
    along = going_along(session, record, lock=True)
    touched = [touch, *(cascade.touch(child) for cascade, child in along)]
    entry = audit.record(session, actor, verb=verb, touched=touched, reason=reason)
    moment = clock.now()
    for gone in (record, *(child for _, child in along)):
        gone.deleted_at = moment
        gone.last_deleted_at = moment
        gone.deletion_id = entry.id
    return entry


def restore(
    session: Session,
    actor: Actor,
    *,
    record: Record,
    touch: Touch,
    verb: Verb,
    version: int | None = None,
    act: int | None = None,
) -> AuditEntry:
    """Bring back `record` and exactly what went with it, in one audit entry; return that entry.

    With `act`, only if it is that deletion that took it.

    Raises Stale, and Conflict when it isn't deleted (`not_deleted`), was deleted by another act (`other_deletion`), or
    belongs to a record that is still deleted (`parent_deleted`).
    """
    if record.deleted_at is None:
        raise Conflict(say("This record is not deleted."), code="not_deleted")
    check_version(record, version)
    if act is not None and record.deletion_id != act:
        raise Conflict(
            say("This record was restored, and deleted once more, since then. Look for it in the trash."),
            code="other_deletion",
        )
    _ensure_parents_live(session, record, touch.label)
    along = gone_along(session, record, lock=True)
    entry = audit.record(
        session, actor, verb=verb, touched=[touch, *(cascade.touch(child) for cascade, child in along)]
    )
    for back in (record, *(child for _, child in along)):
        back.deleted_at = None
        back.deletion_id = None
    return entry


def gone_along(session: Session, record: Record, *, lock: bool = False) -> list[tuple[Cascade, Record]]:
    """Return what the act that deleted `record` took along, and that was not purged since."""
    return _children(
        session,
        record,
        lambda child: and_(child.deletion_id == record.deletion_id, child.purged_at.is_(None)),
        lock=lock,
    )


def _ensure_parents_live(session: Session, record: Record, name: str) -> None:
    """Raise Conflict while what the record belongs to is deleted, saying what to restore first."""
    for cascade in [one for one in _cascades if isinstance(record, one.child)]:
        parent_id = getattr(record, cascade.key.key)
        parent = session.get(cascade.parent, parent_id) if parent_id is not None else None
        if parent is None or parent.deleted_at is None:
            continue
        words = {"name": name, "parent": str(parent)}
        if parent.deletion_id == record.deletion_id:
            text = say("{name} went along with {parent}. Restore {parent}, and it comes back.", **words)
        else:
            text = say("{name} belongs to {parent}, which is deleted too. Restore {parent} first.", **words)
        raise Conflict(text, code="parent_deleted")


def _children(
    session: Session, record: Record, which: Callable[[type[Record]], ColumnElement[bool]], *, lock: bool
) -> list[tuple[Cascade, Record]]:
    """Return the children that a condition holds for; verbs lock them, and whoever only looks keeps nobody waiting."""
    found: list[tuple[Cascade, Record]] = []
    for cascade in _cascades:
        if isinstance(record, cascade.parent):
            rows = (
                select(cascade.child).where(cascade.key == record.id, which(cascade.child)).order_by(cascade.child.id)
            )
            if lock:
                rows = rows.with_for_update(of=cascade.child).execution_options(populate_existing=True)
            found.extend((cascade, row) for row in session.scalars(rows))
    return found
