"""What a REST call brings: its JSON, and the version that it was made from."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Collection
from typing import Any

from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from app.core.errors import Invalid, Unreadable, VersionRequired
from app.core.records import OneOf
from app.core.whole_numbers import MAX_ID, is_whole
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
    """Take the version out of the body, or out of If-Match. Raises VersionRequired, Invalid."""
    value = body.pop("version", None)
    if value is None and request.headers.get("If-Match", "").strip():
        return _version_of_header()
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


def _version_of_header() -> int | None:
    """Return the versions that If-Match names, any of which will do; None for `*`, which asks for none.

    It is a list of entity tags (RFC 9110, section 13.1.1). Proxies that compress an answer make its tag a weak one, so
    those count too. A tag that isn't ours is the version of no record.
    """
    tags = request.if_match
    if tags.star_tag:
        return None
    named = (tag for tag in tags.as_set(include_weak=True) if is_whole(tag, digits=10) and tag == str(int(tag)))
    return OneOf(int(tag) for tag in named)


def read_version() -> int | None:
    """Return the version of a call whose body holds nothing else, or None. Raises Invalid, Unreadable."""
    body = read_body(optional=True)
    version = take_version(body, required=False)
    only(body)
    return version


def bytes_of(raw: object, *, limit: int, field: str) -> bytes:
    """Return what a call gave in base64 (RFC 4648, section 4), `limit` bytes at most. Raises Invalid at `field`."""
    text = raw if isinstance(raw, str) else ""
    # Four characters for three bytes: what is longer is too large, whatever it holds.
    if len(text) > limit // 3 * 4 + 8:
        raise Invalid(say("A file may have {limit} MB at most.", limit=limit // 1024**2), field=field)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid(say("Give the file's bytes in base64."), field=field) from error


def only(body: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return the body when it holds no other names. Raises Invalid, naming each that doesn't exist."""
    return no_such_fields(body, set(body) - set(names))


def no_such_fields(body: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Return the body when it holds none of these names. Raises Invalid, naming each that it holds."""
    unknown = sorted(set(body) & set(names))
    if unknown:
        raise Invalid(
            say("Some of these names don't exist here."),
            errors={name: [say("There is no such field.")] for name in unknown},
        )
    return body


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
