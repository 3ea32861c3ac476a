"""What the screens and REST of one kind of record have in common: its fields, its rows in sight, and its verbs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import Session
from sqlalchemy.orm.interfaces import ExecutableOption

from app.core.actor import Actor
from app.core.fields import Field, Fields, Reference, References, Secret
from app.core.records import Record

Read = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A kind of record as people and programs meet it.

    `rows` selects the living records in an actor's sight; `get` returns one or raises NotFound. `orders` are the
    columns by which lists may be sorted, `filters` those by which REST may filter. `read_only` are computed values
    that REST gives beside the fields. A verb that is None isn't offered.
    """

    name: str
    label: str
    plural: str
    model: type[Record]
    fields: Fields
    rows: Callable[[Actor], Select[Any]]
    get: Callable[[Session, Actor, int], Any]
    orders: Mapping[str, ColumnElement[Any] | Any]
    default_order: Sequence[ColumnElement[Any] | Any]
    filters: Mapping[str, Any] = field(default_factory=dict)
    matching: Callable[[str], ColumnElement[bool]] | None = None
    load: Sequence[ExecutableOption] = ()
    load_one: Sequence[ExecutableOption] = ()
    read_only: Mapping[str, Read] = field(default_factory=dict)
    create: Callable[[Session, Actor, Mapping[str, object]], Any] | None = None
    update: Callable[[Session, Actor, int, Mapping[str, object], int | None], Any] | None = None
    delete: Callable[[Session, Actor, int, int | None], Any] | None = None

    def readable(self) -> list[str]:
        """Return the names that REST gives: the system's, the fields that are no secrets, and the computed ones."""
        shown = [name for name, kind in self.fields.items() if not isinstance(kind, Secret)]
        return ["id", *shown, *self.read_only, *SYSTEM_COLUMNS]

    def value(self, record: Record, name: str) -> Any:
        """Return what REST gives for `name`: a field, a computed value, a system column or a dotted column."""
        if name in self.fields:
            return plain(self.fields[name].current(record, name))
        if name in self.read_only:
            return plain(self.read_only[name](record))
        first, _, rest = name.partition(".")
        if rest:
            related = getattr(record, first)
            return None if related is None else plain(getattr(related, rest))
        return plain(getattr(record, name))

    def dotted(self) -> dict[str, str]:
        """Return the dotted columns that may be asked for: the name of each single lookup that a field refers to."""
        return {
            f"{name}.name": name
            for name, kind in self.fields.items()
            if isinstance(kind, Reference) and kind.column and hasattr(self.model, name)
        }


SYSTEM_COLUMNS = ("created_at", "last_modified_at", "deleted_at", "last_deleted_at", "version")


def plain(value: object) -> object:
    """Turn a value into what REST gives: times ISO 8601 in UTC, dates YYYY-MM-DD, decimals as text."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, Mapping):
        return {name: plain(part) for name, part in value.items()}
    return value


def is_relation(kind: Field) -> bool:
    """Tell whether a field refers to other records."""
    return isinstance(kind, Reference | References)
