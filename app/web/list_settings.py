"""What people set up for themselves in lists: which columns they see, and views that they keep by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import abort, current_app, redirect, request
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.core.actor import Actor
from app.core.unit_of_work import unit_of_work
from app.core.words import say
from app.extensions import db
from app.preferences import queries, service
from app.web.current import current_actor
from app.web.list_state import ListState, state_of_query
from app.web.request_filters import id_or_404
from app.web.words import tell

COLUMNS = "columns"


class ListSettingsView(BaseView):
    """The addresses that a list's column chooser and its saved views are posted to; all of it is one's own."""

    route_base = "/lists"
    class_permission_name = "home"
    method_permission_name = dict.fromkeys(("choose_columns", "save_view", "rename_view", "delete_view"), "read")

    @expose("/<name>/columns", methods=["POST"])
    @has_access
    def choose_columns(self, name: str) -> Response:
        """Keep the ticked columns, or go back to the usual ones."""
        page = _list_page(name)
        actor = current_actor()
        state = state_of_query(page.resource, actor, request.form.get("state", ""))
        ticked = set(request.form.getlist(COLUMNS)) if not request.form.get("reset") else set()
        chosen = [one for one in page.columns_offered(actor) if one in ticked]
        with unit_of_work(db.session) as session:
            service.choose_columns(session, actor, resource=name, columns=chosen)
        # The columns in the address were the ones of before.
        return redirect(page.list_url(state.query(columns=None)))

    @expose("/<name>/views", methods=["POST"])
    @has_access
    def save_view(self, name: str) -> Response:
        """Keep the list as it stands under a name."""
        page = _list_page(name)
        actor = current_actor()
        state = state_of_query(page.resource, actor, request.form.get("state", ""))
        shown = ",".join(page.columns_shown(db.session(), actor, state))
        given = request.form.get("name", "")
        with unit_of_work(db.session) as session:
            view = service.save_view(session, actor, resource=name, name=given, query=state.query(columns=shown))
            query = view.query
        tell(say("The view {name} is saved.", name=given.strip()))
        return redirect(page.list_url(query))

    @expose("/views/<pk>/rename", methods=["POST"])
    @has_access
    def rename_view(self, pk: str) -> Response:
        """Give a view another name."""
        actor, number = current_actor(), id_or_404(pk)
        with unit_of_work(db.session) as session:
            view = service.rename_view(session, actor, view_id=number, name=request.form.get("name", ""))
            name, query = view.resource, view.query
        return redirect(_list_page(name).list_url(query))

    @expose("/views/<pk>/delete", methods=["POST"])
    @has_access
    def delete_view(self, pk: str) -> Response:
        """Delete a view; the list stays."""
        actor, number = current_actor(), id_or_404(pk)
        with unit_of_work(db.session) as session:
            name = service.delete_view(session, actor, view_id=number)
        tell(say("The view was deleted."))
        return redirect(_list_page(name).list_url())


def settings_context(session: Session, actor: Actor, page: Any, state: ListState) -> dict[str, Any]:
    """Return what a list draws its views and its column chooser from."""
    name = page.resource.name
    shown = page.columns_shown(session, actor, state)
    views: Sequence[Any] = queries.saved_views(session, actor, resource=name)
    here = state.query(columns=None)
    return {
        "list_name": name,
        "columns_shown": shown,
        "views": [
            {
                "id": view.id,
                "name": view.name,
                "url": page.list_url(view.query),
                "active": _same(page, actor, view.query, here=here, shown=shown),
            }
            for view in views
        ],
        "plain_url": page.list_url(),
        "is_plain": not here,
        "column_choices": [
            {"name": one, "label": page.label_columns[one], "shown": one in shown}
            for one in page.columns_offered(actor)
        ],
    }


def _same(page: Any, actor: Actor, query: str, *, here: str, shown: Sequence[str]) -> bool:
    """Tell whether a saved view is the list as it stands: the same filters, order and columns."""
    saved = state_of_query(page.resource, actor, query)
    return saved.query(columns=None) == here and list(saved.columns or shown) == list(shown)


def _list_page(name: str) -> Any:
    """Return the screens of a resource that has a list, or answer 404."""
    views = current_app.appbuilder.baseviews  # type: ignore[attr-defined]  # FAB sets it
    found = next((one for one in views if getattr(one, "has_list", False) and one.resource.name == name), None)
    if found is None:
        abort(404)
    return found
