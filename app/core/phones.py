"""Phone numbers: kept as typed, written as their country does, and a warning for what can't be one."""

from __future__ import annotations

from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberFormat, ValidationResult

from app.core.words import Words, say

# How many digits a number has at all: the shortest service numbers, and the longest of ITU-T E.164 with its prefixes.
MIN_DIGITS = 3
MAX_DIGITS = 20


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone number as it is shown. `uri` is a `tel:` address (RFC 3966), or empty where it can't be dialled.

    `warning` says what speaks against it, or is None.
    """

    text: str
    uri: str = ""
    warning: Words | None = None


def read_phone(number: str, *, country: str) -> Phone:
    """Return a number as `country` (ISO 3166) writes it; one of another country is written internationally."""
    known = country in phonenumbers.SUPPORTED_REGIONS
    try:
        parsed = phonenumbers.parse(number, country if known else None)
    except phonenumbers.NumberParseException:
        # Of a country whose numbers nobody has described, only the digits can be judged.
        fits = not known and MIN_DIGITS <= sum(char.isdigit() for char in number) <= MAX_DIGITS
        return Phone(number, warning=None if fits else _warning(number))
    if not phonenumbers.is_possible_number(parsed):
        short = known and phonenumbers.is_possible_short_number_for_region(parsed, country)
        return Phone(number, warning=None if short else _warning(number))
    if phonenumbers.is_possible_number_with_reason(parsed) == ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
        # Without its area it can be dialled from next door alone.
        return Phone(number)
    at_home = known and phonenumbers.country_code_for_region(country) == parsed.country_code
    style = PhoneNumberFormat.NATIONAL if at_home else PhoneNumberFormat.INTERNATIONAL
    return Phone(
        phonenumbers.format_number(parsed, style), phonenumbers.format_number(parsed, PhoneNumberFormat.RFC3966)
    )


def _warning(number: str) -> Words:
    return say("{number} can't be a phone number of this country. It was kept as it is.", number=number)
