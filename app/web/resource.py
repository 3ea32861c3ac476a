"""What the screens and REST of one kind of record have in common: its fields, its rows in sight, and its verbs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, String, func, literal_column
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.interfaces import ExecutableOption

from app.core.actor import Actor
from app.core.fields import Field, Fields, Reference, References, Secret
from app.core.records import Record
from app.core.words import say

if TYPE_CHECKING:
    from app.web.list_filters import ListFilter

Read = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A kind of record as people and programs meet it.

    `rows` selects the living records in an actor's sight; `get` returns one or raises NotFound. `orders` are the
    columns by which lists may be sorted, one or several each, of which only the first may be null; `default_order`
    names one of them, with a minus in front when it goes down. `list_filters` are the filters of the screen's list,
    `filters` the columns by which REST may filter; where a value has several spellings, `spellings` gives the column of
    the one that counts, and how to write it so. `read_only` are computed values
    that REST gives beside the fields. `of_one` names the fields that REST gives of one record alone, and in no list.
    `of_owner` are further dotted columns, of a relation that `rows` or `load` has
    loaded. `hidden` names the fields of modules that are off: they are kept, and neither shown nor taken. A verb that
    is None isn't offered.
    `is_on` tells whether the module that all of it belongs to is.
    """

    name: str
    label: str
    plural: str
    # Said for itself: other languages can't put these together from a name.
    add_label: str = say("Add")
    none_yet: str = say("Nothing here yet")
    # What people call the fields, the computed values and the columns of its lists.
    labels: Mapping[str, str] = field(default_factory=dict)
    model: type[Record]
    fields: Fields
    rows: Callable[[Actor], Select[Any]]
    get: Callable[[Session, Actor, int], Any]
    orders: Mapping[str, ColumnElement[Any] | tuple[Any, ...] | Any]
    default_order: str
    list_filters: Sequence[ListFilter] = ()
    filters: Mapping[str, Any] = field(default_factory=dict)
    spellings: Mapping[str, tuple[Any, Callable[[str], str]]] = field(default_factory=dict)
    matching: Callable[[str], ColumnElement[bool]] | None = None
    load: Sequence[ExecutableOption] = ()
    load_one: Sequence[ExecutableOption] = ()
    read_only: Mapping[str, Read] = field(default_factory=dict)
    of_one: Sequence[str] = ()
    of_owner: Sequence[str] = ()
    hidden: Callable[[], frozenset[str]] = frozenset
    is_on: Callable[[], bool] = lambda: True
    create: Callable[[Session, Actor, Mapping[str, object]], Any] | None = None
    update: Callable[[Session, Actor, int, Mapping[str, object], int | None], Any] | None = None
    delete: Callable[[Session, Actor, int, int | None], Any] | None = None
    trash: Callable[[Actor], Select[Any]] | None = None
    restore: Callable[[Session, Actor, int, int | None, int | None], Any] | None = None
    purge: Callable[[Session, Actor, int, object, int | None], Any] | None = None

    def offered(self) -> Fields:
        """Return the fields without those of modules that are off."""
        hidden = self.hidden()
        return {name: kind for name, kind in self.fields.items() if name not in hidden}

    def readable(self, *, in_list: bool = False) -> list[str]:
        """Return the names that REST gives: the system's, the fields that are no secrets, and the computed ones."""
        left_out = self.of_one if in_list else ()
        shown = [name for name, kind in self.offered().items() if not isinstance(kind, Secret) and name not in left_out]
        computed = [name for name in self.read_only if name not in left_out]
        return ["id", *shown, *computed, *SYSTEM_COLUMNS]

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
        return self._names() | {name: name.partition(".")[0] for name in self.of_owner}

    def load_dotted(self, columns: Sequence[str] | None) -> list[ExecutableOption]:
        """Return how the rows of the dotted columns that are asked for come along, each with its record."""
        names = self._names()
        return [joinedload(getattr(self.model, names[column])) for column in columns or () if column in names]

    def _names(self) -> dict[str, str]:
        return {
            f"{name}.name": name
            for name, kind in self.offered().items()
            if isinstance(kind, Reference) and kind.column and hasattr(self.model, name)
        }


def folded(column: Any) -> ColumnElement[Any]:
    """Return a text column as lists sort it: without case. Such an order needs an index of its own (`list_index`)."""
    return func.lower(column, type_=String())


def filled(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a text that lists sort by after another, with nothing as the empty text."""
    return func.coalesce(column, literal_column("''", String()))


SYSTEM_LABELS = {
    "id": say("ID"),
    "created_at": say("Created"),
    "last_modified_at": say("Last Modified"),
    "deleted_at": say("Deleted"),
    "last_deleted_at": say("Deleted"),
    "version": say("Version"),
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
