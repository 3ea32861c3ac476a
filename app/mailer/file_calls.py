"""Files as REST takes and gives them: their bytes in base64 (RFC 4648) one way, their names and sizes the other."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import quote

from flask import Response

from app.core.errors import Invalid
from app.core.words import say
from app.mailer.attaching import MAX_FILE, MAX_FILES, MAX_NAME, NewFile
from app.mailer.kept_files import KeptFile

NEW_FILE: dict[str, Any] = {
    "type": "object",
    "required": ["filename", "content"],
    "properties": {
        "filename": {"type": "string", "minLength": 1, "maxLength": MAX_NAME},
        "content": {"type": "string", "format": "byte", "description": "The file's bytes in base64 (RFC 4648)"},
    },
    "additionalProperties": False,
}
NEW_FILES = {"type": "array", "items": NEW_FILE, "maxItems": MAX_FILES}
KEPT_FILES = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "id": {"type": "integer"},
            "filename": {"type": "string"},
            "content_type": {"type": "string"},
            "size": {"type": "integer"},
            "sha256": {"type": "string"},
        },
    },
}
# The answer of a call that hands out a file, whatever its kind.
FILE = {"type": "string", "format": "binary"}


def bytes_of(raw: object, *, field: str = "content") -> bytes:
    """Return the bytes that a call gave in base64. Raises Invalid."""
    text = raw if isinstance(raw, str) else ""
    # Four characters for three bytes: what is longer is too large, whatever it holds.
    if len(text) > MAX_FILE // 3 * 4 + 8:
        raise Invalid(say("A file may have {limit} MB at most.", limit=MAX_FILE // 1024**2), field=field)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid(say("Give the file's bytes in base64."), field=field) from error


def given_files(raw: object, *, field: str = "attachments") -> list[NewFile]:
    """Return the files that a call gave, or that a form has read already; none where there are none. Raises Invalid."""
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise Invalid(say("Give a list of files, each with its filename and its content."), field=field)
    return [one if isinstance(one, NewFile) else _given(one, field) for one in raw]


def _given(raw: object, field: str) -> NewFile:
    if not isinstance(raw, dict) or set(raw) != {"filename", "content"}:
        raise Invalid(say("Give a list of files, each with its filename and its content."), field=field)
    return NewFile(raw["filename"], bytes_of(raw["content"], field=field))


def file_as_dict(file: KeptFile) -> dict[str, Any]:
    """Return what is told of a kept file."""
    return {
        "id": file.id,
        "filename": file.filename,
        "content_type": file.content.content_type,
        "size": file.content.size,
        "sha256": file.digest,
    }


def file_answer(file: KeptFile) -> Response:
    """Hand out a kept file: never shown in the page, for what staff were sent may try to do something there."""
    answer = Response(file.content.data, mimetype=file.content.content_type)
    name = f'attachment; filename="{ascii_name(file.filename)}"'
    if not file.filename.isascii():
        # RFC 6266 and RFC 8187: the name itself, for all who can read it.
        name += f"; filename*=UTF-8''{quote(file.filename, safe='')}"
    answer.headers["Content-Disposition"] = name
    return answer


def ascii_name(name: str) -> str:
    """Return a file's name as any header can hold it."""
    return "".join(char if char.isascii() and (char.isalnum() or char in "-_.") else "-" for char in name)
