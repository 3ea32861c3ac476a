"""One line for each request: method, route, status and time; never the address's query, nor what was sent."""

from __future__ import annotations

import secrets
import time

import structlog
from flask import Flask, Response, g, request
from werkzeug.local import LocalProxy

from app.core.events import Event, log_event

_HEADER = "X-Request-ID"


def init_app(app: Flask) -> None:
    """Log every request, and give its id to whatever else is logged meanwhile."""
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_forget)


def _begin() -> None:
    g.request_started = time.monotonic()
    g.request_id = secrets.token_hex(8)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(answer: Response) -> Response:
    started = g.get("request_started")
    if started is None:
        return answer
    answer.headers[_HEADER] = g.request_id
    if (request.endpoint or "").endswith(".static"):
        return answer
    user_id = _known_user_id()
    log_event(
        Event.REQUEST_ANSWERED,
        method=request.method,
        route=request.url_rule.rule if request.url_rule else None,
        status=answer.status_code,
        ms=round((time.monotonic() - started) * 1000, 1),
        user_id=user_id,
    )
    return answer


def _known_user_id() -> int | None:
    """Return who asked, as far as the request has found out: to ask anew would touch the session."""
    user = g.get("user")
    if isinstance(user, LocalProxy):
        user = g.get("_login_user")
    return None if user is None or user.is_anonymous else user.id


def _forget(_error: BaseException | None) -> None:
    structlog.contextvars.clear_contextvars()
