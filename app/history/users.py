"""Users as the trail knows them: what they did with the program itself is for administrators."""

from __future__ import annotations

from sqlalchemy import Select, select

from app.access.models import StaffUser
from app.access.sight import user_in_sight
from app.core.actor import Actor
from app.core.words import say
from app.history.subjects import Subject
from app.web.security_views import UserView


def users_in_sight(actor: Actor) -> Select[StaffUser]:
    """Select the users whose entries an actor may read: all, or those of the actor's dealer."""
    return select(StaffUser).where(user_in_sight(actor))


USERS = Subject(
    name="user", label=say("User"), plural=say("Users"), model=StaffUser, view=UserView, rows=users_in_sight
)
