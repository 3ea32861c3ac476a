"""What a REST list is asked for: rison in `q`, checked before it reaches the database."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import prison
from sqlalchemy import Boolean, ColumnElement, Date, DateTime, Integer, Numeric, String
from sqlalchemy.orm import InstrumentedAttribute

from app.core.errors import Unreadable
from app.core.records import UtcDateTime
from app.core.words import say
from app.web.resource import Resource

MAX_PAGE_SIZE = 100
MAX_FILTERS = 20
MAX_VALUE = 300
MAX_NUMBER = Decimal(10) ** 14


@dataclass(frozen=True, slots=True)
class ApiQuery:
    """A checked `q`: conditions, order, the page by key or from 0, and the columns to give (None: all)."""

    conditions: list[ColumnElement[bool]]
    order: str | None
    descending: bool
    page: int
    after: str
    page_size: int
    columns: list[str] | None


def read_rison(text: str | None) -> Mapping[str, Any]:
    """Return the mapping in `q`, rison or JSON. Raises Unreadable."""
    if not text:
        return {}
    try:
        value = prison.loads(text)
    except Exception as error:  # noqa: BLE001  the parser raises whatever a malformed text trips over
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            raise Unreadable(say("The parameter q is not valid rison."), field="q") from error
    if not isinstance(value, dict):
        raise Unreadable(say("The parameter q must be a rison object, such as (page:0)."), field="q")
    return value


def read_query(text: str | None, resource: Resource) -> ApiQuery:
    """Check `q` for a list of this resource. Raises Unreadable, saying what is wrong."""
    given = read_known(
        text, "filters", "order_column", "order_direction", "page", "after", "page_size", "columns", "keys"
    )
    order = given.get("order_column") or None
    if order is not None and (not isinstance(order, str) or order not in resource.orders):
        raise Unreadable(say("Lists can be sorted by: {names}.", names=", ".join(resource.orders)), field="q")
    direction = given.get("order_direction", "asc")
    if direction not in ("asc", "desc"):
        raise Unreadable(say("The order_direction is asc or desc."), field="q")
    size = _whole(given.get("page_size", 20), "page_size", lowest=-1)
    page_size = MAX_PAGE_SIZE if size in (-1, 0) else min(size, MAX_PAGE_SIZE)
    page = _whole(given.get("page", 0), "page", lowest=0)
    after = given.get("after", "")
    if not isinstance(after, str) or (after and page):
        raise Unreadable(say("Give after as the text that a page gave as next, and then no page."), field="q")
    return ApiQuery(
        conditions=[_condition(one, resource) for one in _filters(given)],
        order=order,
        descending=direction == "desc",
        page=page,
        after=after,
        page_size=page_size,
        columns=read_columns(given, resource, in_list=True),
    )


def read_known(text: str | None, *names: str) -> Mapping[str, Any]:
    """Return the mapping in `q`, which holds no other names than these. Raises Unreadable."""
    given = read_rison(text)
    unknown = sorted(set(map(str, given)) - set(names))
    if unknown:
        raise Unreadable(say("The parameter q does not know: {names}.", names=", ".join(unknown)), field="q")
    return given


def read_columns_of_one(text: str | None, resource: Resource) -> list[str] | None:
    """Check `q` for a single record, and return the columns that it asks for. Raises Unreadable."""
    return read_columns(read_known(text, "columns", "keys"), resource)


def read_parts(text: str | None) -> list[str] | None:
    """Check `q` for what a resource tells about itself, and return the parts that it asks for. Raises Unreadable."""
    parts = read_known(text, "keys").get("keys")
    if parts is not None and not (isinstance(parts, list) and all(isinstance(part, str) for part in parts)):
        raise Unreadable(say("The keys are a list of names."), field="q")
    return parts


def read_columns(given: Mapping[str, Any], resource: Resource, *, in_list: bool = False) -> list[str] | None:
    """Return the columns that are asked for, dotted ones among them. Raises Unreadable for one that isn't given."""
    columns = given.get("columns")
    if columns is None:
        return None
    offered = {*resource.readable(in_list=in_list), *resource.dotted()}
    if not isinstance(columns, list) or not all(isinstance(column, str) and column in offered for column in columns):
        raise Unreadable(say("The columns to ask for are: {names}.", names=", ".join(sorted(offered))), field="q")
    return list(dict.fromkeys(columns))


def _filters(given: Mapping[str, Any]) -> list[Any]:
    filters = given.get("filters", [])
    if not isinstance(filters, list) or len(filters) > MAX_FILTERS:
        raise Unreadable(say("The filters are a list of at most {most}.", most=MAX_FILTERS), field="q")
    return filters


