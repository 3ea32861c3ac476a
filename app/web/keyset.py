"""Pages by key: the rows after or before a place in a sort order, at the same cost however deep they lie.

Rows without a value come last, ascending and descending alike, on every database. They are fetched apart from the
others, as databases place them differently, and only so does an index serve both.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, select, tuple_
from sqlalchemy.orm import Session
from sqlalchemy.sql import visitors
from sqlalchemy.sql.functions import coalesce

from app.core.errors import Unreadable
from app.core.records import UtcDateTime
from app.core.whole_numbers import MAX_ID
from app.core.words import say

# Turns columns into an order by them.
Ordering = Callable[[Sequence[ColumnElement[Any]]], Sequence[ColumnElement[Any]]]

MAX_CURSOR = 2000
MAX_PLACE = 10**9
MAX_NUMBER = Decimal(10) ** 14


@dataclass(frozen=True, slots=True)
class Sort:
    """An order: its name, its columns (only the first may be null), the id as the last word, and the direction."""

    name: str
    columns: tuple[ColumnElement[Any], ...]
    key: ColumnElement[Any]
    descending: bool

    @property
    def nullable(self) -> bool:
        """Tell whether rows may have no value to be sorted by."""
        return bool(self.columns) and may_be_null(self.columns[0])


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in an order: the values of the row there, its id last, and how many rows stood before the page after it.

    `place` is None where nobody knows, after a jump.
    """

    values: tuple[Any, ...]
    place: int | None


def may_be_null(column: ColumnElement[Any]) -> bool:
    """Tell whether a column, or an expression over columns, may be null."""
    return not isinstance(column, coalesce) and any(
        getattr(part, "nullable", False) for part in visitors.iterate(column)
    )


# Cursors in addresses.


