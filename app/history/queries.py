"""Reads of the audit trail, each within the actor's sight, at a bounded cost whatever the trail's length."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.access.ask import ensure
from app.access.table import Operation
from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.models import AuditEntry, AuditRecord
from app.core.words import say
from app.history.sight import entries_in_sight, reads_all, records_in_sight

PAGE = 100
# So many entries are looked through for one page; a reader who sees few of them goes on from there.
WINDOW = 20_000
# So many records of an entry are named in a list, and on a page of its own.
NAMED, NAMED_ON_PAGE = 10, 200
# Ids are given out a little before the entries are stamped and committed, several at a time.
_SLACK = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a reader looks for: entries about one record, and conditions on entries and on the records that they name.

    `indexed` conditions are those on the entry that an index serves in the order of the ids. Those on a record must
    hold for one and the same record that the entry touched, and that is in sight.
    """

    record: tuple[str, int] | None = None
    indexed: Sequence[ColumnElement[bool]] = ()
    on_entry: Sequence[ColumnElement[bool]] = ()
    on_record: Sequence[ColumnElement[bool]] = ()
    newest_first: bool = True


@dataclass(frozen=True, slots=True)
class SeenEntry:
    """An entry with those records in sight that are named; `in_sight` of all `touched` records are in sight."""

    entry: AuditEntry
    records: Sequence[AuditRecord]
    in_sight: int
    touched: int

    @property
    def unnamed(self) -> int:
        """Return how many records in sight are not among those named."""
        return self.in_sight - len(self.records)

    @property
    def out_of_sight(self) -> int:
        """Return how many records the entry names that the reader may not see."""
        return self.touched - self.in_sight


@dataclass(frozen=True, slots=True)
class TrailPage:
    """A page of the trail. `next` is the entry after which the next page begins, None where there is none.

    A reader who sees few of the entries may get a short page with a next one: so far has been looked.
    """

    entries: Sequence[SeenEntry]
    next: int | None


def trail(
    session: Session, actor: Actor, wanted: Wanted, *, after: int | None = None, skip: int = 0, size: int = PAGE
) -> TrailPage:
    """Return a page of the entries in sight that are wanted, which follows the entry `after`. Raises Forbidden."""
    window = _candidates(wanted, after).limit(WINDOW).subquery()
    statement = _wanted_entries(actor, wanted).join(window, window.c.id == AuditEntry.id)
    ordered = statement.order_by(_ordered(window.c.id, wanted)).offset(skip).limit(size + 1)
    found = session.scalars(ordered).all()
    if len(found) > size:
        follows: int | None = found[size - 1].id
    else:
        follows = _end_of(session, window, wanted)
    return TrailPage(with_records(session, actor, found[:size], always=wanted.record), follows)


def count(session: Session, actor: Actor, wanted: Wanted, *, cap: int) -> tuple[int, bool]:
    """Count the entries in sight that are wanted, up to `cap`; tells too whether there may be more."""
    window = _candidates(wanted, None).limit(WINDOW).subquery()
    statement = _wanted_entries(actor, wanted).join(window, window.c.id == AuditEntry.id)
    ids = statement.with_only_columns(AuditEntry.id)
    if reads_all(actor) and not wanted.on_entry and not wanted.on_record:
        # Each candidate is wanted: looking every entry up by its id would find nothing else out.
        ids = select(window.c.id)
    some = ids.limit(cap + 1).subquery()
    counted = session.scalar(select(func.count()).select_from(some)) or 0
    return min(counted, cap), counted > cap or _end_of(session, window, wanted) is not None


def entry(session: Session, actor: Actor, *, entry_id: int) -> SeenEntry:
    """Return one entry with the records that it touched. Raises NotFound, Forbidden."""
    found = session.scalar(entries(actor).where(AuditEntry.id == entry_id))
    if found is None:
        raise NotFound(say("There is no entry of the audit trail with this id."))
    return with_records(session, actor, [found], named=NAMED_ON_PAGE)[0]


