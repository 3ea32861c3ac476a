"""The verbs of personal settings: choose columns; save, rename and delete views. Everybody has their own alone."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import Operation
from app.core import audit
from app.core.actor import Actor
from app.core.audit import Changes, Touch, Verb
from app.core.errors import Conflict, Forbidden, Invalid
from app.core.fields import Text
from app.core.words import said, say
from app.preferences import queries
from app.preferences.models import ListColumns, SavedView

MAX_VIEWS = 30
MAX_QUERY = 2000
NAME = Text(limit=60, required=True)


def choose_columns(session: Session, actor: Actor, *, resource: str, columns: Sequence[str]) -> None:
    """Keep the columns that the actor wants in a list; none means the usual ones. Raises Forbidden."""
    user_id = _own(actor, resource)
    before = session.get(ListColumns, (user_id, resource))
    old = list(before.columns) if before else []
    if old == list(columns):
        return
    if before is not None and not columns:
        session.delete(before)
    elif before is not None:
        before.columns = list(columns)
    else:
        session.add(ListColumns(user_id=user_id, resource=resource, columns=list(columns)))
    changes: Changes = {"columns": (old, list(columns))}
    audit.record(session, actor, verb=Verb.COLUMNS_CHOSEN, touched=[Touch("list_columns", user_id, resource, changes)])


def save_view(session: Session, actor: Actor, *, resource: str, name: str, query: str) -> SavedView:
    """Keep a list as it stands under a name. Raises Forbidden, Invalid, Conflict (`duplicate`)."""
    user_id = _own(actor, resource)
    if len(query) > MAX_QUERY:
        raise Invalid(say("This list has too many filters to be saved."), field="query")
    view = SavedView(user_id=user_id, resource=resource, name=_name(name), query=query)
    others = queries.saved_views(session, actor, resource=resource)
    if len(others) >= MAX_VIEWS:
        raise Conflict(say("Delete one of your views first: {most} is the most.", most=MAX_VIEWS), code="too_many")
    _refuse_duplicate(session, view)
    session.add(view)
    session.flush()
    changes: Changes = {"name": (None, view.name), "query": (None, query)}
    audit.record(session, actor, verb=Verb.VIEW_SAVED, touched=[_touch(view, changes)])
    return view


def rename_view(session: Session, actor: Actor, *, view_id: int, name: str) -> SavedView:
    """Give one of the actor's views another name. Raises NotFound, Invalid, Conflict (`duplicate`)."""
    view = queries.saved_view(session, actor, view_id=view_id)
    _own(actor, view.resource)
    old, wanted = view.name, _name(name)
    if old == wanted:
        return view
    with session.no_autoflush:
        view.name = wanted
        _refuse_duplicate(session, view)
    audit.record(session, actor, verb=Verb.VIEW_RENAMED, touched=[_touch(view, {"name": (old, wanted)})])
    return view


def delete_view(session: Session, actor: Actor, *, view_id: int) -> str:
    """Delete one of the actor's views; returns the resource whose list it showed. Raises NotFound."""
    view = queries.saved_view(session, actor, view_id=view_id)
    _own(actor, view.resource)
    session.delete(view)
    audit.record(session, actor, verb=Verb.VIEW_DELETED, touched=[_touch(view, {"query": (view.query, None)})])
    return view.resource


def _own(actor: Actor, resource: str) -> int:
    """Return whose settings are written: the actor's own, of a list that they may read."""
    ensure(actor, Operation.READ, resource)
    if actor.user_id is None:
        raise Forbidden(say("Only people who log in have settings of their own."))
    return actor.user_id


def _name(given: str) -> str:
    try:
        name = NAME.clean(given)
    except ValueError as error:
        raise Invalid(said(error), field="name") from error
    if not isinstance(name, str):
        raise Invalid(say("Give the view a name."), field="name")
    return name


def _touch(view: SavedView, changes: Changes) -> Touch:
    return Touch("saved_view", view.id, view.name, changes)


def _refuse_duplicate(session: Session, view: SavedView) -> None:
    same = select(SavedView.id).where(
        SavedView.user_id == view.user_id,
        SavedView.resource == view.resource,
        SavedView.name == view.name,
        SavedView.id != (view.id or 0),
    )
    if session.scalar(same.limit(1)) is not None:
        raise Conflict(say("You have a view named {name} already.", name=view.name), code="duplicate", field="name")
