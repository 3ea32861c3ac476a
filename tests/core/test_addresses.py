"""Addresses are compared by mailbox and kept by spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.addresses import check_address, normalise, split_addresses


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anna@example.com", "  Anna@Example.COM\t"),
        ("anna@bücher.example", "anna@xn--bcher-kva.example"),
        ("anna@BÜCHER.example", "anna@XN--BCHER-KVA.example"),
        # The same ü, written as one character and as u with a combining mark.
        ("anna@b\u00fccher.example", "anna@bu\u0308cher.example"),
        ("andr\u00e9@example.com", "ANDRE\u0301@example.com"),
        ("anna@ελλάδα.example", "anna@ΕΛΛΆΔΑ.example"),
        ("anna@例え。example", "anna@例え.example"),
        ("\u00a0anna@example.com\u3000", "anna@example.com"),
    ],
)
def test_two_spellings_of_one_mailbox(one, other):
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anna@example.com", "anna@example.org"),
        ("a.nna@example.com", "anna@example.com"),
        ("anna+bills@example.com", "anna@example.com"),
        # IDNA 2008 tells these apart, and so do the receivers of the local part.
        ("anna@straße.example", "anna@strasse.example"),
        ("groß@example.com", "gross@example.com"),
    ],
)
def test_two_mailboxes(one, other):
    assert normalise(one) != normalise(other)


def test_normalised_domain_is_an_a_label():
    assert normalise("Jörg@Bücher.Example") == "jörg@xn--bcher-kva.example"


@pytest.mark.parametrize("text", ["", " ", "no address", "@", "a@b@c", "x@\ud800", "x@" + "ü" * 300, "x@-ü-.example"])
def test_what_is_no_address_is_folded_as_text(text):
    assert normalise(text) == text.strip().lower()


@given(st.text(max_size=40) | st.emails())
def test_normalising_twice_changes_nothing_more(text):
    assert normalise(normalise(text)) == normalise(text)


def test_split_keeps_order_and_spelling_and_drops_empties():
    assert split_addresses(" B@x.example, a@x.example ,, ,B@x.example,") == [
        "B@x.example",
        "a@x.example",
        "B@x.example",
    ]
    assert split_addresses("") == []
    assert split_addresses(" , ") == []


def test_check_keeps_the_spelling():
    assert check_address(" Anna.Lee@Bücher.Example ") == "Anna.Lee@Bücher.Example"
    assert check_address("jörg@example.com") == "jörg@example.com"
    assert check_address("bu\u0308@example.com") == "b\u00fc@example.com"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "Enter an email address"),
        ("  ", "Enter an email address"),
        ("anna", "@-sign"),
        ("anna@", "after the @-sign"),
        ("@example.com", "before the @-sign"),
        ("anna@example", "needs a dot"),
        ("an na@example.com", "SPACE"),
        ("anna@example.com, ben@example.com", "@-sign|comma|invalid"),
        ("anna@example.com\r\nBcc: x@example.com", "@-sign|invalid|characters"),
        ("anna@localhost", "needs a dot"),
        ("anna@host.test", "special use"),
        ("anna@[127.0.0.1]", "in brackets"),
        ('"anna lee"@example.com', "quotation marks"),
        ("anna\x00@example.com", "characters"),
        ("a" * 65 + "@example.com", "too long"),
        ("anna@" + "x" * 250 + ".example", "too long: at most 254"),
        pytest.param("anna@" + "ü" * 2_000_000, "too long: at most 254", id="four megabytes"),
        ("anna@\ud800.example", "characters"),
        ("anna\ud800@example.com", "characters"),
    ],
)
def test_check_refuses_in_plain_words(address, words):
    with pytest.raises(ValueError, match=words):
        check_address(address)


@given(st.emails())
def test_what_passes_the_check_stays_the_same_mailbox(address):
    try:
        checked = check_address(address)
    except ValueError:
        return
    assert normalise(checked) == normalise(address)
