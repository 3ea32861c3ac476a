"""How values are shown on a page: names for ids, words for flags, links for addresses, a dash for nothing."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask import current_app
from flask_babel import format_date
from markupsafe import Markup, escape

from app.core.fields import Choice, Flag, Reference, References, Secret, WebAddress
from app.core.records import Record
from app.web.resource import Resource


def shown(resource: Resource, record: Record, name: str) -> Any:
    """Return what a page shows for a column of a record."""
    kind = resource.fields.get(name)
    if kind is None:
        value = resource.read_only[name](record) if name in resource.read_only else getattr(record, name)
        return words(value)
    if isinstance(kind, Secret):
        return "Set" if kind.current(record, name) else None
    if isinstance(kind, Reference):
        related = getattr(record, name, None) if kind.column else None
        return str(related) if related is not None else kind.current(record, name)
    if isinstance(kind, References):
        return ", ".join(str(row) for row in getattr(record, kind.column or name))
    value = kind.current(record, name)
    if isinstance(kind, Choice):
        return str(value).replace("_", " ").capitalize()
    if isinstance(kind, Flag):
        return "Yes" if value else "No"
    if isinstance(kind, WebAddress) and value:
        return Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(value, value)
    return words(value)


def words(value: Any) -> Any:
    """Return a plain value as a page shows it."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return format_date(value, "d MMM yyyy")
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    return value


def moment(value: datetime | None) -> Markup | None:
    """Return a time as an HTML `time` element in the configured zone."""
    if value is None:
        return None
    macro = current_app.jinja_env.get_template("web/macros.html").module
    return Markup(macro.moment(value))  # type: ignore[attr-defined]  # noqa: S704  the macro escapes


def tag(text: str, tone: str = "neutral") -> Markup:
    """Return a small mark with a word."""
    return Markup('<span class="tag tone-{}">{}</span>').format(tone, text)


def link(text: object, url: str) -> Markup:
    """Return a link; text and address are escaped."""
    return Markup('<a href="{}">{}</a>').format(url, escape(text))
