"""The list of a resource: search, named filters, sort and pages, all of it in the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from flask import abort, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.extensions import db
from app.web.current import current_actor
from app.web.listing import MAX_SEARCH, PAGE_SIZES, Page, list_page, searched
from app.web.request_filters import whole_number
from app.web.resource import Resource


class ListPages:
    """The part of AdminView that shows lists."""

    resource: ClassVar[Resource]
    list_columns: ClassVar[list[str]]
    label_columns: dict[str, str]
    search_hint: ClassVar[str]
    empty_text: ClassVar[str]
    endpoint: str
    cell: Any
    show_url: Any
    render_template: Any

    def narrowed(self, statement: Any) -> Any:
        """Return the rows of the list, narrowed by the named filters of the address."""
        return statement

    def list_filters(self) -> Sequence[Mapping[str, Any]]:
        """Return the named filters that the list offers."""
        return ()

    @expose("/list/")
    @has_access
    def list(self) -> str:
        """Show a page of the list."""
        actor = current_actor()
        text = " ".join(request.args.get("q", "").replace("\x00", "").split())[:MAX_SEARCH]
        order, descending = self._order()
        page = list_page(
            db.session(),
            self.narrowed(searched(actor, self.resource, text)),
            resource=self.resource,
            order=order,
            descending=descending,
            page=_number("page", limit=10_000),
            page_size=self._page_size(),
        )
        return self.render_template("web/list.html", **self._list_context(actor, page, text, order, descending))

    def _order(self) -> tuple[str | None, bool]:
        name = request.args.get("order", "")
        if not name:
            return None, False
        if name not in self.resource.orders:
            abort(400)
        return name, request.args.get("direction") == "desc"

    def _page_size(self) -> int:
        size = _number("page_size", limit=1_000_000) or PAGE_SIZES[0]
        return min(size, PAGE_SIZES[-1])

    def _list_context(
        self,
        actor: Actor,
        page: Page,
        text: str,
        order: str | None,
        descending: bool,  # noqa: FBT001  its own call
    ) -> dict[str, Any]:
        name = self.resource.name
        may_add = self.resource.create is not None and may(actor, Operation.CREATE, name)
        add_url = url_for(f"{self.endpoint}.add") if may_add else None
        add_label = f"Add {self.resource.label.lower()}"
        first = page.page * page.page_size
        return {
            "title": self.resource.plural,
            "q": text,
            "search_hint": self.search_hint,
            "filters": self.list_filters(),
            "columns": [self._column(column, order, descending) for column in self.list_columns],
            "rows": [self._row(record) for record in page.rows],
            "count": page.count,
            "count_capped": page.count_capped,
            "pages": {
                "page": page.page,
                "previous_url": _address(page=page.page - 1) if page.page > 0 else None,
                "next_url": _address(page=page.page + 1) if page.has_next and page.rows else None,
                "first_row": first + 1 if page.rows else 0,
                "last_row": first + len(page.rows),
            },
            "add_url": add_url,
            "add_label": add_label,
            "empty": {
                "title": f"Nothing found for “{text}”" if text else f"No {self.resource.plural.lower()} yet",
                "text": "Try fewer letters, or another word." if text else self.empty_text,
                "action_url": None if text else add_url,
                "action_label": add_label,
            },
        }

    def _column(self, name: str, order: str | None, descending: bool) -> dict[str, Any]:  # noqa: FBT001  its own call
        direction = ("descending" if descending else "ascending") if name == order else None
        turned = "desc" if name == order and not descending else "asc"
        return {
            "key": name,
            "label": self.label_columns[name],
            "sortable": name in self.resource.orders,
            "sort_url": _address(order=name, direction=turned, page=0),
            "direction": direction,
        }

    def _row(self, record: Any) -> dict[str, Any]:
        cells = [
            {"key": name, "label": self.label_columns[name], "value": self.cell(record, name)}
            for name in self.list_columns
        ]
        return {"pk": record.id, "url": self.show_url(record.id), "cells": cells}


def _number(name: str, *, limit: int) -> int:
    """Return a number out of the address: 0 where there is none, 400 where it is none."""
    text = request.args.get(name, "")
    if not text:
        return 0
    number = whole_number(text)
    if number is None or number > limit:
        abort(400)
    return number


def _address(**changes: object) -> str:
    """Return this page's address with some of its parameters changed; lists of values are kept whole."""
    args: dict[str, Any] = {name: values for name, values in request.args.lists() if name not in changes}
    args |= {name: [str(value)] for name, value in changes.items() if value not in (None, 0, "")}
    return url_for(str(request.endpoint), **(request.view_args or {}), **args)
