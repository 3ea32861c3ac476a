"""Exact decimal amounts: read, rounded and written without a float in between."""

import re
from decimal import ROUND_HALF_UP, Decimal, localcontext

from app.core.words import say, say_count

# ISO 4217: the currencies whose minor unit is not a hundredth.
_WITHOUT_MINOR_UNIT = frozenset(
    {
        *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
        *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
    }
)
_IN_THOUSANDTHS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
_MINOR_UNITS = dict.fromkeys(_WITHOUT_MINOR_UNIT, 0) | dict.fromkeys(_IN_THOUSANDTHS, 3) | {"CLF": 4, "UYW": 4}
_PLAIN_NUMBER = re.compile(r"(?P<sign>[+-]?)(?P<whole>[0-9]+)(?:\.(?P<part>[0-9]+))?", re.ASCII)
# No number that anyone types is longer; what is longer is not even read.
_MAX_LENGTH = 60
# Products and sums of the largest amounts fit, so that nothing is rounded but by round_half_up().
_PRECISION = 60


def minor_unit(currency: str) -> int:
    """Return how many decimal places a currency (ISO 4217 code) has: 2 for GBP, 0 for JPY, 3 for KWD."""
    return _MINOR_UNITS.get(currency.upper(), 2)


def round_half_up(amount: Decimal, places: int) -> Decimal:
    """Return an amount rounded to some decimal places, halves away from zero; never minus zero."""
    with localcontext(prec=_PRECISION):
        rounded = amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
        return rounded or abs(rounded)


def parse_decimal(text: object, *, places: int, max_digits: int) -> Decimal:
    """Return the number that a text such as "12.50" stands for, with exactly `places` decimal places.

    `max_digits` counts all digits, those after the point included, as a NUMERIC column does. Whole numbers and Decimals
    are taken too. Floats are refused, because they have lost the exact amount already.

    Raises:
        ValueError: in plain words, for anything but a plain decimal number within these bounds.

    """
    match = _PLAIN_NUMBER.fullmatch(_as_plain_text(text))
    if match is None:
        raise ValueError(say("Enter a number such as 12.50, without thousands separators."))
    whole, part = match["whole"].lstrip("0"), (match["part"] or "").rstrip("0")
    if len(part) > places:
        some = say_count("At most {count} decimal place.", "At most {count} decimal places.", places)
        raise ValueError(some if places else say("Enter a whole number."))
    if len(whole) > max_digits - places:
        raise ValueError(
            say_count(
                "The number is too large: at most {count} digit before the point.",
                "The number is too large: at most {count} digits before the point.",
                max_digits - places,
            )
        )
    number = Decimal(f"{match['sign']}{whole or '0'}.{part.ljust(places, '0')}")
    return number or abs(number)


def as_text(amount: Decimal, *, places: int = 2) -> str:
    """Return an amount as a plain decimal string with at least `places` decimal places: "12.50", "0.000125".

    Digits beyond those places are kept as far as they say something; there is never an exponent.
    """
    whole, _, part = format(amount, "f").partition(".")
    part = part.rstrip("0").ljust(places, "0")
    return f"{whole}.{part}" if part else whole


def _as_plain_text(value: object) -> str:
    """Return what is to be read as a number, refusing every type that is not exact."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError(say('Enter a number as text, such as "12.50".'))
    # A huge int is measured before it is written out: that takes quadratic time, and Python refuses it at last.
    if isinstance(value, int) and value.bit_length() > _MAX_LENGTH * 4:
        raise ValueError(say("The number is too large."))
    # Written out, Decimal("1E+9999999") would fill the memory; str() keeps the exponent, which is then refused.
    text = str(value).strip()
    if len(text) > _MAX_LENGTH:
        raise ValueError(say("The number is too long."))
    return text
