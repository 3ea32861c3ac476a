"""The header's search: a page of all that was found, and what shows below the box while somebody types."""

from __future__ import annotations

from flask import render_template, request
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access

from app.core.search_words import asked
from app.extensions import db
from app.web.admin_view import Answer
from app.web.current import current_actor
from app.web.listing import MAX_SEARCH
from app.web.search_registry import FoundGroup, search

PAGE_ROWS = 10
SUGGESTED_ROWS = 5


class SearchView(BaseView):
    """Search everything that the reader may see."""

    route_base = "/search"
    default_view = "search"
    class_permission_name = "home"
    method_permission_name = {"search": "read", "suggest": "read"}

    @expose("/")
    @has_access
    def search(self) -> Answer:
        """Show what was found, kind by kind."""
        text = _text()
        return self.render_template("home/search.html", q=text, groups=_found(text, PAGE_ROWS), too_short=_short(text))

    @expose("/suggest")
    @has_access
    def suggest(self) -> Answer:
        """Give what shows below the header's box."""
        text = _text()
        groups = _found(text, SUGGESTED_ROWS)
        return render_template("home/suggest.html", q=text, groups=groups, too_short=_short(text))


def _text() -> str:
    """Return what is searched for, in one line and without what no database can hold."""
    typed = request.args.get("q", "")
    return " ".join("".join(one for one in typed if one != "\x00" and not "\ud800" <= one <= "\udfff").split())[
        :MAX_SEARCH
    ]


def _found(text: str, rows: int) -> list[FoundGroup]:
    return search(db.session(), current_actor(), text, rows=rows) if text else []


def _short(text: str) -> bool:
    return bool(text) and not asked(text).is_long_enough
