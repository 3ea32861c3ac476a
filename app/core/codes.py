"""The fields for what the world has codes for: countries, currencies and languages."""

from __future__ import annotations

import pycountry

from app.core.fields import Code


def country(*, required: bool = False) -> Code:
    """Return a field for a country: ISO 3166-1 alpha-2."""
    return Code(
        source="country",
        limit=2,
        required=required,
        fold=str.upper,
        check=lambda code: pycountry.countries.get(alpha_2=code) is not None,
    )


def currency(*, required: bool = False) -> Code:
    """Return a field for a currency: ISO 4217 alphabetic code."""
    return Code(
        source="currency",
        limit=3,
        required=required,
        fold=str.upper,
        check=lambda code: pycountry.currencies.get(alpha_3=code) is not None,
    )


def language(*, required: bool = False) -> Code:
    """Return a field for a language: ISO 639-1."""
    return Code(
        source="language",
        limit=2,
        required=required,
        fold=str.lower,
        check=lambda code: pycountry.languages.get(alpha_2=code) is not None,
    )
