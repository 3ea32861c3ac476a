"""The OpenAPI document's part for a resource, made from its fields."""

from __future__ import annotations

from typing import Any

from app.core.fields import (
    Choice,
    Code,
    Date,
    Email,
    Field,
    Flag,
    Moment,
    Reference,
    References,
    Secret,
    Text,
    Whole,
)
from app.web.errors import CODES
from app.web.resource import SYSTEM_COLUMNS, Resource

ERROR_SCHEMA = {
    "type": "object",
    "required": ["message", "code", "errors"],
    "properties": {
        "message": {"type": "string"},
        "code": {"type": "string"},
        "errors": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
    },
}

ERROR_TITLES = {
    "400": "What was sent can't be read",
    "401": "Nobody is logged in",
    "403": "The role may not do this",
    "404": "There is no such record in sight",
    "405": "Not at this address",
    "409": "A conflict, or a duplicate",
    "412": "The version is stale",
    "413": "Too large",
    "415": "Not JSON",
    "422": "A rule is broken",
    "428": "A version is needed",
    "429": "Too many tries",
    "500": "Something went wrong on the server",
}


def _error_example(status: str, text: str) -> dict[str, Any]:
    code = CODES.get(int(status), "error")
    at_fields = {"last_name": ["A contact needs a last name or a company name."]} if status == "422" else {}
    return {"message": f"{text}.", "code": code, "errors": at_fields}


ERROR_RESPONSES: dict[str, Any] = {
    status: {
        "description": text,
        "content": {"application/json": {"schema": ERROR_SCHEMA, "example": _error_example(status, text)}},
    }
    for status, text in ERROR_TITLES.items()
}


def field_schema(kind: Field) -> dict[str, Any]:
    """Return the JSON schema of a field's values; a type of a feature's own tells its schema itself."""
    if hasattr(kind, "json_schema"):
        return dict(kind.json_schema)
    if isinstance(kind, Flag):
        return {"type": "boolean", "nullable": True}
    if isinstance(kind, Choice):
        return {"type": "string", "enum": [option.value for option in kind.options]}
    if isinstance(kind, References):
        return {"type": "array", "items": {"type": "integer", "minimum": 1}, "nullable": True}
    if isinstance(kind, Reference):
        return {"type": "integer", "minimum": 1, "nullable": True}
    if isinstance(kind, Whole):
        return {"type": "integer", "minimum": kind.lowest, "maximum": kind.highest}
    if isinstance(kind, Moment | Date):
        form = "date-time" if isinstance(kind, Moment) else "date"
        return {"type": "string", "format": form, "nullable": not kind.required}
    schema: dict[str, Any] = {"type": "string", "nullable": not kind.required}
    if isinstance(kind, Text | Secret):
        schema["maxLength"] = kind.limit
    if isinstance(kind, Email):
        schema["format"] = "email"
    if isinstance(kind, Code):
        schema["description"] = f"A {kind.source} code"
    if isinstance(kind, Secret):
        schema["writeOnly"] = True
    return schema


def record_schema(resource: Resource) -> dict[str, Any]:
    """Return the schema of a record as REST gives it."""
    properties: dict[str, Any] = {"id": {"type": "integer"}}
    for name, kind in resource.offered().items():
        if not isinstance(kind, Secret):
            properties[name] = {**field_schema(kind), "nullable": True}
    for name in resource.read_only:
        properties[name] = {"readOnly": True, "nullable": True}
    for name in SYSTEM_COLUMNS:
        properties[name] = {"type": "string", "format": "date-time", "nullable": True, "readOnly": True}
    properties["version"] = {"type": "integer", "readOnly": True}
    return {"type": "object", "properties": properties}


def input_schema(resource: Resource, *, change: bool) -> dict[str, Any]:
    """Return the schema of what POST (or, with `change`, PUT) takes."""
    fields = resource.offered()
    properties = {name: field_schema(kind) for name, kind in fields.items()}
    if change:
        return {"type": "object", "properties": {**properties, "version": {"type": "integer", "minimum": 1}}}
    required = [name for name, kind in fields.items() if kind.required]
    schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": required} if required else schema
