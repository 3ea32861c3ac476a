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
from app.lookups.models import NamedCustomer

# Returns those of some records, by their ids, that are in an actor's sight.
Finder = Callable[[Session, Actor, Collection[int]], Mapping[int, Any]]

_finders: dict[str, Finder] = {}
# The row by which a list names a record of each resource.
_ROWS: Mapping[str, Callable[[int], Any]] = {"customer": lambda number: NamedCustomer(customer_id=number)}


def register_finder(resource: str, finder: Finder) -> None:
    """Let lists refer to records of a resource; called by the wiring."""
    _finders[resource] = finder


def seen(session: Session, actor: Actor, resource: str, rows: Iterable[Any]) -> list[Any]:
    """Return the records in the actor's sight that some rows name, in their order."""
    ids = [row.id for row in rows]
    found = _finders[resource](session, actor, ids) if ids else {}
    return [found[one] for one in ids if one in found]


def referred_rows(
    session: Session,
    actor: Actor,
    fields: Fields,
    values: dict[str, Any],
    errors: FieldErrors,
    *,
    record: Record | None = None,
) -> dict[str, list[Any]]:
    """Look up the records that the values refer to; what is out of the actor's sight stays as the record has it.

    The values then name those too, and the errors name ids that are no record in sight.
    """
    rows: dict[str, list[Any]] = {}
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
        named = {row.id: row for row in before}
        hidden = [one for one in named if one not in found]
        values[name] = sorted({*value, *hidden})
        rows[name] = [named[one] if one in named else _ROWS[kind.resource](one) for one in values[name]]
    return rows
