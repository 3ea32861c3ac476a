"""The JSON schema of a plan, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from app.core.bill_format import BillFormat

_TEXT = {"type": "string"}
_MAYBE_TEXT = {"type": "string", "nullable": True}
_MAYBE_ID = {"type": "integer", "nullable": True}
_ROAD = {"type": "string", "enum": ["customer", "contact", "requester", "typed_in"]}
_LINK = {"type": "string", "enum": ["direct", "shared", None], "nullable": True}
_FORMAT = {"type": "string", "enum": [*(one.value for one in BillFormat), None], "nullable": True}


def _object(**properties: Any) -> dict[str, Any]:  # noqa: ANN401  parts of a JSON schema
    return {"type": "object", "required": list(properties), "properties": properties}


def _list_of(one: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": one}


def _with_optional(schema: dict[str, Any], **properties: Any) -> dict[str, Any]:  # noqa: ANN401  the same
    return {**schema, "properties": {**schema["properties"], **properties}}


_WITHHELD = {
    **_list_of({"type": "integer"}),
    "description": "Usage reports that are asked for and not available to the customer; left out where there are none",
}
PLAN_SCHEMA: dict[str, Any] = _object(
    document=_object(kind=_TEXT, id={"type": "integer"}, number=_TEXT),
    fingerprint=_TEXT,
    reaches_nobody={"type": "boolean"},
    messages=_list_of(
        _with_optional(
            _object(
                address=_TEXT,
                format=_FORMAT,
                usage_reports=_list_of({"type": "integer"}),
                recipients=_list_of(
                    _object(
                        road=_ROAD, contact_id=_MAYBE_ID, link=_LINK, name=_MAYBE_TEXT, format=_FORMAT, reason=_TEXT
                    )
                ),
                message_id=_MAYBE_ID,
                state=_MAYBE_TEXT,
            ),
            withheld_reports=_WITHHELD,
        )
    ),
    skipped=_list_of(
        _object(
            address=_MAYBE_TEXT,
            road=_ROAD,
            contact_id=_MAYBE_ID,
            link=_LINK,
            name=_MAYBE_TEXT,
            reason=_TEXT,
            detail=_MAYBE_TEXT,
        )
    ),
)
