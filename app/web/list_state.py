"""What a list is asked for: search, filters, order, columns and page size, read out of an address and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import Select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import Unreadable
from app.core.words import say
from app.web.list_filters import Chip, ListFilter, Reading, registered_filters
from app.web.listing import MAX_SEARCH, PAGE_SIZES, searched
from app.web.resource import Resource

MAX_STATE = 2000
SEARCH = "q"


@dataclass(frozen=True)
class ListState:
    """A list as it stands: the search text, each filter that is on, the order, the page size, and columns asked for.

    `order` is a name out of the resource's orders, or None for its default. It says nothing of the page.
    """

    resource: Resource
    actor: Actor
    text: str
    given: Mapping[str, str]
    order: str | None
    descending: bool
    page_size: int
    columns: tuple[str, ...] | None

    @cached_property
    def filters(self) -> Sequence[ListFilter]:
        """Return the filters that the actor is offered."""
        return offered_filters(self.resource, self.actor)

    def read(self, session: Session) -> list[tuple[ListFilter, Reading]]:
        """Return each filter with what it makes of the address. Raises Unreadable, NotFound."""
        return [
            (
                one,
                one.read(
                    session, self.actor, {name: self.given[name] for name in one.parameters if name in self.given}
                ),
            )
            for one in self.filters
        ]

    def rows(self, session: Session, readings: Sequence[tuple[ListFilter, Reading]] | None = None) -> Select[Any]:
        """Select what the list shows on all its pages, in no order: in sight, matching, and by every filter."""
        found = self.read(session) if readings is None else readings
        conditions = [reading.condition for _, reading in found if reading.condition is not None]
        return searched(self.actor, self.resource, self.text).where(*conditions)

    def parameters(self) -> dict[str, str]:
        """Return the state as parameters of an address; what is as by default is left out."""
        found = {SEARCH: self.text, **self.given}
        if self.order is not None:
            found |= {"order": self.order, "direction": "desc" if self.descending else ""}
        if self.page_size != PAGE_SIZES[0]:
            found["page_size"] = str(self.page_size)
        if self.columns is not None:
            found["columns"] = ",".join(self.columns)
        return {name: value for name, value in found.items() if value}

    def query(self, **changes: str | None) -> str:
        """Return the state as the query of an address, with some parameters changed; None or empty drops one."""
        changed: dict[str, str | None] = {**self.parameters(), **changes}
        return urlencode({name: value for name, value in changed.items() if value})

    def cleared(self) -> ListState:
        """Return the state without its search and its filters."""
        return replace(self, text="", given={})

    def chips(self, readings: Sequence[tuple[ListFilter, Reading]]) -> list[Chip]:
        """Return what is on: the search, and each filter."""
        found = [Chip(SEARCH, say("Search"), self.text)] if self.text else []
        return [*found, *(chip for _, reading in readings for chip in reading.chips)]


def offered_filters(resource: Resource, actor: Actor) -> Sequence[ListFilter]:
    """Return the filters of a resource's list that the actor is offered, its own before those of features above."""
    return tuple(one for one in (*resource.list_filters, *registered_filters(resource.name)) if one.offered(actor))


def read_state(resource: Resource, actor: Actor, args: Mapping[str, str]) -> ListState:
    """Read a list's state out of the parameters of an address. Raises Unreadable."""
    order = args.get("order", "") or None
    if order is not None and order not in resource.orders:
        raise Unreadable(say("Lists can be sorted by: {names}.", names=", ".join(resource.orders)), field="order")
    names = [name for one in offered_filters(resource, actor) for name in one.parameters]
    values = {name: _value(name, args.get(name, "")) for name in names}
    columns = [name for name in args.get("columns", "")[:MAX_STATE].split(",") if name.isidentifier()]
    return ListState(
        resource=resource,
        actor=actor,
        text=_clean(args.get(SEARCH, "")),
        given={name: value for name, value in values.items() if value},
        order=order,
        descending=order is not None and args.get("direction") == "desc",
        page_size=_page_size(args.get("page_size", "")),
        columns=tuple(dict.fromkeys(columns)) or None,
    )


def state_of_query(resource: Resource, actor: Actor, query: str) -> ListState:
    """Read a list's state out of the query of an address, as a form carries it along. Raises Unreadable."""
    if len(query) > MAX_STATE:
        raise Unreadable(say("This address is too long to be read."))
    return read_state(resource, actor, dict(parse_qsl(query, max_num_fields=100)))


def _page_size(text: str) -> int:
    if not text:
        return PAGE_SIZES[0]
    size = int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0  # noqa: PLR2004  digits
    if size < 1 and text != "0":
        raise Unreadable(say("A page has 20, 50 or 100 rows."), field="page_size")
    return next((offered for offered in PAGE_SIZES if size <= offered), PAGE_SIZES[-1])


def _value(name: str, text: str) -> str:
    """Return a filter's value in one line. Raises Unreadable for what no database can hold."""
    kept = _clean(text)
    if len(text) > MAX_SEARCH or any(char == "\x00" or "\ud800" <= char <= "\udfff" for char in text):
        raise Unreadable(say("The filter {name} can't be read.", name=name), field=name)
    return kept


def _clean(text: str) -> str:
    """Return a parameter's text in one line, without what no database can hold, and not longer than a search."""
    kept = "".join(char for char in text if char != "\x00" and not "\ud800" <= char <= "\udfff")
    return " ".join(kept.split())[:MAX_SEARCH]
