"""The list of a resource: search, named filters, sort and pages by key, all of it in the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from flask import request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from sqlalchemy.orm import Session

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.core.fields import Secret
from app.core.words import say, say_count
from app.extensions import db
from app.preferences.queries import chosen_columns
from app.web.bulk import bulk_actions, list_links
from app.web.current import current_actor
from app.web.jumps import jump_of
from app.web.list_filters import ListFilter, Reading
from app.web.list_settings import settings_context
from app.web.list_state import SEARCH, ListState, read_state
from app.web.listing import PAGE_SIZES, Page, Wanted, list_page, sort_of
from app.web.resource import Resource
from app.web.trash import bins

Readings = Sequence[tuple[ListFilter, Reading]]


class ListPages:
    """The part of AdminView that shows lists."""

    has_list: ClassVar[bool] = True
    # The page that shows the list, and what it shows above it.
    list_page_template: ClassVar[str] = "web/list.html"
    resource: ClassVar[Resource]
    list_columns: ClassVar[list[str]]
    list_choices: ClassVar[Sequence[str]] = ()
    label_columns: dict[str, str]
    search_hint: ClassVar[str]
    empty_text: ClassVar[str]
    endpoint: str
    cell: Any
    show_url: Any
    editable: Any
    render_template: Any

    def columns_offered(self, _actor: Actor) -> list[str]:
        """Return the columns that the actor may have in the list, the usual ones first; never a secret."""
        names = dict.fromkeys((*self.list_columns, *self.list_choices))
        return [name for name in names if not isinstance(self.resource.fields.get(name), Secret)]

    def columns_shown(self, session: Session, actor: Actor, state: ListState) -> list[str]:
        """Return the columns of the list as it stands: the address's, or else the actor's own, or the usual ones."""
        offered = self.columns_offered(actor)
        wanted = state.columns
        if wanted is None:
            wanted = tuple(chosen_columns(session, actor, resource=self.resource.name) or ())
        return [name for name in offered if name in wanted] or list(self.list_columns)

    @expose("/list/")
    @has_access
    def list(self) -> str:
        """Show a page of the list."""
        actor = current_actor()
        session = db.session()
        state = read_state(self.resource, actor, request.args)
        readings = state.read(session)
        sort = sort_of(self.resource, state.order, descending=state.descending)
        jump = jump_of(sort)
        page = list_page(
            session,
            state.rows(session, readings),
            resource=self.resource,
            sort=sort,
            wanted=Wanted(
                after=request.args.get("after", ""),
                before=request.args.get("before", ""),
                start=jump.start(request.args.get("from", "")) if jump else None,
            ),
            page_size=state.page_size,
        )
        context = self._list_context(session, actor, state, readings)
        return self.render_template(
            self.list_page_template,
            **context,
            **self.above_list(session, actor, state),
            **self._table(state, page, context["columns_shown"]),
            jump=jump.context(sort, self.label_columns, request.args.get("from", "")) if jump else None,
        )

    def above_list(self, _session: Session, _actor: Actor, _state: ListState) -> dict[str, Any]:
        """Return what the list's own page shows above it."""
        return {}

    def list_url(self, query: str = "") -> str:
        """Return the address of the list with this query."""
        url = url_for(f"{self.endpoint}.list")
        return f"{url}?{query}" if query else url

    def _list_context(self, session: Session, actor: Actor, state: ListState, readings: Readings) -> dict[str, Any]:
        name = self.resource.name
        may_add = self.resource.create is not None and may(actor, Operation.CREATE, name)
        chips = state.chips(readings)
        add_url = url_for(f"{self.endpoint}.add") if may_add else None
        return {
            **settings_context(session, actor, self, state),
            "title": self.resource.plural,
            "q": state.text,
            "search_hint": self.search_hint,
            "filters": [_filter_context(one, reading, state.given) for one, reading in readings],
            "kept": _kept(state),
            "chips": [
                {
                    "parameter": chip.parameter,
                    "label": chip.label,
                    "text": chip.text,
                    "url": self.list_url(state.query(**{chip.parameter: None})),
                }
                for chip in chips
            ],
            "clear_url": self.list_url(state.cleared().query()),
            "state_query": state.query(),
            "state_fields": [*state.parameters().items()],
            "bulk_actions": _bulk_actions(actor, name),
            "list_links": [
                {"label": one.label, "url": one.url(state.query()), "icon": one.icon} for one in list_links(actor, name)
            ],
            "trash_url": url_for("TrashView.list", kind=name) if name in {one.name for one in bins(actor)} else None,
            "add_url": add_url,
            "add_label": self.resource.add_label,
            "empty": self._empty(state, filtered=bool(chips), add_url=add_url),
        }

    def _empty(self, state: ListState, *, filtered: bool, add_url: str | None) -> dict[str, Any]:
        if filtered:
            return {
                "title": say("Nothing matches"),
                "text": say("Try fewer letters or another word, or clear the filters."),
                "action_url": self.list_url(state.cleared().query()),
                "action_label": say("Clear all"),
            }
        return {
            "title": self.resource.none_yet,
            "text": self.empty_text,
            "action_url": add_url,
            "action_label": self.resource.add_label,
        }

    def _table(self, state: ListState, page: Page, names: Sequence[str]) -> dict[str, Any]:
        sort = sort_of(self.resource, state.order, descending=state.descending)
        first = None if page.place is None or not page.rows else page.place + 1
        return {
            "columns": [self._column(state, name, sort.name, descending=sort.descending) for name in names],
            "rows": [self._row(record, names) for record in page.rows],
            "count": page.count,
            "count_capped": page.count_capped,
            "found": _found(page),
            "pages": {
                "previous_url": self.list_url(state.query(before=page.previous)) if page.previous else None,
                "next_url": self.list_url(state.query(after=page.next)) if page.next else None,
                "first_url": self.list_url(state.query()) if page.previous else None,
                "first_row": first,
                "last_row": None if first is None else first + len(page.rows) - 1,
            },
            "page_sizes": [
                {"size": n, "url": self.list_url(state.query(page_size=str(n))), "chosen": n == state.page_size}
                for n in PAGE_SIZES
            ],
        }

    def _column(self, state: ListState, name: str, order: str, *, descending: bool) -> dict[str, Any]:
        here = name == order
        turned = {"order": name, "direction": "desc" if here and not descending else None}
        return {
            "key": name,
            "label": self.label_columns[name],
            "sortable": name in self.resource.orders,
            "sort_url": self.list_url(state.query(**turned)),
            "direction": ("descending" if descending else "ascending") if here else None,
        }

    def _row(self, record: Any, names: Sequence[str]) -> dict[str, Any]:
        cells = [{"key": name, "label": self.label_columns[name], "value": self.cell(record, name)} for name in names]
        row = {"pk": record.id, "name": str(record), "url": self.show_url(record.id), "cells": cells}
        return row | (
            {"delete_url": url_for(f"{self.endpoint}.delete", pk=record.id)} if self._may_delete(record) else {}
        )

    def _may_delete(self, record: Any) -> bool:
        """Tell whether the list offers to delete a row; the page that it leads to asks first."""
        return (
            self.resource.delete is not None
            and may(current_actor(), Operation.DELETE, self.resource.name)
            and self.editable(record)
        )


def _bulk_actions(actor: Actor, resource: str) -> list[dict[str, Any]]:
    return [
        {"name": one.name, "label": one.label, "url": one.url(), "icon": one.icon, "danger": one.danger}
        for one in bulk_actions(actor, resource)
    ]


def _found(page: Page) -> str:
    if not page.count:
        return say("Nothing found")
    if page.count_capped:
        return say_count("more than {count} row", "more than {count} rows", page.count)
    return say_count("{count} row", "{count} rows", page.count)


def _filter_context(one: ListFilter, reading: Reading, given: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": one.name,
        "label": one.label,
        "control": one.control,
        "source": getattr(one, "source", None),
        "parameters": [{"name": name, "value": given.get(name, "")} for name in one.parameters],
        "options": [
            {"value": option.value, "label": option.text, "selected": option.value == given.get(one.name)}
            for option in reading.options
        ],
    }


def _kept(state: ListState) -> list[tuple[str, str]]:
    """Return what a new search keeps: order, columns and page size, but not its page."""
    own = {SEARCH, *state.given}
    return [(name, value) for name, value in state.parameters().items() if name not in own]