def written(sort: Sort, cursor: Cursor) -> str:
    """Return a cursor as it stands in an address: opaque, and good for its order alone."""
    values = [_plain(value) for value in cursor.values]
    text = json.dumps([sort.name, int(sort.descending), cursor.place, values], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read(sort: Sort, text: str) -> Cursor:
    """Return the cursor that an address holds. Raises Unreadable for one that is broken, or of another order."""
    try:
        return _read(sort, text)
    except (ValueError, TypeError, ArithmeticError, RecursionError, binascii.Error) as error:
        raise Unreadable(
            say("This place in the list can't be read. Start at its first page."), code="cursor", field="after"
        ) from error


def _read(sort: Sort, text: str) -> Cursor:
    """Read a cursor. Raises ValueError, TypeError, ArithmeticError, RecursionError."""
    if len(text) > MAX_CURSOR:
        raise ValueError("too long")
    name, descending, place, values = json.loads(
        base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    )
    if [name, descending] != [sort.name, int(sort.descending)] or len(values) != len(sort.columns) + 1:
        raise ValueError("another order")
    if place is not None and (type(place) is not int or not 0 <= place <= MAX_PLACE):
        raise ValueError("no place")
    first, *others = (*sort.columns, sort.key)
    return Cursor(
        (
            _typed(values[0], first, nullable=sort.nullable),
            *(_typed(value, column, nullable=False) for value, column in zip(values[1:], others, strict=True)),
        ),
        place,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _typed(value: Any, column: ColumnElement[Any], *, nullable: bool) -> Any:
    """Return a cursor's value in the column's type. Raises ValueError, TypeError, ArithmeticError."""
    if value is None and nullable:
        return None
    if isinstance(column.type, UtcDateTime):
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC)
    kind = column.type.python_type
    if kind is date:
        return date.fromisoformat(value)
    if kind is Decimal:
        number = Decimal(value)
        if not number.is_finite() or abs(number) >= MAX_NUMBER:
            raise ValueError("out of range")
        return number
    if type(value) is not kind:
        raise ValueError("another type")
    if isinstance(value, str) and any(char == "\x00" or "\ud800" <= char <= "\udfff" for char in value):
        raise ValueError("no text")
    if isinstance(value, int) and not -MAX_ID <= value <= MAX_ID:
        raise ValueError("out of range")
    return value


# Rows.


def gathered(
    session: Session, statement: Select[Any], columns: Sequence[ColumnElement[Any]], ordered: Ordering, *, limit: int
) -> list[tuple[Any, tuple[Any, ...]]]:
    """Return the first of few records in an order, with their values; the last of `columns` is the id.

    They are found before they are sorted: told to sort and to stop early, a database may walk the whole table in that
    order to meet them. `ordered` gives the order by the columns that it gets.
    """
    model = statement.column_descriptions[0]["entity"]
    kept = [column.label(f"sort_{number}") for number, column in enumerate(columns)]
    # PostgreSQL takes a selection with an offset as it is, and so does not mix it with the order around it.
    within = list(statement.with_only_columns(*kept).order_by(None).offset(0).subquery().c)
    keys = session.execute(select(*within).order_by(*ordered(within)).limit(limit)).all()
    if not keys:
        return []
    found = session.scalars(statement.order_by(None).where(model.id.in_([key[-1] for key in keys])))
    rows = {row.id: row for row in found}
    return [(rows[key[-1]], tuple(key)) for key in keys if key[-1] in rows]


def rows_from(
    session: Session,
    statement: Select[Any],
    sort: Sort,
    *,
    few: bool = False,
    after: Cursor | None = None,
    backwards: bool = False,
    start: Any = None,
    limit: int,
) -> list[tuple[Any, tuple[Any, ...]]]:
    """Return rows with their key values, from the cursor on in the sort's direction, or backwards from it.

    Without a cursor, from the order's beginning; `start` is a value of the first column to begin at instead. Backwards,
    the row nearest to the cursor comes first. `few` tells that the statement has few.
    """
    turned = sort.descending is not backwards
    columns = (*sort.columns, sort.key)

    def ordered(given: Sequence[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
        return [column.desc() if turned else column.asc() for column in given]

    found: list[tuple[Any, tuple[Any, ...]]] = []
    for segment in _segments(sort, after, backwards=backwards, start=start):
        wanted, left = statement.where(*segment), limit - len(found)
        if few:
            found += gathered(session, wanted, columns, ordered, limit=left)
        else:
            rows = session.execute(wanted.add_columns(*columns).order_by(None).order_by(*ordered(columns)).limit(left))
            found += [(row[0], tuple(row[1:])) for row in rows]
        if len(found) >= limit:
            break
    return found


def _segments(
    sort: Sort, cursor: Cursor | None, *, backwards: bool, start: Any
) -> Sequence[Sequence[ColumnElement[bool]]]:
    """Return the conditions of the stretches that follow, in order: those with a value, then those without."""
    first = sort.columns[0] if sort.nullable else None
    empty = None if first is None else first.is_(None)
    filled = [] if first is None else [first.is_not(None)]
    if cursor is None:
        head = [_from(sort, start)] if start is not None else filled
        stretches = [head] if empty is None else [head, [empty]]
        return stretches[::-1] if backwards else stretches
    if empty is not None and cursor.values[0] is None:
        rest = [empty, _beyond(sort, cursor, backwards=backwards, skip=1)]
        return [rest, filled] if backwards else [rest]
    beyond = [_beyond(sort, cursor, backwards=backwards, skip=0)]
    return [beyond] if empty is None or backwards else [beyond, [empty]]


def _beyond(sort: Sort, cursor: Cursor, *, backwards: bool, skip: int) -> ColumnElement[bool]:
    """Compare rows as a whole, which an index over the same columns answers at once."""
    columns = (*sort.columns, sort.key)[skip:]
    here = tuple_(*columns)
    there = tuple_(*(literal(value, column.type) for value, column in zip(cursor.values[skip:], columns, strict=True)))
    return here < there if sort.descending is not backwards else here > there


def _from(sort: Sort, start: Any) -> ColumnElement[bool]:
    """Compare with a value to begin at; among texts, descending, that is whatever begins with it."""
    first = sort.columns[0]
    if not sort.descending:
        return first >= literal(start, first.type)
    if isinstance(start, str):
        return first < literal(start[:-1] + chr(ord(start[-1]) + 1), first.type)
    return first <= literal(start, first.type)
