"""Errors as people and programs see them: a page, or the one shape of the REST contract; never SQL or a stack."""

from __future__ import annotations

from typing import Any, cast

from flask import Flask, Response, g, jsonify, make_response, render_template, request
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as WerkzeugResponse

from app.core.errors import DomainError, Unauthenticated
from app.core.events import Event, log_event
from app.core.words import say
from app.extensions import db
from app.web.words import translated

CODES = {
    400: "unreadable",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    412: "stale",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    428: "version_required",
    429: "too_many_requests",
}

WORDS = {
    400: say("This request can't be read."),
    401: say("Log in first."),
    403: say("Your role may not do this."),
    404: say("There is nothing here."),
    405: say("This can't be done at this address."),
    413: say("This is too large: 10 MB at most."),
    415: say("Send JSON, with the content type application/json."),
    422: say("This breaks a rule."),
    429: say("Too many tries. Wait a minute, then try again."),
    500: say(
        "Something went wrong on our side. It has been noted; try again, and tell your administrator if it stays."
    ),
}


_TITLES = {
    401: say("Log in"),
    403: say("Not for your role"),
    404: say("Not found"),
    500: say("Something went wrong"),
}


def error_answer(
    status: int,
    *,
    message: str | None = None,
    code: str | None = None,
    **more: Any,
) -> WerkzeugResponse:
    """Return an error in the shape of the REST contract."""
    body = {"message": translated(message or WORDS.get(status, WORDS[500])), "code": code or CODES.get(status, "error")}
    answer = jsonify({**body, "errors": {}, **more})
    answer.status_code = status
    return answer


def init_app(app: Flask) -> None:
    """Answer every error in one shape over REST, and by one page in a browser."""
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)
    app.after_request(_in_shape)


def _wants_json() -> bool:
    return request.path.startswith(("/api/", "/pickers/", "/metrics"))


def _domain_error(error: DomainError) -> WerkzeugResponse | tuple[str, int]:
    if _wants_json():
        answer = jsonify(translated(error.as_dict()))
        answer.status_code = error.status
        if "retry_after" in error.detail:
            answer.headers["Retry-After"] = str(error.detail["retry_after"])
        return answer
    if isinstance(error, Unauthenticated):
        return _page(401, error.message)
    return _page(error.status, error.message)


def _csrf_error(_error: CSRFError) -> WerkzeugResponse | tuple[str, int]:
    text = say(
        "This form was opened in another session, or is too old. Go back, load the page again, and send it once more."
    )
    if _wants_json():
        return error_answer(400, message=say("The CSRF token is missing or wrong."), code="csrf")
    return _page(400, text)


def _http_error(error: HTTPException) -> WerkzeugResponse | tuple[str, int]:
    if error.response is not None:
        return cast("WerkzeugResponse", error.response)
    status = error.code or 500
    if not 400 <= status < 600:  # noqa: PLR2004  redirects and the like are no errors
        return error.get_response()
    answer = error_answer(status) if _wants_json() else make_response(_page(status, WORDS.get(status, WORDS[500])))
    # What may be asked instead, and when (RFC 9110 sections 10.2.1 and 10.2.3).
    answer.headers.extend(
        (name, value) for name, value in error.get_headers() if name.lower() in ("allow", "retry-after")
    )
    return answer


def _in_shape(answer: Response) -> WerkzeugResponse:
    """Put what Flask-AppBuilder's own calls refuse into the shape of the REST contract."""
    if answer.status_code < 400 or not request.path.startswith("/api/"):  # noqa: PLR2004  errors alone
        return answer
    body = answer.get_json(silent=True)
    if isinstance(body, dict) and {"message", "code", "errors"} <= body.keys():
        return answer
    return error_answer(answer.status_code)


def _unexpected(error: Exception) -> WerkzeugResponse | tuple[str, int]:
    log_event(Event.REQUEST_FAILED, route=request.url_rule.rule if request.url_rule else None, error=error)
    db.session.rollback()
    if _wants_json():
        return error_answer(500)
    return _page(500, WORDS[500])


def _page(status: int, message: str) -> tuple[str, int]:
    title = _TITLES.get(status, say("This did not work"))
    # What is refused before Flask-AppBuilder looks at the request, such as a form without its token, has no user yet.
    if "user" not in g:
        g.user = current_user
    page = render_template(
        "errors/error.html", status=status, title=title, message=message, logged_in=current_user.is_authenticated
    )
    return page, status