def entries(actor: Actor, on_record: Sequence[ColumnElement[bool]] = ()) -> Select[AuditEntry]:
    """Select the entries in sight: of a kind that the actor may know of, about a record that they may see."""
    ensure(actor, Operation.READ, "audit")
    statement = select(AuditEntry).where(entries_in_sight(actor))
    if reads_all(actor) and not on_record:
        return statement
    return statement.where(
        exists().where(AuditRecord.entry_id == AuditEntry.id, records_in_sight(actor), *on_record).correlate(AuditEntry)
    )


def first_id_since(session: Session, moment: datetime) -> int | None:
    """Return an id that every entry since `moment` reaches, or None where there is none since."""
    since = select(AuditEntry.id).where(AuditEntry.at >= moment - _SLACK)
    return session.scalar(since.order_by(AuditEntry.at).limit(1))


def last_id_until(session: Session, moment: datetime) -> int | None:
    """Return an id that no entry before `moment` exceeds, or None where there is none before."""
    until = select(AuditEntry.id).where(AuditEntry.at < moment + _SLACK)
    return session.scalar(until.order_by(AuditEntry.at.desc()).limit(1))


def with_records(
    session: Session,
    actor: Actor,
    found: Sequence[AuditEntry],
    *,
    named: int = NAMED,
    always: tuple[str, int] | None = None,
) -> list[SeenEntry]:
    """Return entries with the first `named` records in sight of each, and the record `always`; two statements."""
    ids = [one.id for one in found]
    numbered = (
        select(
            AuditRecord.id,
            func.row_number().over(partition_by=AuditRecord.entry_id, order_by=AuditRecord.id).label("place"),
            func.count().over(partition_by=AuditRecord.entry_id).label("in_sight"),
        )
        .where(AuditRecord.entry_id.in_(ids), records_in_sight(actor))
        .subquery()
    )
    is_named = numbered.c.place <= named
    statement = select(AuditRecord, numbered.c.in_sight).join(numbered, numbered.c.id == AuditRecord.id)
    statement = statement.where(or_(is_named, _is_about(always)) if always else is_named).order_by(AuditRecord.id)
    records: dict[int, list[AuditRecord]] = {one: [] for one in ids}
    in_sight: dict[int, int] = {}
    for row, count in session.execute(statement):
        records[row.entry_id].append(row)
        in_sight[row.entry_id] = count
    touched = _touched(session, ids)
    return [SeenEntry(one, records[one.id], in_sight.get(one.id, 0), touched.get(one.id, 0)) for one in found]


def _touched(session: Session, ids: Collection[int]) -> dict[int, int]:
    """Return how many records each entry names, in sight or not."""
    counted = select(AuditRecord.entry_id, func.count()).where(AuditRecord.entry_id.in_(ids))
    return dict(session.execute(counted.group_by(AuditRecord.entry_id)).all())


def _wanted_entries(actor: Actor, wanted: Wanted) -> Select[AuditEntry]:
    about = [_is_about(wanted.record)] if wanted.record else []
    return entries(actor, [*about, *wanted.on_record]).where(*wanted.on_entry)


def _candidates(wanted: Wanted, after: int | None) -> Select[Any]:
    """Select the ids to look through, in order: those of the entries about one record, or all, by an index."""
    key = AuditEntry.id
    statement = select(key.label("id")).where(*wanted.indexed)
    if wanted.record:
        key = AuditRecord.entry_id
        statement = select(key.label("id")).where(_is_about(wanted.record)).distinct()
        if wanted.indexed:
            statement = statement.join(AuditEntry, AuditEntry.id == key).where(*wanted.indexed)
    if after is not None:
        statement = statement.where(key < after if wanted.newest_first else key > after)
    return statement.order_by(_ordered(key, wanted))


def _ordered(key: InstrumentedAttribute[int] | ColumnElement[int], wanted: Wanted) -> ColumnElement[int]:
    ordered: ColumnElement[int] = key.desc() if wanted.newest_first else key.asc()
    return ordered


def _is_about(record: tuple[str, int]) -> ColumnElement[bool]:
    return and_(AuditRecord.resource == record[0], AuditRecord.record_id == record[1])


def _end_of(session: Session, window: Subquery, wanted: Wanted) -> int | None:
    """Return the last candidate that was looked at, or None when there are no others behind it."""
    last = func.min(window.c.id) if wanted.newest_first else func.max(window.c.id)
    looked_through, end = session.execute(select(func.count(), last)).one()
    return end if looked_through == WINDOW else None
