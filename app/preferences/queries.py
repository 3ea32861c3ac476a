"""Reads of personal settings: each user's own."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.words import say
from app.preferences.models import ListColumns, SavedView


def chosen_columns(session: Session, actor: Actor, *, resource: str) -> list[str] | None:
    """Return the columns that the actor wants in a list, or None where nothing was chosen."""
    wanted = select(ListColumns.columns).where(ListColumns.user_id == actor.user_id, ListColumns.resource == resource)
    found: list[str] | None = session.scalar(wanted)
    return found


def saved_views(session: Session, actor: Actor, *, resource: str) -> Sequence[SavedView]:
    """Return the actor's views of a list, by name."""
    wanted = select(SavedView).where(SavedView.user_id == actor.user_id, SavedView.resource == resource)
    return session.scalars(wanted.order_by(SavedView.name)).all()


def saved_view(session: Session, actor: Actor, *, view_id: int) -> SavedView:
    """Return one of the actor's own views. Raises NotFound."""
    found = session.get(SavedView, view_id)
    if found is None or found.user_id != actor.user_id:
        raise NotFound(say("There is no view with this id."))
    return found
