"""Keeps a dealer's administrator among the dealer's own users, on Flask-AppBuilder's pages of users and passwords."""

from __future__ import annotations

from typing import Any

from flask import abort
from flask_appbuilder.models.filters import BaseFilter
from sqlalchemy import select
from wtforms.validators import StopValidation

from app.access.models import StaffUser
from app.access.sight import user_in_sight
from app.core.words import say
from app.extensions import db
from app.web.current import current_actor
from app.web.request_filters import id_or_404


class UsersInSight(BaseFilter):
    """The base filter of the pages of users."""

    def apply(self, query: Any, _value: Any) -> Any:
        """Narrow a query to the users that whoever asks may see."""
        return query.filter(user_in_sight(current_actor()))


class OwnDealer:
    """Refuses a dealer's administrator every dealer code but their own, and none at all for one who is there."""

    def __call__(self, form: Any, field: Any) -> None:
        """Raise StopValidation; a new user without a code gets it in `own_dealer_code`."""
        own = current_actor().dealer_code
        # Flask-AppBuilder gives a form the id of the user that it changes, and a new user's none.
        is_new = getattr(form, "_id", None) is None
        if own is None or field.data == own or (is_new and not field.data):
            return
        # No further validator is asked: for an empty field, Flask-AppBuilder's would take the error back.
        raise StopValidation(say("You work for the dealer {code}; choose that one.", code=own))


def own_dealer_code(code: str | None) -> str | None:
    """Return the dealer code of a new user: what was given, or else that of whoever makes them."""
    return code or current_actor().dealer_code


def user_or_404(pk: str | int | None) -> StaffUser:
    """Return a user in sight, or answer 404, as for one who isn't there."""
    statement = select(StaffUser).where(StaffUser.id == id_or_404(pk or ""), user_in_sight(current_actor()))
    found: StaffUser | None = db.session.scalar(statement)
    if found is None:
        abort(404)
    return found
