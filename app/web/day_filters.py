"""The filter of a time by days, as the configured zone counts them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import current_app

from app.web.list_filters import Condition, DatesFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysFilter(DatesFilter):
    """Days from and to, both included, of a column that holds a time."""

    def _since(self, day: date) -> Condition:
        found: Condition = self.column >= _start(day)
        return found

    def _until(self, day: date) -> Condition:
        found: Condition = self.column < _start(day + timedelta(days=1))
        return found


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(current_app.config["SETTINGS"].timezone))