def _whole(value: object, name: str, *, lowest: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= 1_000_000:  # noqa: PLR2004
        raise Unreadable(
            say("The {name} is a whole number from {lowest} to 1,000,000.", name=name, lowest=max(lowest, 0)), field="q"
        )
    return value


Operator = Callable[[Any, Any], ColumnElement[bool]]

_EQUALITY: dict[str, Operator] = {
    "eq": lambda column, value: column.is_not_distinct_from(value),
    "neq": lambda column, value: column.is_distinct_from(value),
}
_ORDER: dict[str, Operator] = {"gt": lambda column, value: column > value, "lt": lambda column, value: column < value}
_TEXT: dict[str, Operator] = {
    "sw": lambda column, value: column.istartswith(value, autoescape=True),
    "ew": lambda column, value: column.iendswith(value, autoescape=True),
    "ct": lambda column, value: column.icontains(value, autoescape=True),
}
_RELATION: dict[str, Operator] = {"rel_o_m": lambda column, value: column.is_not_distinct_from(value)}
_COLLECTION: dict[str, Operator] = {"rel_m_m": lambda column, value: column.any(id=value)}
# Those that find what holds nothing, or what holds anything, by null.
_NULLABLE = _EQUALITY.keys() | _RELATION.keys()


def operators(column: Any) -> dict[str, Operator]:
    """Return what a column can be filtered by: Flask-AppBuilder's names for the comparisons."""
    if _is_collection(column):
        return _COLLECTION
    kind = column.type
    if isinstance(kind, String):
        return _EQUALITY | _TEXT
    if isinstance(kind, Boolean):
        return _EQUALITY
    if isinstance(kind, Integer) and column.key.endswith("_id"):
        return _EQUALITY | _RELATION
    return _EQUALITY | _ORDER


def _is_collection(column: Any) -> bool:
    return isinstance(column, InstrumentedAttribute) and hasattr(column.property, "mapper")


def _condition(one: object, resource: Resource) -> ColumnElement[bool]:
    if not isinstance(one, dict) or not {"col", "opr"} <= set(one) <= {"col", "opr", "value"}:
        raise Unreadable(say("A filter is (col:…,opr:…,value:…)."), field="q")
    column = resource.filters.get(one["col"]) if isinstance(one["col"], str) else None
    if column is None:
        raise Unreadable(say("Lists can be filtered by: {names}.", names=", ".join(resource.filters)), field="q")
    offered = operators(column)
    operator = offered.get(one["opr"]) if isinstance(one["opr"], str) else None
    if operator is None:
        raise Unreadable(say("{name} can be compared by: {ways}.", name=one["col"], ways=", ".join(offered)), field="q")
    value = _value(one.get("value"), column, name=one["col"], may_be_null=one["opr"] in _NULLABLE)
    if one["opr"] in _EQUALITY and one["col"] in resource.spellings and value is not None:
        column, written = resource.spellings[one["col"]]
        value = written(value)
    return operator(column, value)


def _value(value: object, column: Any, *, name: str, may_be_null: bool) -> Any:
    """Return a filter's value in the column's type. Raises Unreadable."""
    if _is_collection(column):
        return _id(value)
    if value is None:
        if may_be_null:
            return None
        raise Unreadable(say("Give a value to compare {name} with.", name=name), field="q")
    kind = column.type
    if isinstance(kind, Integer) and (column.key == "id" or column.key.endswith("_id")):
        return _id(value)
    reader = next((read for types, read in _READERS if isinstance(kind, types)), _text)
    try:
        return reader(value)
    except (ValueError, TypeError, ArithmeticError):
        raise Unreadable(say("This value can't be compared with {name}.", name=column.key), field="q") from None


def _id(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise Unreadable(say("Give an id, a whole number."), field="q")
    return value


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**31) <= value < 2**31:
        raise Unreadable(say("Give a whole number."), field="q")
    return value


def _text(value: object) -> str:
    text = value if isinstance(value, str) else str(value)
    if not is_encodable(text) or len(text) > MAX_VALUE or isinstance(value, dict | list):
        raise ValueError(text)
    return text


def is_encodable(text: str) -> bool:
    """Tell whether a database can hold a text: no NUL, and no half of a character (RFC 8259, section 8.2)."""
    return not any(char == "\x00" or "\ud800" <= char <= "\udfff" for char in text)


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}[str(value).lower()] if str(value).lower() in ("true", "false") else _refuse()


def _refuse() -> bool:
    raise ValueError("neither true nor false")


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone")
    return moment.astimezone(UTC)


def _number(value: object) -> Decimal:
    number = Decimal(_text(value))
    if not number.is_finite() or abs(number) >= MAX_NUMBER:
        raise ValueError("out of range")
    return number


_READERS: list[tuple[Any, Callable[[Any], Any]]] = [
    (Boolean, _boolean),
    (Integer, _integer),
    (Numeric, _number),
    (Date, lambda value: date.fromisoformat(str(value))),
    (DateTime | UtcDateTime, _moment),
]
