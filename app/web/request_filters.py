"""Cures for what Flask-AppBuilder's views share between requests, or let through; see docs/adr on its traps."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from flask import abort, g, has_request_context, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from werkzeug.wrappers import Response

MAX_ID = 2**31 - 1
MAX_DIGITS = 10


def id_or_404(text: str | int) -> int:
    """Return a record's id out of an address, or answer 404."""
    number = whole_number(text)
    if number is None or not 1 <= number <= MAX_ID:
        abort(404)
    return number


def whole_number(text: str | int) -> int | None:
    """Return a number of at most ten digits, or None for anything else."""
    digits = str(text)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= MAX_DIGITS else None


def ids_of(texts: Iterable[str]) -> list[int]:
    """Return the ids among some texts; what can't be the id of any record is left out."""
    numbers = (whole_number(text) for text in texts)
    return [number for number in numbers if number is not None and 1 <= number <= MAX_ID]


class RequestFiltersMixin:
    """Gives each request its own filters.

    Flask-AppBuilder keeps one mutable `Filters` a view, cleared and refilled by every request; with threads, one
    request then saves or lists by another's.
    """

    @property
    def _filters(self) -> Any:
        prototype = self.__dict__.get("_filters_prototype")
        if prototype is None or not has_request_context():
            return prototype
        own = g.setdefault("_own_filters", {})
        if id(self) not in own:
            fresh = copy.copy(prototype)
            fresh.clear_filters()
            own[id(self)] = fresh
        return own[id(self)]

    @_filters.setter
    def _filters(self, value: Any) -> None:
        self.__dict__["_filters_prototype"] = value


class GuardedListMixin:
    """Keeps Flask-AppBuilder's own list pages from failing on, or revealing by, what stands in the address."""

    datamodel: Any
    order_columns: list[str]
    page_size: int

    def _get_list_widget(self, **kwargs: Any) -> Any:
        if kwargs.get("order_column") not in self.order_columns:
            kwargs["order_column"] = kwargs["order_direction"] = ""
        if kwargs.get("order_direction") not in ("asc", "desc"):
            kwargs["order_direction"] = "asc"
        kwargs["page_size"] = min(int(kwargs.get("page_size") or self.page_size), 100)
        return super()._get_list_widget(**kwargs)  # type: ignore[misc]

    @expose("/list/")
    @has_access
    def list(self) -> Any:
        """Show the list, with a 400 for an address that can't be read."""
        for name, value in request.args.items():
            if name.startswith(("page_", "psize_")) and not (value.isascii() and value.isdigit() and len(value) < 8):  # noqa: PLR2004
                abort(400)
            if name.startswith("_flt_") and not self._known_filter(name, value):
                abort(400)
        return super().list()  # type: ignore[misc]

    def _known_filter(self, name: str, value: str) -> bool:
        parts = name.split("_", 3)
        filters = self._filters.get_search_filters()  # type: ignore[attr-defined]
        known = len(parts) == 4 and parts[2].isdigit() and int(parts[2]) < len(filters.get(parts[3], ()))  # noqa: PLR2004
        # Flask-AppBuilder hands anything but "y" to the database as it is, where it is compared with a boolean.
        return known and (value == "y" or not self.datamodel.is_boolean(parts[3]))


class SafeActionsMixin:
    """Makes actions honour the base filters, and answer 404 where there is nothing."""

    actions: dict[str, Any]
    datamodel: Any
    _base_filters: Any

    def _ensure_in_sight(self, pk: str) -> None:
        if self.datamodel.get(id_or_404(pk), self._base_filters) is None:
            abort(404)

    @expose("/action/<string:name>/<pk>", methods=["POST"])
    def action(self, name: str, pk: str) -> Response:
        """Run an action on one row."""
        if name not in self.actions:
            abort(404)
        self._ensure_in_sight(pk)
        return super().action(name, pk)  # type: ignore[misc]

    @expose("/action_post", methods=["POST"])
    def action_post(self) -> Response:
        """Run an action on the chosen rows."""
        if request.form.get("action") not in self.actions:
            abort(404)
        for pk in request.form.getlist("rowid"):
            self._ensure_in_sight(pk)
        return super().action_post()  # type: ignore[misc]
