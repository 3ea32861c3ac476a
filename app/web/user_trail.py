"""The audit trail of what Flask-AppBuilder itself writes: users, their logins and their passwords."""

from __future__ import annotations

from typing import Any

from flask import g, has_request_context, request
from sqlalchemy import event, insert, inspect
from sqlalchemy.orm import Session

from app.access.models import StaffUser
from app.core import clock
from app.core.audit import Verb
from app.core.models import AuditEntry, AuditRecord

_STATISTICS = {"last_login", "login_count", "fail_login_count", "changed_on", "changed_by_fk", "created_on"}
_STATISTICS |= {"tokens_count_from"}  # goes along with a new password


@event.listens_for(Session, "after_flush")
def _trail_of_users(db_session: Session, _context: Any) -> None:
    """Write the audit entry of what Flask-AppBuilder does to users, in its own transaction."""
    for user in [one for one in db_session.new | db_session.dirty if isinstance(one, StaffUser)]:
        created = user in db_session.new
        state: Any = inspect(user)
        changes = {}
        for attribute in state.attrs:
            history = attribute.history
            if history.has_changes() and attribute.key not in ("created_by", "changed_by"):
                changes[attribute.key] = [_first(history.deleted), _first(history.added)]
        verb = _user_verb(changes, created=created)
        if verb is not None:
            secret = {"password": ["set", "set"]} if "password" in changes else {}
            told = {name: pair for name, pair in changes.items() if name not in _STATISTICS | {"password"}}
            write_trail(db_session.connection(), user, verb, told | secret)


def _user_verb(changes: dict[str, Any], *, created: bool) -> Verb | None:
    if created:
        return Verb.USER_CREATED
    if "last_login" in changes:
        return Verb.LOGGED_IN
    if "password" in changes:
        return Verb.PASSWORD_CHANGED
    if set(changes) - _STATISTICS:
        return Verb.USER_UPDATED
    return Verb.LOGIN_FAILED if "fail_login_count" in changes else None


def _first(values: Any) -> Any:
    texts = [value if isinstance(value, str | int | bool | None) else str(value) for value in values or ()]
    return texts[0] if len(texts) == 1 else (sorted(map(str, texts)) or None)


def write_trail(connection: Any, user: StaffUser, verb: Verb, changes: dict[str, Any]) -> None:
    """Write one entry about a user, by the person who is logged in, or else by that user."""
    who = g.get("user") if has_request_context() else None
    known = who is not None and not getattr(who, "is_anonymous", True)
    door = ("api" if request.path.startswith("/api/") else "screen") if has_request_context() else "cli"
    entry = connection.execute(
        insert(AuditEntry)
        .values(
            at=clock.now(),
            user_id=who.id if known else user.id,  # type: ignore[union-attr]
            username=who.username if known else user.username,  # type: ignore[union-attr]
            door=door,
            verb=verb.value,
        )
        .returning(AuditEntry.id)
    ).scalar_one()
    connection.execute(
        insert(AuditRecord).values(
            entry_id=entry, resource="user", record_id=user.id, label=user.username, changes=changes
        )
    )
