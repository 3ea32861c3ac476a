"""Dates, times, numbers and amounts as the reader's language writes them, and the names that it has for codes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date as babel_date
from babel.dates import format_time as babel_time
from babel.numbers import format_currency, format_decimal
from flask import current_app
from flask_babel import get_locale

from app.core.codes import countries, currencies, languages
from app.core.money import minor_unit


def reading_locale() -> Locale:
    """Return the locale of this request; British English where there is none."""
    return get_locale() or Locale("en", "GB")


def date_text(value: date) -> str:
    """Return a date: 7 Mar 2026, or 07.03.2026."""
    return babel_date(value, "medium", locale=reading_locale())


def moment_text(value: datetime) -> str:
    """Return a time of the configured zone, to the minute: 7 Mar 2026, 14:05. A naive time is taken for UTC."""
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    local = aware.astimezone(ZoneInfo(current_app.config["SETTINGS"].timezone))
    locale = reading_locale()
    clock = babel_time(local.time(), "short", locale=locale)
    return f"{babel_date(local.date(), 'medium', locale=locale)}, {clock}"


def number_text(value: Decimal | int | str, *, places: int | None = None) -> str:
    """Return a number with its thousands grouped; with as many decimal places as it has, or exactly `places`."""
    number = Decimal(value)
    shown = max(0, -int(number.as_tuple().exponent)) if places is None else places
    pattern = "#,##0" + ("." + "0" * shown if shown else "")
    return format_decimal(number, pattern, locale=reading_locale(), decimal_quantization=places is not None)


def amount_text(value: Decimal | str, currency: str, *, locale: Locale | None = None) -> str:
    """Return an amount of money: £1,234.50, or 1.234,50 £. All places of the currency (ISO 4217) are shown.

    It is written as the reader of this request does, or as `locale` does for somebody else.
    """
    places = minor_unit(currency)
    locale = locale or reading_locale()
    pattern = locale.currency_formats["standard"].pattern.replace("0.00", "0" + ("." + "0" * places if places else ""))
    return format_currency(Decimal(value), currency, pattern, locale=locale, currency_digits=False)


def price_text(value: Decimal, currency: str) -> str:
    """Return a price: £0.125. It has as many places as it needs, and no fewer than its currency (ISO 4217)."""
    places = max(minor_unit(currency), -int(value.normalize().as_tuple().exponent))
    pattern = reading_locale().currency_formats["standard"].pattern
    pattern = pattern.replace("0.00", "0" + ("." + "0" * places if places else ""))
    return format_currency(value, currency, pattern, locale=reading_locale(), currency_digits=False)


def code_name(source: str, code: str) -> str:
    """Return what the reader's language calls a country, currency or language; the code where it has no name."""
    return code_names(source).get(code, code)


def code_names(source: str) -> Mapping[str, str]:
    """Return all countries, currencies or languages (ISO 3166, 4217, 639-1) by code, sorted by the reader's names."""
    return _names(source, str(reading_locale()))


@cache
def _names(source: str, locale_name: str) -> Mapping[str, str]:
    locale = Locale.parse(locale_name)
    english, own = {
        "country": (countries, locale.territories),
        "currency": (currencies, locale.currencies),
        "language": (languages, locale.languages),
    }[source]
    names = {code: own.get(code, name) for code, name in english().items()}
    return dict(sorted(names.items(), key=lambda pair: pair[1].casefold()))
