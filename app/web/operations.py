"""How a REST call is described in the OpenAPI document: by a decorator beside it, its errors included."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

Call = TypeVar("Call", bound=Callable[..., Any])

READ_ERRORS = (400, 401, 403, 404)
WRITE_ERRORS = (400, 401, 403, 404, 409, 413, 415, 422)
VERSION = {"type": "integer", "minimum": 1}
ONLY_VERSION = {"type": "object", "properties": {"version": VERSION}, "additionalProperties": False}


# What a write says beside its result; it refuses nothing.
WARNINGS = {
    "warnings": {
        "type": "object",
        "description": "What speaks against a field that was saved all the same, for instance a phone number",
        "additionalProperties": {"type": "array", "items": {"type": "string"}},
    },
    "duplicates": {
        "type": "array",
        "description": "The ids of records in sight that seem to be the same as the one that was made",
        "items": {"type": "integer"},
    },
}


def record_of(api: str) -> dict[str, Any]:
    """Return the schema of an answer that holds one record; `api` is its class, or `{api}` for the call's own."""
    return {
        "type": "object",
        "properties": {"id": {"type": "integer"}, "result": {"$ref": f"#/components/schemas/{api}.get"}, **WARNINGS},
    }


RECORD = record_of("{api}")
MESSAGE = {"type": "object", "properties": {"message": {"type": "string"}}}


def operation(
    *,
    gives: Mapping[str, Any],
    status: int = 200,
    takes: Mapping[str, Any] | None = None,
    body_optional: bool = False,
    query: Sequence[Mapping[str, Any]] = (),
    headers: Sequence[str] = (),
    errors: Sequence[int] = READ_ERRORS,
    content_type: str = "application/json",
) -> Callable[[Call], Call]:
    """Describe a call, whose docstring is the summary: what it takes and gives (JSON schemas), and its errors."""
    parameters = [{"in": "query", "required": False, **one} for one in query]
    parameters += [{"in": "header", "name": name, "schema": {"type": "string"}} for name in headers]
    described: dict[str, Any] = {
        "parameters": parameters,
        "responses": {
            str(status): {"description": "Done", "content": {content_type: {"schema": dict(gives)}}},
            **{str(error): {"$ref": f"#/components/responses/{error}"} for error in errors},
        },
    }
    if takes is not None:
        described["requestBody"] = {
            "required": not body_optional,
            "content": {"application/json": {"schema": dict(takes)}},
        }

    def mark(call: Call) -> Call:
        call.operation = {"summary": (call.__doc__ or "").strip(), **described}  # type: ignore[attr-defined]
        return call

    return mark


def described_operation(call: Any, api: str, path: str) -> dict[str, Any]:
    """Return a call's part of the OpenAPI document; the path's parameters are ids, one and up."""
    described = _named(getattr(call, "operation", {"responses": {}}), api)
    ids = [
        {"in": "path", "name": name, "required": True, "schema": {"type": "integer", "minimum": 1}}
        for name in re.findall(r"{(\w+)}", path)
    ]
    return {
        **described,
        "parameters": [*ids, *described.get("parameters", [])],
        "security": [{"jwt": []}, {"api_key": []}],
    }


def _named(part: Any, api: str) -> Any:
    """Fill in the class that `{api}` stands for."""
    if isinstance(part, Mapping):
        return {name: _named(value, api) for name, value in part.items()}
    if isinstance(part, list | tuple):
        return [_named(value, api) for value in part]
    return part.replace("{api}", api) if isinstance(part, str) else part
