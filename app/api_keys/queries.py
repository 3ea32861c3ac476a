"""Reads of API keys, and of the users that they may act as."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, joinedload

from app.access.ask import ensure
from app.access.models import StaffUser
from app.access.sight import user_in_sight
from app.access.table import Operation
from app.api_keys.models import ApiKey
from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.words import say


def api_keys(actor: Actor) -> Select[ApiKey]:
    """Select the keys that were not revoked; a dealer's administrator has those of that dealer's users."""
    ensure(actor, Operation.READ, "api_key")
    users = select(StaffUser.id).where(user_in_sight(actor))
    return select(ApiKey).where(ApiKey.deleted_at.is_(None), ApiKey.user_id.in_(users))


def api_key(session: Session, actor: Actor, *, api_key_id: int, lock: bool = False) -> ApiKey:
    """Return a key that was not revoked. Raises NotFound."""
    statement = api_keys(actor).where(ApiKey.id == api_key_id)
    found: ApiKey | None = session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise NotFound(say("There is no API key with this id."))
    return found


def key_by_hash(session: Session, key_hash: str) -> ApiKey | None:
    """Return the key of this SHA-256, with its user, unless it was revoked."""
    statement = select(ApiKey).where(ApiKey.key_hash == key_hash, ApiKey.deleted_at.is_(None))
    found: ApiKey | None = session.scalar(statement.options(joinedload(ApiKey.user)))
    return found


def possible_users(actor: Actor) -> Select[StaffUser]:
    """Select the users that a new key may act as: the active ones, of a dealer's administrator the dealer's."""
    ensure(actor, Operation.CREATE, "api_key")
    return select(StaffUser).where(StaffUser.active.is_(True), user_in_sight(actor))


def matching(text: str) -> ColumnElement[bool]:
    """Return the condition that a key's label, beginning or user name contains a text."""
    users = select(StaffUser.id).where(StaffUser.username.icontains(text, autoescape=True))
    parts = (column.icontains(text, autoescape=True) for column in (ApiKey.label, ApiKey.beginning))
    condition: ColumnElement[bool] = ApiKey.user_id.in_(users)
    for part in parts:
        condition = condition | part
    return condition
