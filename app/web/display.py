"""How values are shown on a page: names for ids, words for flags, links for addresses, a dash for nothing."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from flask import current_app
from markupsafe import Markup, escape

from app.core.fields import Choice, Code, Field, Flag, Ordered, Reference, References, Secret, WebAddress
from app.core.records import Record
from app.core.words import say
from app.web.formats import code_name, date_text, number_text
from app.web.resource import Resource
from app.web.words import translated

NAMED_CODES = ("country", "currency", "language")


def shown(resource: Resource, record: Record, name: str) -> Any:
    """Return what a page shows for a column of a record."""
    kind = resource.fields.get(name)
    if kind is None:
        value = resource.read_only[name](record) if name in resource.read_only else getattr(record, name)
        return words(value)
    if isinstance(kind, Secret):
        return say("Set") if kind.current(record, name) else None
    if isinstance(kind, Reference):
        related = getattr(record, name, None) if kind.column else None
        return str(related) if related is not None else kind.current(record, name)
    if isinstance(kind, References):
        return ", ".join(str(row) for row in getattr(record, kind.column or name))
    value = kind.current(record, name)
    if isinstance(kind, Choice):
        return choice_words(kind, value)
    if isinstance(kind, Ordered):
        return ", ".join(translated(option_words(kind.options(one))) for one in value)
    if isinstance(kind, Code) and kind.source in NAMED_CODES and value:
        return code_name(kind.source, value)
    return _plain_words(kind, value)


def _plain_words(kind: Field, value: Any) -> Any:
    if isinstance(kind, Flag):
        return say("Yes") if value else say("No")
    if isinstance(kind, WebAddress) and value:
        return Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(value, value)
    return words(value)


def words(value: Any) -> Any:
    """Return a plain value as a page shows it."""
    if isinstance(value, bool):
        return say("Yes") if value else say("No")
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return date_text(value)
    if isinstance(value, Decimal):
        return number_text(value, places=2)
    return value


def choice_words(kind: Field, value: str) -> str:
    """Return what people read for one of the words of a Choice; its type says it by `words`."""
    if not isinstance(kind, Choice):
        return value
    return option_words(kind.options(value))


def option_words(option: StrEnum) -> str:
    """Return what people read for one of a set of words; its type says it by `words`."""
    return getattr(option, "words", None) or option.value.replace("_", " ").capitalize()


def moment(value: datetime | None) -> Markup | None:
    """Return a time as an HTML `time` element in the configured zone."""
    if value is None:
        return None
    macro = current_app.jinja_env.get_template("web/macros.html").module
    return Markup(macro.moment(value))  # type: ignore[attr-defined]  # noqa: S704  the macro escapes


def tag(text: str, tone: str = "neutral") -> Markup:
    """Return a small mark with a word."""
    return Markup('<span class="tag tone-{}">{}</span>').format(tone, translated(text))


def link(text: object, url: str) -> Markup:
    """Return a link; text and address are escaped."""
    return Markup('<a href="{}">{}</a>').format(url, escape(translated(text)))
