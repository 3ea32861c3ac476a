"""What REST gives of a run of any kind: its summed plan and a page of its rows, and the schemas of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.runs.outcomes import Row
from app.runs.progress import Sums
from app.web.resource import plain

# So many of those that reach nobody are named; the rest are pages of the run's rows.
MAX_NAMED = 100

COUNTS = {"type": "object", "additionalProperties": {"type": "integer"}}


def plan_schema(plural: str, names: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a summed plan; `plural` is what its rows are, `names` what one is known by."""
    named = {"type": "object", "properties": names}
    return {
        "type": "object",
        "properties": {
            "id": {"type": "integer"},
            "status": {"type": "string", "enum": ["planned", "running", "paused", "finished"]},
            "planned_at": {"type": "string", "format": "date-time"},
            plural: {"type": "integer", "description": f"How many {plural} it takes"},
            "unticked": {"type": "integer", "description": "How many it leaves out"},
            "messages": {"type": "integer", "description": "How many copies it sends"},
            "skipped": {
                "type": "object",
                "description": f"Who gets no copy, by reason: roads, and the {plural} that they are of",
                "additionalProperties": {
                    "type": "object",
                    "properties": {"roads": {"type": "integer"}, plural: {"type": "integer"}},
                },
                "example": {"no_address": {"roads": 2, plural: 2}},
            },
            "reaches_nobody": {
                "type": "object",
                "properties": {"count": {"type": "integer"}, "first": {"type": "array", "items": named}},
            },
            "states": {**COUNTS, "description": f"{plural.capitalize()} by state", "example": {"waiting": 15}},
            "message_states": {
                **COUNTS,
                "description": f"Messages of the {plural} sent, by state",
                "example": {"sent": 3},
            },
            **more,
        },
    }


def rows_schema(names: Mapping[str, Any], *, states: Sequence[str], reasons: Sequence[str]) -> dict[str, Any]:
    """Return the schema of a page of a run's rows; `names` is what one is known by."""
    skip = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "address": {"type": "string", "nullable": True},
            "contact_id": {"type": "integer", "nullable": True},
            "reason": {"type": "string"},
        },
    }
    row = {
        "type": "object",
        "properties": {
            **names,
            "state": {"type": "string", "enum": list(states)},
            "reason": {"type": "string", "nullable": True, "enum": [*reasons, None]},
            "messages": {"type": "integer"},
            "reaches_nobody": {"type": "boolean"},
            "skipped": {"type": "array", "description": "Who gets no copy as things are now", "items": skip},
        },
    }
    return {
        "type": "object",
        "properties": {"result": {"type": "array", "items": row}, "next": {"type": "integer", "nullable": True}},
    }


def sums_as_dict(run: Any, sums: Sums, *, plural: str) -> dict[str, Any]:  # noqa: ANN401  a run
    """Return the sums of a run's plan."""
    return {
        "id": run.id,
        "status": run.status,
        "planned_at": plain(run.planned_at),
        plural: sums.rows,
        "unticked": sums.unticked,
        "messages": sums.copies,
        "skipped": {
            name: {"roads": number, plural: sums.rows_by_reason[name]} for name, number in sums.by_reason.items()
        },
    }


def outcome_as_dict(row: Row) -> dict[str, Any]:
    """Return what has become of a row."""
    kept = row.kept
    return {
        "state": kept.state,
        "reason": kept.reason,
        "messages": kept.copies,
        "reaches_nobody": kept.reaches_nobody,
        "skipped": [
            {"name": skip.name, "address": skip.address, "contact_id": skip.contact_id, "reason": skip.reason.value}
            for skip in row.skipped
        ],
    }
