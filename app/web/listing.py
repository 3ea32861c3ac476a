"""Pages of a list: search, sort and count at a bounded cost, whatever is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.web.resource import Resource

COUNT_CAP = 10_000
PAGE_SIZES = (20, 50, 100)
MAX_SEARCH = 100


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one page. `count` is exact up to COUNT_CAP; beyond, `count_capped` is set. Pages count from 0."""

    rows: Sequence[Any]
    count: int
    count_capped: bool
    page: int
    page_size: int

    @property
    def has_next(self) -> bool:
        """Tell whether a page follows."""
        return self.count_capped or (self.page + 1) * self.page_size < self.count


def count_rows(session: Session, statement: Select[Any], resource: Resource) -> tuple[int, bool]:
    """Count the rows of a statement, giving up beyond COUNT_CAP; returns (count, capped)."""
    some = statement.with_only_columns(resource.model.id).order_by(None).limit(COUNT_CAP + 1).subquery()
    counted = session.scalar(select(func.count()).select_from(some)) or 0
    return min(counted, COUNT_CAP), counted > COUNT_CAP


def list_page(
    session: Session,
    statement: Select[Any],
    *,
    resource: Resource,
    order: str | None = None,
    descending: bool = False,
    page: int = 0,
    page_size: int = PAGE_SIZES[0],
) -> Page:
    """Return one page of a statement, sorted by one of the resource's orders, with the id as the last word."""
    count, capped = count_rows(session, statement, resource)
    columns = [resource.orders[order]] if order else list(resource.default_order)
    sorted_by = [column.desc() if descending and order else column for column in columns]
    rows = session.scalars(
        statement.order_by(*sorted_by, resource.model.id)
        .options(*resource.load)
        .limit(page_size)
        .offset(page * page_size)
    ).all()
    return Page(rows, count, capped, page, page_size)


def searched(actor: Actor, resource: Resource, text: str) -> Select[Any]:
    """Select the rows in sight that match `text`; an empty one matches all."""
    statement = resource.rows(actor)
    if text and resource.matching is not None:
        statement = statement.where(resource.matching(text))
    return statement
