"""Amounts stay exact, and rounding is half up at the currency's own minor unit."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.money import as_text, minor_unit, parse_decimal, round_half_up

D = Decimal


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("1.005", "GBP", "1.01"),
        ("1.004999", "GBP", "1.00"),
        ("-1.005", "GBP", "-1.01"),
        ("0.5", "JPY", "1"),
        ("1.0005", "KWD", "1.001"),
        ("1.00005", "CLF", "1.0001"),
        ("-0.001", "EUR", "0.00"),
        ("99999999999999999999999999.995", "gbp", "100000000000000000000000000.00"),
    ],
)
def test_half_up_at_the_minor_unit_of_the_currency(amount, currency, expected):
    assert str(round_half_up(D(amount), minor_unit(currency))) == expected


def test_minor_units():
    assert [minor_unit(code) for code in ("GBP", "eur", "JPY", "BHD", "UYW")] == [2, 2, 0, 3, 4]


@given(st.fractions(min_value=-(10**9), max_value=10**9, max_denominator=10**6), st.integers(0, 6))
def test_half_up_by_its_definition(fraction, places):
    amount = D(fraction.numerator) / D(fraction.denominator)
    rounded = Fraction(round_half_up(amount, places))
    unit = Fraction(1, 10**places)
    distance = abs(Fraction(amount)) - abs(rounded)
    # The exact amount lies less than half a unit above the rounded one, or half a unit or less below it.
    assert -unit / 2 <= distance < unit / 2


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("12.50", "12.50"),
        (" 12.5 ", "12.50"),
        ("+7", "7.00"),
        ("-0.01", "-0.01"),
        ("-0", "0.00"),
        ("007.1", "7.10"),
        ("1.5000", "1.50"),
        (12, "12.00"),
        (D("3.10"), "3.10"),
        ("99999999.99", "99999999.99"),
    ],
)
def test_parse(value, expected):
    number = parse_decimal(value, places=2, max_digits=10)
    assert str(number) == expected


def test_parse_whole_numbers():
    assert str(parse_decimal("15", places=0, max_digits=4)) == "15"
    with pytest.raises(ValueError, match="whole number"):
        parse_decimal("15.5", places=0, max_digits=4)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (12.5, "as text"),
        (True, "as text"),
        (None, "as text"),
        ([], "as text"),
        ("", "such as 12.50"),
        ("abc", "such as 12.50"),
        ("1,000.00", "thousands"),
        (".5", "such as"),
        ("5.", "such as"),
        ("1e5", "such as"),
        ("1E+9999999", "such as"),
        (D("1E+9999999"), "such as"),
        ("NaN", "such as"),
        (D("NaN"), "such as"),
        ("Infinity", "such as"),
        ("-inf", "such as"),
        ("1_000", "such as"),
        ("١٢", "such as"),
        ("--1", "such as"),
        ("1.005", "2 decimal places"),
        ("100000000", "8 digits before the point"),
        ("9" * 61, "too long"),
        pytest.param(10**10_000, "too large", id="a number of 10,001 digits"),
    ],
)
def test_parse_refuses_in_plain_words(value, words):
    with pytest.raises(ValueError, match=words):
        parse_decimal(value, places=2, max_digits=10)


def test_one_place_is_in_the_singular():
    with pytest.raises(ValueError, match=r"At most 1 decimal place\."):
        parse_decimal("1.25", places=1, max_digits=3)


@pytest.mark.parametrize(
    ("amount", "places", "expected"),
    [
        ("12.5", 2, "12.50"),
        ("12", 2, "12.00"),
        ("12.500000", 2, "12.50"),
        ("0.000125", 2, "0.000125"),
        ("1E+3", 2, "1000.00"),
        ("1E-7", 2, "0.0000001"),
        ("-3.1", 2, "-3.10"),
        ("1200", 0, "1200"),
        ("3.00", 0, "3"),
    ],
)
def test_as_text(amount, places, expected):
    assert as_text(D(amount), places=places) == expected


@given(st.decimals(min_value=-(10**7), max_value=10**7, places=4))
def test_what_is_written_is_read_back(amount):
    assert parse_decimal(as_text(amount), places=4, max_digits=12) == amount
