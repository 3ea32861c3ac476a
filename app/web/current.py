"""Who is asking: the actor of the request under way."""

from __future__ import annotations

from flask import g, request

from app.core.actor import Actor, Door
from app.core.errors import Unauthenticated


def current_actor() -> Actor:
    """Return the logged-in user as an actor, by the door of this request. Raises Unauthenticated."""
    user = g.get("user")
    if user is None or getattr(user, "is_anonymous", True):
        raise Unauthenticated("Log in first.")
    actor: Actor | None = g.get("actor")
    if actor is None or actor.user_id != user.id:
        door = Door.API if request.path.startswith("/api/") else Door.SCREEN
        actor = Actor(
            door=door,
            roles=frozenset(role.name for role in user.roles),
            user_id=user.id,
            username=user.username,
            dealer_code=user.dealer_code or None,
        )
        g.actor = actor
    return actor
