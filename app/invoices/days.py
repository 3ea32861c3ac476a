"""Which day it is where the company is."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from flask import current_app

from app.core import clock


def today() -> date:
    """Return the day that it is in the configured zone."""
    return clock.now().astimezone(ZoneInfo(current_app.config["SETTINGS"].timezone)).date()
