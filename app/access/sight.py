"""Which users an actor may see: a dealer's administrator has that dealer's alone."""

from __future__ import annotations

from sqlalchemy import ColumnElement, true

from app.access.models import StaffUser
from app.core.actor import Actor


def user_in_sight(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that a user is in the actor's sight: any, or those of the actor's dealer."""
    return true() if actor.dealer_code is None else StaffUser.dealer_code == actor.dealer_code
