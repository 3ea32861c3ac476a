"""Phone numbers are written as their country does; what can't be one is said, and kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.phones import read_phone


@pytest.mark.parametrize(
    ("typed", "country", "text", "uri"),
    [
        ("01614960001", "GB", "0161 496 0001", "tel:+44-161-496-0001"),
        ("+44 (0)161 496 0001", "GB", "0161 496 0001", "tel:+44-161-496-0001"),
        ("0044 161 496 0001", "DE", "+44 161 496 0001", "tel:+44-161-496-0001"),
        ("0161 496 0001 ext 12", "GB", "0161 496 0001 x12", "tel:+44-161-496-0001;ext=12"),
        ("0301234567", "DE", "030 1234567", "tel:+49-30-1234567"),
        ("+49 30 1234567", "GB", "+49 30 1234567", "tel:+49-30-1234567"),
        ("999", "GB", "999", ""),
        ("555-0100", "US", "555-0100", ""),
        ("12345", "AQ", "12345", ""),
    ],
)
def test_a_number_is_written_as_its_country_does(typed, country, text, uri):
    phone = read_phone(typed, country=country)
    assert (phone.text, phone.uri, phone.warning) == (text, uri, None)


@pytest.mark.parametrize("typed", ["call Ann", "12", "1" * 40, "-", "+999 1234567"])
def test_what_cannot_be_one_is_kept_and_said(typed):
    phone = read_phone(typed, country="GB")
    assert (phone.text, phone.uri) == (typed, "")
    assert "can't be a phone number" in phone.warning


@given(st.text(max_size=40), st.sampled_from(["GB", "DE", "AQ", "XX", "US"]))
def test_whatever_was_typed_there_is_something_to_show(typed, country):
    phone = read_phone(typed, country=country)
    assert phone.text or not typed
    assert not (phone.warning and phone.uri)
