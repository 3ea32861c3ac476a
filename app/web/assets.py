"""Serve the vendored look, and give the templates the few filters that they share."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, request, url_for

from app.core.words import say
from app.web.formats import date_text, moment_text, number_text
from app.web.words import translated

STATIC = Path(__file__).parent / "static"
SPRITE = "vendor/tabler-icons/icons.svg"
NOTHING = "—"

# Flask-AppBuilder's own menu entries and actions name Font Awesome icons; these are the sprite's for them.
FONT_AWESOME = {
    "edit": "pencil",
    "fa-cogs": "shield-lock",
    "fa-group": "users",
    "fa-users": "users",
    "fa-user": "user",
    "fa-user-plus": "user-plus",
    "fa-lock": "lock",
    "fa-key": "key",
    "fa-edit": "pencil",
    "fa-trash": "trash",
    "fa-bar-chart": "chart-bar",
}

blueprint = Blueprint("web", __name__, static_folder="static", static_url_path="/assets", template_folder="templates")


@cache
def _digest(filename: str, modified_ns: int) -> str:  # noqa: ARG001  # the time is part of the cache's key
    return hashlib.sha256((STATIC / filename).read_bytes()).hexdigest()[:12]


@cache
def icon_names() -> frozenset[str]:
    """Return the names of the icons that the sprite holds."""
    return frozenset(re.findall(r'<symbol id="([a-z0-9-]+)"', (STATIC / SPRITE).read_text(encoding="utf-8")))


@blueprint.app_template_global("asset")
def asset(filename: str) -> str:
    """Return the address of a file below static/, with its digest, so that browsers may keep it for good."""
    version = _digest(filename, (STATIC / filename).stat().st_mtime_ns)
    return url_for("web.static", filename=filename, v=version)


@blueprint.app_template_filter("icon_name")
def icon_name(name: str | None) -> str:
    """Return the sprite's icon for a name of its own or of Font Awesome, and a plain list icon for any other."""
    wanted = FONT_AWESOME.get(name or "", name or "")
    return wanted if wanted in icon_names() else "list"


@blueprint.app_template_filter("plain_value")
def plain_value(value: Any) -> Any:
    """Return what a person reads for a column's value: Yes or No, names joined, a dash for nothing."""
    if value is None or (isinstance(value, str) and not value):
        return NOTHING
    if isinstance(value, bool):
        return say("Yes") if value else say("No")
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, date):
        return date_text(value)
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(str(translated(part)) for part in value) or NOTHING
    return value


@blueprint.app_template_filter("grouped_amount")
def grouped_amount(value: Decimal | str, digits: int = 2) -> str:
    """Return an amount with its thousands grouped and its decimals in full: 1,234.50, or 1.234,50."""
    return number_text(value, places=digits)


@blueprint.app_template_filter("grouped")
def grouped(value: int) -> str:
    """Return a whole number with its thousands grouped: 1,234, or 1.234."""
    return number_text(value)


@blueprint.app_template_filter("utc_iso")
def utc_iso(value: datetime) -> str:
    """Return an ISO 8601 time in UTC, to the second; a naive time is taken for UTC."""
    return _aware(value).astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@blueprint.app_template_filter("local_moment")
def local_moment(value: datetime) -> str:
    """Return a time as people of the configured time zone read it: 7 Mar 2026, 14:05."""
    return moment_text(value)


@blueprint.app_context_processor
def shell() -> dict[str, Any]:
    """Give every page what the shell draws itself from, error pages included, which no view renders."""
    appbuilder = current_app.appbuilder  # type: ignore[attr-defined]
    return {"appbuilder": appbuilder, "base_template": appbuilder.base_template}


@blueprint.after_app_request
def keep_versioned_assets(response: Response) -> Response:
    """Let browsers keep a file whose address carries its digest, as any change of it changes the address."""
    if request.endpoint == "web.static" and "v" in request.args and response.status_code < 400:  # noqa: PLR2004
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def _aware(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)
