"""Records of features above that a list's row refers to: who finds them registers here, so that lists know no names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.access.names import name_of
from app.core.actor import Actor
from app.core.errors import FieldErrors
from app.core.fields import Fields, References
from app.core.records import Record
from app.core.words import say

# Returns those of some records, by their ids, that are in an actor's sight.
Finder = Callable[[Session, Actor, Collection[int]], Mapping[int, Any]]

_finders: dict[str, Finder] = {}


def register_finder(resource: str, finder: Finder) -> None:
    """Let lists refer to records of a resource; called by the wiring."""
    _finders[resource] = finder


def seen(session: Session, actor: Actor, resource: str, rows: Iterable[Any]) -> list[Any]:
    """Return those of some rows that are in the actor's sight, in their order."""
    rows = list(rows)
    found = _finders[resource](session, actor, {row.id for row in rows}) if rows else {}
    return [row for row in rows if row.id in found]


def referred_rows(
    session: Session,
    actor: Actor,
    fields: Fields,
    values: dict[str, Any],
    errors: FieldErrors,
    *,
    record: Record | None = None,
) -> dict[str, list[Record]]:
    """Look up the records that the values refer to; what is out of the actor's sight stays as the record has it.

    The values then name those too, and the errors name ids that are no record in sight.
    """
    rows: dict[str, list[Record]] = {}
    for name, value in values.items():
        kind = fields[name]
        if name in errors or not isinstance(kind, References) or kind.resource not in _finders:
            continue
        before = [] if record is None else list(getattr(record, kind.column or name))
        found = _finders[kind.resource](session, actor, {*value, *(row.id for row in before)})
        missing = [one for one in value if one not in found]
        if missing:
            kind_name = name_of(kind.resource)
            errors[name] = [say("There is no {kind} with the id {id}.", kind=kind_name, id=one) for one in missing]
            continue
        hidden = [row for row in before if row.id not in found]
        rows[name] = [*(found[one] for one in value), *hidden]
        values[name] = sorted(row.id for row in rows[name])
    return rows
