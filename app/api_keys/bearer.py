"""A program shows its key: whom it stands for, and that it was used."""

from __future__ import annotations

import hmac
from datetime import timedelta

from sqlalchemy import or_, update
from sqlalchemy.exc import OperationalError

from app.api_keys import queries
from app.api_keys.models import ApiKey
from app.api_keys.rules import KeyState, digest, state_of
from app.core import clock
from app.core.errors import Unauthenticated
from app.core.events import Event, log_event
from app.core.words import say
from app.extensions import db
from app.web.programs import Program

NOTED_EVERY = timedelta(minutes=1)


def program_of(key: str) -> Program:
    """Return the program whose key this is, and note that it was used. Raises Unauthenticated."""
    wanted = digest(key)
    record = queries.key_by_hash(db.session(), wanted)
    # The database finds it by its hash, of which an answer's time tells nothing about the key; compared all the same.
    if record is None or not hmac.compare_digest(record.key_hash, wanted):
        raise Unauthenticated(say("This API key is not valid."))
    found = state_of(expires_at=record.expires_at, user_active=record.user.is_active, at=clock.now())
    if found is KeyState.EXPIRED:
        raise Unauthenticated(say("This API key has expired."))
    if found is not KeyState.GOOD:
        raise Unauthenticated(say("This API key is not valid."))
    _note_use(record)
    return Program(user=record.user, label=record.label, read_only=record.read_only)


def _note_use(record: ApiKey) -> None:
    """Write when a key was last used, once a minute at most, on a connection of its own.

    It is no act of anybody's: a call that is refused was a use too, and a call that only reads stays one.
    """
    moment = clock.now()
    before = moment - NOTED_EVERY
    if record.last_used_at is not None and record.last_used_at > before:
        return
    table = ApiKey.__table__
    due = or_(table.c.last_used_at.is_(None), table.c.last_used_at <= before)
    # The record was not modified by it.
    values = {"last_used_at": moment, "last_modified_at": table.c.last_modified_at}
    try:
        with db.engine.begin() as connection:
            connection.execute(update(ApiKey).where(table.c.id == record.id, due).values(values))
    except OperationalError as error:
        log_event(Event.API_KEY_USE_NOT_NOTED, api_key_id=record.id, error=error)
