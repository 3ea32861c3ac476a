"""What words a record has, and what a search asks for."""

from __future__ import annotations

from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.fields import EmailList
from app.core.search_words import (
    MAX_ASKED,
    MAX_TERMS,
    TERM_LENGTH,
    address_words,
    asked,
    fold,
    kept,
    number_terms,
    phone_terms,
    words_of,
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Müller", "muller"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("Łódź", "lodz"),
        ("Ørsted", "orsted"),
        ("Æther", "aether"),
        ("\uff26\uff55ll", "full"),
        ("İzmir", "izmir"),
        ("a\x00b\u200db\u202e", "abb"),
        ("Ελλάς", "ελλασ"),
        ("שלום", "שלום"),
    ],
)
def test_case_and_accents_go(text, folded):
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("O'Neill & Sons", {"o'neill", "neill", "oneill", "sons"}),
        ("O\u2019Neill", {"o'neill", "neill", "oneill"}),
        ("Smith-Jones,", {"smith-jones", "jones", "smithjones"}),
        ("SW1A 1AA", {"sw1a", "1aa"}),
        ("  (The) Company. ", {"the", "company"}),
        ("🎉 & % _", set()),
        (None, set()),
    ],
)
def test_the_words_of_a_name(text, words):
    assert set(kept(words_of(text))) == words


def test_an_address_is_found_by_its_parts():
    words = address_words("Jane.Smith@Acme.Example")
    assert set(words) == {"jane.smith@acme.example", "acme.example", "jane.smith", "janesmith", "smith"}


def test_a_phone_number_is_found_from_its_end():
    assert phone_terms(["0161 496-0123", "12", None, "+44 (0)20"]) == ["#3210694" + "1610", "#02044"]


def test_a_number_is_found_as_a_whole():
    assert number_terms("AC-1/4") == ["=ac-1/4", "ac-1/4", "ac14", "1/4", "14", "4", "4"]
    assert number_terms(None) == []


@pytest.mark.parametrize(
    ("text", "words", "phone"),
    [
        ("jane smith", ("jane", "smith"), ""),
        ("Jane  JANE", ("jane",), ""),
        ("0161 496 0123", ("0161", "496", "0123"), "321069416"),
        ("+44 161 4960123", ("44", "161", "4960123"), "321069416"),
        ("496-0123", ("496-0123",), "3210694"),
        ("12", ("12",), ""),
        ("AC-1/4", ("ac-1/4",), ""),
        ("100%", ("100",), ""),
        ("%_\\'\"", (), ""),
        ("", (), ""),
    ],
)
def test_what_is_asked_for(text, words, phone):
    ask = asked(text)
    assert (ask.words, ask.phone) == (words, phone)


@pytest.mark.parametrize(
    ("text", "enough"),
    [("ab", False), ("a b c d", False), ("abc", True), ("ab cde", True), ("123", True), ("12", False)],
)
def test_three_letters_are_needed_to_search_everything(text, enough):
    assert asked(text).is_long_enough is enough


@given(st.text(max_size=300))
def test_whatever_is_typed_is_read_and_bounded(text):
    ask = asked(text)
    assert len(ask.words) <= MAX_ASKED
    assert all(0 < len(word) <= TERM_LENGTH for word in ask.words)
    assert len(kept(words_of(text * 20))) <= MAX_TERMS


@pytest.mark.parametrize(
    "pattern",
    ["billing.{0:03}@depot.example", "{0:03}@{0:03}.example", f"{'.'.join(ascii_lowercase)}.{{0:03}}@x.example"],
)
def test_a_field_full_of_addresses_is_kept_in_whole(pattern):
    addresses = [pattern.format(number) for number in range(250)]
    while len(", ".join(addresses)) > EmailList().limit:
        addresses.pop()
    terms = kept(term for address in addresses for term in address_words(address))
    assert all(address[:TERM_LENGTH] in terms for address in addresses)


@given(st.text(min_size=1, max_size=60))
def test_a_name_is_found_by_itself(text):
    terms = kept(words_of(text))
    assert all(any(term.startswith(word) for term in terms) for word in asked(text).words)
