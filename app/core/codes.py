"""The fields for what the world has codes for: countries, currencies and languages."""

from __future__ import annotations

from functools import cache

import pycountry

from app.core.fields import Code
from app.core.words import say

# What ISO 4217 lists beside currencies: metals, bond market units, drawing rights, test codes, "no currency", and the
# funds and units of account of some countries. Nobody pays a bill in them.
NO_CURRENCIES = frozenset(
    {
        *("XAD", "XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "X" * 3),
        *("BOV", "CHE", "CHW", "CLF", "COU", "MXV", "USN", "UYI", "UYW"),
    }
)


@cache
def countries() -> dict[str, str]:
    """Return the countries: ISO 3166-1 alpha-2 codes and English names."""
    return {one.alpha_2: getattr(one, "common_name", one.name) for one in pycountry.countries}


@cache
def currencies() -> dict[str, str]:
    """Return what can be paid in: ISO 4217 alphabetic codes and English names."""
    return {one.alpha_3: one.name for one in pycountry.currencies if one.alpha_3 not in NO_CURRENCIES}


@cache
def languages() -> dict[str, str]:
    """Return the languages: ISO 639-1 codes and English names."""
    return {one.alpha_2: one.name for one in pycountry.languages if hasattr(one, "alpha_2")}


def country(*, required: bool = False) -> Code:
    """Return a field for a country: ISO 3166-1 alpha-2."""
    return Code(
        source="country",
        limit=2,
        required=required,
        fold=str.upper,
        check=lambda code: code in countries(),
        unknown=lambda text: say("{text} is no known country code.", text=text),
    )


def currency(*, required: bool = False) -> Code:
    """Return a field for a currency: ISO 4217 alphabetic code."""
    return Code(
        source="currency",
        limit=3,
        required=required,
        fold=str.upper,
        check=lambda code: code in currencies(),
        unknown=lambda text: say("{text} is no known currency code.", text=text),
    )


def language(*, required: bool = False) -> Code:
    """Return a field for a language: ISO 639-1."""
    return Code(
        source="language",
        limit=2,
        required=required,
        fold=str.lower,
        check=lambda code: code in languages(),
        unknown=lambda text: say("{text} is no known language code.", text=text),
    )
