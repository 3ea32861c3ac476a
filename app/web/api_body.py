"""What a REST call brings: its JSON, and the version that it was made from."""

from __future__ import annotations

import json
from typing import Any

from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from app.core.errors import Invalid, Unreadable, VersionRequired
from app.core.whole_numbers import MAX_ID
from app.core.words import say


def read_body(*, optional: bool = False) -> dict[str, Any]:
    """Return the JSON object of the request. Raises Unreadable, or 415 for another content type.

    With `optional`, nothing at all is an empty object.
    """
    data = request.get_data(cache=True)
    if optional and not data.strip():
        return {}
    if not request.is_json:
        raise UnsupportedMediaType
    try:
        body = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Unreadable(say("The body is not valid JSON.")) from error
    if not isinstance(body, dict):
        raise Unreadable(say("The body must be a JSON object."))
    return body


def take_version(body: dict[str, Any], *, required: bool) -> int | None:
    """Take the version out of the body, or out of If-Match (RFC 9110). Raises VersionRequired, Invalid."""
    value = body.pop("version", None)
    if value is None:
        header = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
        if header == "*":
            return None
        value = int(header) if header.isascii() and header.isdigit() and len(header) < 10 else header or None  # noqa: PLR2004
    if value is None:
        if required:
            raise VersionRequired(
                say("Send the version that you read, in the body or as If-Match, so that nobody's change is lost."),
                field="version",
            )
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MAX_ID:
        raise Invalid(say("The version is a whole number."), field="version")
    return value


def read_version() -> int | None:
    """Return the version of a call whose body holds nothing else, or None. Raises Invalid, Unreadable."""
    body = read_body(optional=True)
    version = take_version(body, required=False)
    only(body)
    return version


def only(body: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return the body when it holds no other names. Raises Invalid, naming each that doesn't exist."""
    unknown = sorted(set(body) - set(names))
    if unknown:
        raise Invalid(
            say("Some of these names don't exist here."),
            errors={name: [say("There is no such field.")] for name in unknown},
        )
    return body


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
