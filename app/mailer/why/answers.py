"""The answer to "why did this address not get it?" as REST gives it, and its JSON schema."""

from __future__ import annotations

from typing import Any

from app.mailer.planning.plan_model import Document
from app.mailer.why.asked import Answered, Outcome
from app.mailer.why.chain import step_as_dict
from app.web.resource import plain
from app.web.words import translated

_TEXT = {"type": "string"}
_MAYBE_TEXT = {"type": "string", "nullable": True}
_MAYBE_TIME = {"type": "string", "format": "date-time", "nullable": True}
_ID = {"type": "integer"}
# Beside these, each kind of link has facts of its own: a setting its field and its values, an attempt its answer.
STEP_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["link", "label", "text", "at", "by", "door"],
    "properties": {
        "link": {
            "type": "string",
            "enum": ["document", "customer", "road", "link", "setting", "plan", "attempt", "act"],
        },
        "label": _TEXT,
        "text": _TEXT,
        "at": _MAYBE_TIME,
        "by": _MAYBE_TEXT,
        "door": _MAYBE_TEXT,
    },
    "additionalProperties": True,
}
WHY_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "result": {
            "type": "object",
            "required": ["document", "address", "outcome", "sentence", "message", "as_of", "chain", "elsewhere"],
            "properties": {
                "document": {"type": "object", "properties": {"kind": _TEXT, "id": _ID, "number": _TEXT}},
                "address": _TEXT,
                "outcome": {"type": "string", "enum": [one.value for one in Outcome]},
                "sentence": _TEXT,
                "message": {
                    "type": "object",
                    "nullable": True,
                    "properties": {"id": _ID, "state": _TEXT, "message_id": _TEXT},
                },
                "as_of": _MAYBE_TIME,
                "chain": {"type": "array", "items": STEP_SCHEMA},
                "elsewhere": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "resource": _TEXT,
                            "id": _ID,
                            "name": _TEXT,
                            "kind": _MAYBE_TEXT,
                            "deleted": {"type": "boolean"},
                        },
                    },
                },
            },
        }
    },
}
ADDRESS = {"name": "address", "required": True, "schema": {"type": "string", "example": "anna@example.com"}}


def answer_as_dict(document: Document, answered: Answered) -> Any:  # noqa: ANN401  what JSON holds
    """Return an answer as REST gives it, in the reader's language."""
    message = answered.message
    made = {"id": message.id, "state": message.state, "message_id": message.message_id} if message else None
    return plain(
        translated(
            {
                "document": {"kind": document.kind.value, "id": document.id, "number": document.number},
                "address": answered.address,
                "outcome": answered.outcome.value,
                "sentence": answered.sentence,
                "message": made,
                "as_of": answered.as_of,
                "chain": [step_as_dict(step) for step in answered.steps],
                "elsewhere": [
                    {
                        "resource": one.resource,
                        "id": one.id,
                        "name": one.name,
                        "kind": one.kind,
                        "deleted": one.deleted,
                    }
                    for one in answered.places
                ],
            }
        )
    )
