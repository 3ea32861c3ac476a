"""Pages of a list: sort, pages by key, and a count at a bounded cost, whatever is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import Unreadable
from app.core.words import say
from app.web import keyset
from app.web.keyset import Cursor, Sort
from app.web.resource import Resource

COUNT_CAP = 10_000
PAGE_SIZES = (20, 50, 100)
# So many are sorted by themselves sooner than they are met in the table's order.
FEW = 2_000
MAX_SEARCH = 100
MAX_DEPTH = 100_000


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one page. `count` is exact up to COUNT_CAP; beyond, `count_capped` is set.

    `place` is how many rows stand before it, where that is known. `next` and `previous` are the cursors of the pages
    around it, where there are any.
    """

    rows: Sequence[Any]
    count: int
    count_capped: bool
    page_size: int
    place: int | None = 0
    next: str | None = None
    previous: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which page is asked for: after or before a cursor, from a value on, or by number (from 0)."""

    after: str = ""
    before: str = ""
    start: Any = None
    page: int = 0


FIRST_PAGE = Wanted()


def count_rows(session: Session, statement: Select[Any], resource: Resource) -> tuple[int, bool]:
    """Count the rows of a statement, giving up beyond COUNT_CAP; returns (count, capped)."""
    some = statement.with_only_columns(resource.model.id).order_by(None).limit(COUNT_CAP + 1).subquery()
    counted = session.scalar(select(func.count()).select_from(some)) or 0
    return min(counted, COUNT_CAP), counted > COUNT_CAP


def sort_of(resource: Resource, order: str | None = None, *, descending: bool = False) -> Sort:
    """Return the order of that name, or the resource's default."""
    if order is None:
        order, descending = resource.default_order.removeprefix("-"), resource.default_order.startswith("-")
    given = resource.orders[order]
    columns = given if isinstance(given, tuple) else (given,)
    key = resource.model.id
    kept = tuple(column for column in columns if column is not key)
    return Sort(order, kept, key.expression, descending)


def list_page(
    session: Session,
    statement: Select[Any],
    *,
    resource: Resource,
    sort: Sort,
    wanted: Wanted = FIRST_PAGE,
    page_size: int = PAGE_SIZES[0],
) -> Page:
    """Return one page of a statement in an order. Raises Unreadable for a cursor that can't be read."""
    count, capped = count_rows(session, statement, resource)
    loaded = statement.options(*resource.load)
    if wanted.page:
        return _numbered(session, loaded, sort, wanted.page, Page((), count, capped, page_size))
    backwards = bool(wanted.before) and not wanted.after
    text = wanted.after or wanted.before
    cursor = keyset.read(sort, text) if text else None
    here: dict[str, Any] = {"after": cursor, "backwards": backwards, "start": wanted.start}
    found = keyset.rows_from(session, loaded, sort, few=count <= FEW, limit=page_size + 1, **here)
    more = len(found) > page_size
    found = found[:page_size]
    place = _place(cursor, len(found), backwards=backwards, jumped=wanted.start is not None)
    if backwards:
        found.reverse()
        more, before = True, more
    else:
        before = cursor is not None or wanted.start is not None
    return Page(
        [row for row, _ in found],
        count,
        capped,
        page_size,
        place,
        next=_cursor(sort, found[-1:], None if place is None else place + len(found)) if more else None,
        previous=_cursor(sort, found[:1], place) if before else None,
    )


def searched(actor: Actor, resource: Resource, text: str) -> Select[Any]:
    """Select the rows in sight that match `text`; an empty one matches all."""
    statement = resource.rows(actor)
    if text and resource.matching is not None:
        statement = statement.where(resource.matching(text))
    return statement


def _cursor(sort: Sort, rows: Sequence[tuple[Any, tuple[Any, ...]]], place: int | None) -> str | None:
    return keyset.written(sort, Cursor(rows[0][1], place)) if rows else None


def _place(cursor: Cursor | None, found: int, *, backwards: bool, jumped: bool) -> int | None:
    """Return how many rows stand before the page: reckoned from page to page, as counting them would cost."""
    if cursor is None:
        return None if jumped else 0
    if cursor.place is None:
        return None
    return max(cursor.place - found, 0) if backwards else cursor.place


def _numbered(session: Session, statement: Select[Any], sort: Sort, number: int, page: Page) -> Page:
    """Return a page by its number, in the same order as by key; one that is too deep to be quick is refused."""
    place = number * page.page_size
    if place >= page.count and not page.count_capped:
        return page
    if place > MAX_DEPTH:
        raise Unreadable(
            say("Pages by number go 100,000 rows deep. Go on by after, with what a page gave as next."), field="q"
        )
    columns = (*sort.columns, sort.key)
    ordered = [column.desc() if sort.descending else column.asc() for column in columns]
    if sort.nullable:
        ordered.insert(0, sort.columns[0].is_(None).asc())
    wanted = statement.add_columns(*columns).order_by(None).order_by(*ordered)
    found = [(row[0], tuple(row[1:])) for row in session.execute(wanted.offset(place).limit(page.page_size + 1))]
    more = len(found) > page.page_size
    found = found[: page.page_size]
    return Page(
        [row for row, _ in found],
        page.count,
        page.count_capped,
        page.page_size,
        place,
        next=_cursor(sort, found[-1:], place + len(found)) if more else None,
        previous=_cursor(sort, found[:1], place),
    )
