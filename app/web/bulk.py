"""What is done to many rows of a list at once: the actions that features offer, and the rows that were chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request
from sqlalchemy import Select
from sqlalchemy.orm import Session

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.core.errors import Invalid
from app.core.whole_numbers import MAX_ID, is_whole
from app.core.words import say
from app.web.list_state import ListState, state_of_query
from app.web.listing import count_rows
from app.web.resource import Resource

MAX_CHOSEN_ROWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkAction:
    """An entry of a list's menu for the chosen rows, for those who may do `operation` on `resource`.

    The list posts its selection to `url()`; the page there reads it by `read_selection`.
    """

    name: str
    label: str
    resource: str
    operation: Operation
    url: Callable[[], str]
    icon: str = ""
    danger: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLink:
    """A button above a list that leads to something about all that it shows; `url` gets the query of its state."""

    label: str
    resource: str
    operation: Operation
    url: Callable[[str], str]
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows that were chosen: those with `ids`, or, where that is None, all that match the list's state."""

    state: ListState
    ids: tuple[int, ...] | None

    def rows(self, session: Session) -> Select[Any]:
        """Select the chosen rows, in no order; none that is out of the actor's sight, or gone meanwhile."""
        if self.ids is None:
            return self.state.rows(session)
        resource = self.state.resource
        return resource.rows(self.state.actor).where(resource.model.id.in_(self.ids))

    def count(self, session: Session) -> tuple[int, bool]:
        """Count them: (count, capped), exact up to 10,000."""
        return count_rows(session, self.rows(session), self.state.resource)

    def fields(self) -> list[tuple[str, str]]:
        """Return the selection as names and values of hidden inputs, for a page that asks before it acts."""
        chosen = [("everything", "1")] if self.ids is None else [("rowid", str(number)) for number in self.ids]
        return [("state", self.state.query()), *chosen]


_actions: dict[str, dict[str, BulkAction]] = {}
_links: dict[str, dict[str, ListLink]] = {}


def register_bulk_action(resource: str, action: BulkAction) -> None:
    """Offer an action for the chosen rows of a resource's list."""
    _actions.setdefault(resource, {})[action.name] = action


def bulk_actions(actor: Actor, resource: str) -> Sequence[BulkAction]:
    """Return the actions that the actor is offered on a list."""
    return [one for one in _actions.get(resource, {}).values() if may(actor, one.operation, one.resource)]


def register_list_link(resource: str, link: ListLink) -> None:
    """Put a button above a resource's list."""
    _links.setdefault(resource, {})[link.label] = link


def list_links(actor: Actor, resource: str) -> Sequence[ListLink]:
    """Return the buttons that the actor is offered above a list."""
    return [one for one in _links.get(resource, {}).values() if may(actor, one.operation, one.resource)]


def read_selection(resource: Resource, actor: Actor) -> Selection:
    """Read what a list posted: `rowid` for each row, or `everything`, and its `state`. Raises Invalid, Unreadable."""
    return selection_of(resource, actor, request.form)


def selection_of(resource: Resource, actor: Actor, form: Mapping[str, Any]) -> Selection:
    """Read a selection out of what was posted (a werkzeug MultiDict)."""
    state = state_of_query(resource, actor, form.get("state", ""))
    if form.get("everything"):
        return Selection(state, None)
    given = form.getlist("rowid")  # type: ignore[attr-defined]
    ids = tuple(dict.fromkeys(int(one) for one in given if is_whole(one, digits=10) and 0 < int(one) <= MAX_ID))
    if not ids:
        raise Invalid(say("Choose at least one row."), field="rowid")
    if len(ids) > MAX_CHOSEN_ROWS:
        raise Invalid(say("Choose {most} rows at most, or all that match.", most=MAX_CHOSEN_ROWS), field="rowid")
    return Selection(state, ids)
