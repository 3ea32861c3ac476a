"""What a page gets from features above its own: tabs, and entries of its Add and Actions menus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from sqlalchemy import Select
from sqlalchemy.orm import Session

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.core.records import Record

TAB_ROWS = 100


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab of a record's page. `count` is shown beside its label; `context` is what its template gets."""

    key: str
    label: str
    resource: str
    template: str
    count: Callable[[Session, Actor, Any], int | str | None]
    context: Callable[[Session, Actor, Any], dict[str, Any]]
    # Off with the module that it belongs to.
    applies: Callable[[], bool] = lambda: True


@dataclass(frozen=True, slots=True)
class Action:
    """An entry of a record's Add or Actions menu, for those who may do `operation` on `resource`."""

    label: str
    resource: str
    operation: Operation
    url: Callable[[Any], str]
    icon: str = ""
    danger: bool = False
    applies: Callable[[Any], bool] = lambda _record: True
    # Not for those who may do this: they have an entry of their own that does more.
    unless: Operation | None = None
    # What tells it from others of the same label, which stand there for other records.
    key: str = ""


# What a feature above has to say about a field of a record, as markup: a line each.
Note = Callable[[Session, Actor, Any], list[Markup]]

_notes: dict[tuple[str, str], Note] = {}
_tabs: dict[str, list[Tab]] = {}
_add: dict[str, list[Action]] = {}
_actions: dict[str, list[Action]] = {}


def register_tab(resource: str, tab: Tab) -> None:
    """Put a tab on the page of a resource."""
    _put(_tabs, resource, tab)


def register_add(resource: str, action: Action) -> None:
    """Put an entry into the Add menu of a resource's page."""
    _put(_add, resource, action)


def register_action(resource: str, action: Action) -> None:
    """Put an entry into the Actions menu of a resource's page."""
    _put(_actions, resource, action)


def register_note(resource: str, name: str, note: Note) -> None:
    """Have a resource's page show something below a field."""
    _notes[resource, name] = note


def notes(session: Session, actor: Actor, resource: str, name: str, record: Record) -> list[Markup]:
    """Return what stands below a field of a record's page."""
    note = _notes.get((resource, name))
    return note(session, actor, record) if note else []


def tabs(actor: Actor, resource: str) -> list[Tab]:
    """Return the tabs that the actor may see."""
    return [tab for tab in _tabs.get(resource, []) if may(actor, Operation.READ, tab.resource) and tab.applies()]


def add_menu(actor: Actor, resource: str, record: Record) -> list[dict[str, Any]]:
    """Return the Add menu of a record's page."""
    return _menu(_add, actor, resource, record)


def actions_menu(actor: Actor, resource: str, record: Record) -> list[dict[str, Any]]:
    """Return the Actions menu of a record's page."""
    return _menu(_actions, actor, resource, record)


def first_rows(session: Session, statement: Select[Any]) -> tuple[list[Any], bool]:
    """Return as many rows as a tab shows, and whether there are more: those are in the list."""
    rows = list(session.scalars(statement.limit(TAB_ROWS + 1)))
    return rows[:TAB_ROWS], len(rows) > TAB_ROWS


def _put(where: dict[str, list[Any]], resource: str, entry: Tab | Action) -> None:
    """Put an entry in its place; one of its name that an earlier application of this process put there gives way."""
    entries = where.setdefault(resource, [])
    place = next((at for at, one in enumerate(entries) if _name(one) == _name(entry)), len(entries))
    entries[place : place + 1] = [entry]


def _name(entry: Tab | Action) -> str:
    return entry.key or entry.label


def _menu(where: dict[str, list[Action]], actor: Actor, resource: str, record: Record) -> list[dict[str, Any]]:
    return [
        {"label": action.label, "url": action.url(record), "icon": action.icon, "danger": action.danger}
        for action in where.get(resource, [])
        if may(actor, action.operation, action.resource)
        and not (action.unless and may(actor, action.unless, action.resource))
        and action.applies(record)
    ]
