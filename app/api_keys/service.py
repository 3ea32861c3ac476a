"""The verbs of API keys: make one, and revoke one. A key is seen when it is made, and never again."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.models import StaffUser
from app.access.table import Operation
from app.api_keys import queries
from app.api_keys.models import ApiKey
from app.api_keys.rules import API_KEY_FIELDS, PREFIX, SECRET_BYTES, SHOWN, digest, expiry_errors
from app.core import audit, clock, soft_delete
from app.core.actor import Actor
from app.core.audit import Touch, Verb
from app.core.errors import Conflict, Invalid
from app.core.records import check_version
from app.core.words import say
from app.lookups.editing import prepare_new


def create_api_key(session: Session, actor: Actor, *, values: Mapping[str, object]) -> tuple[ApiKey, str]:
    """Make a key; return its record and the key itself, which nobody can be told again.

    Raises Forbidden, Invalid, Conflict (`duplicate`).
    """
    ensure(actor, Operation.CREATE, "api_key")
    rule = partial(expiry_errors, at=clock.now())
    edit = prepare_new(session, actor, resource="api_key", fields=API_KEY_FIELDS, given=values, rule=rule)
    key = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    record = ApiKey(key_hash=digest(key), beginning=key[:SHOWN])
    edit.apply(record)
    # What nothing was said about keeps no entry in the edit: a key only reads unless it is told otherwise.
    record.read_only = edit.changes.get("read_only", (None, True))[1]
    if session.scalar(queries.possible_users(actor).where(StaffUser.id == record.user_id)) is None:
        raise Invalid(say("There is no active user with this id."), field="user")
    _refuse_duplicate(session, record)
    session.add(record)
    session.flush()
    changes = {**edit.trail(), "read_only": (None, record.read_only)}
    audit.record(session, actor, verb=Verb.API_KEY_CREATED, touched=[_touch(record, changes)])
    return record, key


def revoke_api_key(session: Session, actor: Actor, *, api_key_id: int, version: int | None = None) -> ApiKey:
    """Revoke a key: it opens nothing any more, and can't be brought back. Raises Forbidden, NotFound, Stale."""
    ensure(actor, Operation.DELETE, "api_key")
    record = queries.api_key(session, actor, api_key_id=api_key_id, lock=True)
    check_version(record, version)
    soft_delete.delete(session, actor, record=record, touch=_touch(record, {}), verb=Verb.API_KEY_REVOKED)
    return record


def _touch(record: ApiKey, changes: audit.Changes) -> Touch:
    return Touch("api_key", record.id, record.label, changes)


def _refuse_duplicate(session: Session, record: ApiKey) -> None:
    """Raise Conflict when another key that was not revoked has this label: the trail names a key by it."""
    same = select(ApiKey.id).where(ApiKey.label == record.label, ApiKey.deleted_at.is_(None))
    if session.scalar(same.limit(1)) is not None:
        raise Conflict(
            say("There is an API key named {label} already.", label=record.label), code="duplicate", field="label"
        )
