"""Purging for good: a deleted record loses all personal data, and what else holds traces of it loses them too.

Its row stays, so that its number stays taken. What is blanked, what holds traces, and what still needs a record is
registered by the features, each in its `purging.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from sqlalchemy import Table, inspect, select
from sqlalchemy.orm import Session

from app.core import audit, clock, soft_delete
from app.core.actor import Actor
from app.core.audit import Touch, Verb
from app.core.errors import Conflict, Invalid
from app.core.records import Record, check_version
from app.core.words import say

MAX_REASON = 500
SHOWN_NEEDS = 5
# What every record keeps: that it was there, and since when it isn't.
_SYSTEM = frozenset(
    ("id", "created_at", "last_modified_at", "deleted_at", "last_deleted_at", "purged_at", "deletion_id", "version")
)

# Names what still needs a record, in words.
Need = Callable[[Session, Record], list[str]]


@dataclass(frozen=True, slots=True)
class Wiping:
    """How a kind of record is purged: its name in the trail without personal data, and what blanks its row."""

    label: Callable[[Any], str]
    wipe: Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Trace:
    """What a feature holds about a kind of record: in words, before; and wiped, with the records that it touched.

    `named` is asked once for all records that go together, so that what two of them share is told once. It names what
    is in the actor's sight, and counts the rest.
    """

    named: Callable[[Session, Actor, Sequence[Any]], list[str]]
    wipe: Callable[[Session, Record], list[Touch]]


_wipings: dict[type[Record], Wiping] = {}
_traces: dict[type[Record], list[Trace]] = {}
_needs: dict[type[Record], list[Need]] = {}


def register_wiping(model: type[Record], wiping: Wiping) -> None:
    """Say how a kind of record is purged."""
    _wipings[model] = wiping


def register_trace(model: type[Record], trace: Trace) -> None:
    """Have something else that a feature holds about a kind of record wiped with it."""
    if trace not in _traces.setdefault(model, []):
        _traces[model].append(trace)


def register_need(model: type[Record], need: Need) -> None:
    """Have a kind of record kept as long as something needs it."""
    if need not in _needs.setdefault(model, []):
        _needs[model].append(need)


def touch_of(record: Record) -> Touch:
    """Return how the audit trail names a record that is being purged: by number or id, never by a person's name."""
    return Touch(record.__tablename__, record.id, _wipings[type(record)].label(record))


def purge(
    session: Session, actor: Actor, *, record: Record, verb: Verb, reason: object, version: int | None = None
) -> list[Touch]:
    """Wipe a deleted record, all that belongs to it alone, and their traces; return what the audit entry names.

    Raises Invalid (no reason), Stale, Conflict (`not_deleted`; `still_needed`, naming by what).
    """
    words = check_reason(reason)
    check_version(record, version)
    doomed = ensure_purgeable(session, record, lock=True)
    touched = [touch_of(one) for one in doomed]
    moment = clock.now()
    for one in doomed:
        touched += [touch for trace in _traces.get(type(one), ()) for touch in trace.wipe(session, one)]
        _wipings[type(one)].wipe(one)
        one.purged_at = moment
    audit.record(session, actor, verb=verb, touched=touched, reason=words)
    return touched


def preview(session: Session, actor: Actor, *, record: Record) -> list[str]:
    """Say line by line what purging a record wipes: the record, what belongs to it, and the traces of all of them."""
    doomed = [record, *(child for _, child in soft_delete.belonging(session, record))]
    asked: dict[Callable[[Session, Actor, Sequence[Any]], list[str]], list[Record]] = {}
    for one in doomed:
        for trace in _traces.get(type(one), ()):
            asked.setdefault(trace.named, []).append(one)
    found = [line for named, records in asked.items() for line in named(session, actor, records)]
    return [str(one) for one in doomed] + found


def ensure_purgeable(session: Session, record: Record, *, lock: bool = False) -> list[Record]:
    """Return a deleted record and all that belongs to it alone.

    Raises Conflict when it lives (`not_deleted`), or while something needs one of them (`still_needed`, naming what).
    """
    if record.deleted_at is None:
        raise Conflict(say("Only what is deleted can be purged. Delete this record first."), code="not_deleted")
    doomed = [record, *(child for _, child in soft_delete.belonging(session, record, lock=lock))]
    needs = [
        say("{name}: {need}", name=touch_of(one).label, need=need)
        for one in doomed
        for ask in _needs.get(type(one), ())
        for need in ask(session, one)
    ]
    if needs:
        raise Conflict(
            say("This can't be purged yet, because something still needs it. {needs}", needs=_joined(needs)),
            code="still_needed",
            detail={"needed_by": needs},
        )
    return doomed


def check_reason(reason: object) -> str:
    """Return the reason of a purge. Raises Invalid without one."""
    text = " ".join(reason.split()) if isinstance(reason, str) else ""
    if not text or len(text) > MAX_REASON or any(ord(character) < ord(" ") for character in text):
        raise Invalid(say("Say in at most {limit} characters why this is purged.", limit=MAX_REASON), field="reason")
    return text


def blank(record: Record, *, keep: Collection[str], instead: Mapping[str, object] | None = None) -> None:
    """Empty every column and list of a record but those in `keep`, so that a column added later is not forgotten.

    `instead` holds what stands in columns that can't be empty.
    """
    mapper = inspect(type(record))
    for attribute in mapper.column_attrs:
        if attribute.key not in _SYSTEM and attribute.key not in keep:
            setattr(record, attribute.key, (instead or {}).get(attribute.key))
    for relation in mapper.relationships:
        if relation.uselist and not relation.viewonly and relation.key not in keep:
            setattr(record, relation.key, [])


def count_references(session: Session, table: Table, record: Record) -> int:
    """Count the rows of a table that refer to a record, leaving out purged ones.

    For a table that ties two kinds together, the rows of the other kind are counted.
    """
    ours = record.__tablename__
    columns = [key.parent for key in table.foreign_keys if key.column.table.name == ours]
    others = [column for column in table.primary_key.columns if column not in columns]
    if not columns or not others:
        return 0
    ids = {
        number
        for column in columns
        for number in session.scalars(
            select(others[0]).where(
                column == record.id, *([table.c.purged_at.is_(None)] if "purged_at" in table.c else [])
            )
        )
    }
    return len(ids)


def _joined(needs: Sequence[str]) -> str:
    """Return the first of some sentences as one text, each still to be translated by itself."""
    return reduce(lambda text, need: say("{text} {need}", text=text, need=need), needs[:SHOWN_NEEDS])
