"""Who is asking: the actor of the request under way."""

from __future__ import annotations

from typing import Any, cast

from flask import Flask, current_app, g, request

from app.core.actor import Actor, Door
from app.core.errors import NotFound, Unauthenticated
from app.core.words import say


def this_app() -> Flask:
    """Return the application itself, to be kept beyond the request or handed to a thread."""
    return cast("Flask", current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001  Flask's own idiom


def actor_named(username: str) -> Actor:
    """Return a user as an actor by the command line. Raises NotFound for one who can't log in."""
    user = current_app.appbuilder.sm.find_user(username=username)  # type: ignore[attr-defined]
    if user is None or not user.is_active:
        raise NotFound(say("There is no active user of this name."))
    return _actor(user, Door.CLI)


def actor_of(user_id: int | None, door: Door) -> Actor | None:
    """Return a user as an actor by a door, with today's rights; None for one who can't log in any more.

    Without a user it is the program itself.
    """
    if user_id is None:
        return Actor.system(door)
    user = current_app.appbuilder.sm.get_user_by_id(user_id)  # type: ignore[attr-defined]
    return None if user is None or not user.is_active else _actor(user, door)


def current_actor() -> Actor:
    """Return the logged-in user as an actor, by the door of this request. Raises Unauthenticated."""
    user = g.get("user")
    if user is None or getattr(user, "is_anonymous", True):
        raise Unauthenticated(say("Log in first."))
    actor: Actor | None = g.get("actor")
    if actor is None or actor.user_id != user.id:
        door = Door.API if request.path.startswith("/api/") else Door.SCREEN
        actor = _actor(user, door)
        g.actor = actor
    return actor


def take_for_nobody() -> None:
    """Answer this request without asking who is logged in: no session is read, and none begun."""
    nobody = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]
    g.user = g._login_user = nobody  # Flask-Login looks there first  # noqa: SLF001


def _actor(user: Any, door: Door) -> Actor:
    return Actor(
        door=door,
        roles=frozenset(role.name for role in user.roles),
        user_id=user.id,
        username=user.username,
        dealer_code=user.dealer_code or None,
    )
