"""Sessions kept in the database: a cookie holds a random token, and ending a session ends it everywhere."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from flask import Flask, Request, Response
from flask.json.tag import TaggedJSONSerializer
from flask.sessions import SessionInterface, SessionMixin
from sqlalchemy import delete, insert, select, update
from werkzeug.datastructures import CallbackDict

from app.access.models import WebSession
from app.core import clock
from app.extensions import db

TOKEN_BYTES = 32


class ServerSession(CallbackDict[str, Any], SessionMixin):
    """What the server keeps about a browser."""

    def __init__(self, initial: dict[str, Any] | None, *, token: str | None, loaded: str = "") -> None:
        def on_update(this: ServerSession) -> None:
            this.modified = True

        super().__init__(initial, on_update)
        self.token = token
        self.loaded = loaded
        self.new = token is None
        self.modified = False
        self.permanent = True
        self.modified = False


class DatabaseSessions(SessionInterface):
    """Reads and writes sessions on a connection of its own, outside any unit of work."""

    serializer = TaggedJSONSerializer()

    def open_session(self, app: Flask, request: Request) -> ServerSession:
        """Return the session that the cookie's token names, or a fresh one."""
        token = request.cookies.get(self.get_cookie_name(app))
        if not token or len(token) > 2 * TOKEN_BYTES:
            return ServerSession(None, token=None)
        with db.engine.connect() as connection:
            row = connection.execute(
                select(WebSession.data).where(
                    WebSession.token_digest == _digest(token), WebSession.expires_at > clock.now()
                )
            ).first()
        if row is None:
            return ServerSession(None, token=None)
        loaded = row.data.decode()
        return ServerSession(self.serializer.loads(loaded), token=token, loaded=loaded)

    def save_session(self, app: Flask, session: ServerSession, response: Response) -> None:  # type: ignore[override]
        """Write the session when it has changed. A login or logout gets a token of its own (ASVS 7.2.4)."""
        name = self.get_cookie_name(app)
        where: dict[str, Any] = {"path": self.get_cookie_path(app), "domain": self.get_cookie_domain(app)}
        if session.accessed:
            response.vary.add("Cookie")
        if not session.modified or (session and session.loaded == self.serializer.dumps(_without_marks(session))):
            return
        if not session:
            self._forget(session.token)
            response.delete_cookie(name, **where)
            return
        token = self._store(app, session)
        if token is None:
            response.delete_cookie(name, **where)
            return
        response.set_cookie(
            name,
            token,
            expires=self.get_expiration_time(app, session),
            httponly=True,
            secure=self.get_cookie_secure(app),
            samesite=self.get_cookie_samesite(app),
            **where,
        )

    def _store(self, app: Flask, session: ServerSession) -> str | None:
        """Write a session and return its token, or None for one that was ended while this request was under way."""
        data = self.serializer.dumps(_without_marks(session)).encode()
        user_id = int(session["_user_id"]) if str(session.get("_user_id", "")).isdigit() else None
        expires_at = clock.now() + app.permanent_session_lifetime
        with db.engine.begin() as connection:
            if session.token is not None:
                kept = connection.execute(
                    update(WebSession)
                    .where(
                        WebSession.token_digest == _digest(session.token),
                        WebSession.user_id.is_not_distinct_from(user_id),
                    )
                    .values(data=data, expires_at=expires_at)
                )
                if kept.rowcount:
                    return session.token
                # Somebody logged in or out: the old token is worth nothing from here on.
                gone = connection.execute(delete(WebSession).where(WebSession.token_digest == _digest(session.token)))
                if not gone.rowcount and user_id is not None:
                    return None
            token = secrets.token_urlsafe(TOKEN_BYTES)
            connection.execute(
                insert(WebSession).values(
                    token_digest=_digest(token), user_id=user_id, data=data, expires_at=expires_at
                )
            )
            connection.execute(delete(WebSession).where(WebSession.expires_at < clock.now()))
        return token

    def _forget(self, token: str | None) -> None:
        if token is not None:
            with db.engine.begin() as connection:
                connection.execute(delete(WebSession).where(WebSession.token_digest == _digest(token)))


def end_sessions(user_id: int) -> None:
    """End every session of a user: their password was changed, or they may no longer log in."""
    with db.engine.begin() as connection:
        connection.execute(delete(WebSession).where(WebSession.user_id == user_id))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _without_marks(session: ServerSession) -> dict[str, Any]:
    """Leave out Flask-AppBuilder's page history: saving leads to a record's own page here."""
    return {name: value for name, value in session.items() if name != "page_history"}
