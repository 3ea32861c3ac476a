"""The field `usage` of an invoice, as REST gives and takes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from sqlalchemy.orm import object_session

from app.core.fields import Field
from app.invoices import queries
from app.invoices.usage.rules import MAX_INLINE, usage_as_dict

_DECIMAL = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
_TEXT = {"type": "string", "maxLength": 80}
ROW_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["start", "cost"],
    "properties": {
        "start": {"type": "string", "format": "date-time", "description": "With its zone; kept to the second, in UTC"},
        "reference": {**_TEXT, "description": "The number or service that it was made from"},
        "site": {**_TEXT, "description": "The site or cost centre that it is charged to"},
        "origin": _TEXT,
        "destination": _TEXT,
        "duration": {"type": "integer", "minimum": 0, "nullable": True, "description": "In seconds"},
        "volume": {
            "type": "string",
            "pattern": r"^[0-9]+(\.[0-9]+)?$",
            "nullable": True,
            "description": "In megabytes",
        },
        "cost": {**_DECIMAL, "description": "Net, in the invoice's currency"},
    },
    "additionalProperties": False,
    "example": {
        "start": "2026-05-12T09:30:00Z",
        "reference": "01422 960 001",
        "site": "Mill Lane",
        "origin": "Halifax",
        "destination": "London 020 7946 0123",
        "duration": 65,
        "volume": None,
        "cost": "0.125",
    },
}
USAGE_SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "nullable": True,
    "items": ROW_SCHEMA,
    "description": f"All of it. Null where it is more than {MAX_INLINE:,} records, or to leave it as it is",
}


class Usage(Field):
    """An invoice's usage records. The verbs read and write them by themselves: there may be thousands."""

    json_schema: ClassVar[Mapping[str, Any]] = USAGE_SCHEMA

    def clean(self, raw: object) -> object:
        """Return what is given: the verb reads it, row by row."""
        return raw

    def current(self, record: Any, name: str) -> Any:  # noqa: ANN401, ARG002  a list of objects; there is one name
        """Return the invoice's usage as REST gives it; None where that is too much for one answer."""
        session = object_session(record)
        if session is None:
            return []
        rows = queries.usage_page(session, invoice_id=record.id, after=0, count=MAX_INLINE + 1)
        return None if len(rows) > MAX_INLINE else [usage_as_dict(row) for row in rows]
