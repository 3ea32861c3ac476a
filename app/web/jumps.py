"""Jumps within a sorted list: to a letter where it is sorted by text, to a day where it is sorted by time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy.sql.functions import Function

from app.core.errors import Unreadable
from app.core.records import UtcDateTime
from app.core.words import say
from app.web.keyset import Sort
from app.web.listing import MAX_SEARCH

FIRST_DAY = date(1900, 1, 1)
LAST_DAY = date(2200, 1, 1)


@dataclass(frozen=True, slots=True)
class Jump:
    """A way into the middle of a list; `kind` is `text`, `day` or `moment`."""

    kind: str
    folded: bool
    descending: bool

    def start(self, text: str) -> Any:
        """Return the value to begin at, or None where none is given. Raises Unreadable."""
        words = " ".join(text.replace("\x00", "").split())[:MAX_SEARCH]
        if not words:
            return None
        if self.kind == "text":
            kept = "".join(char for char in words if not "\ud800" <= char <= "\udfff" and char != "\U0010ffff")
            return (kept.lower() if self.folded else kept) or None
        day = _day(words)
        if self.kind == "day":
            return day
        zone = ZoneInfo(current_app.config["SETTINGS"].timezone)
        # Downwards, a day begins with its last moment.
        begins = datetime.combine(day + timedelta(days=1) if self.descending else day, time(), tzinfo=zone)
        return begins.astimezone(UTC)

    def context(self, sort: Sort, labels: Mapping[str, str], text: str) -> dict[str, Any]:
        """Return what the list draws its small form from."""
        return {
            "type": "search" if self.kind == "text" else "date",
            "label": say("Go to {column}", column=labels.get(sort.name, sort.name)),
            "value": text,
        }


def jump_of(sort: Sort) -> Jump | None:
    """Return the jump that an order offers, or None where it has neither letters nor days."""
    if not sort.columns:
        return None
    first = sort.columns[0]
    if isinstance(first.type, UtcDateTime):
        return Jump("moment", folded=False, descending=sort.descending)
    kinds = {str: "text", date: "day"}
    kind = kinds.get(first.type.python_type)
    return Jump(kind, folded=isinstance(first, Function), descending=sort.descending) if kind else None


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not FIRST_DAY <= day <= LAST_DAY:
        raise Unreadable(say("Give the day to go to as YYYY-MM-DD, between 1900 and 2200."), field="from")
    return day
