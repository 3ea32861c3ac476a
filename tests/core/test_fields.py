"""Whatever is given for a field, it is cleaned or refused in plain words; nothing else ever happens."""

from __future__ import annotations

import math
import unicodedata
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.contacts.rules import CONTACT_FIELDS
from app.core import fields as types
from app.core.cleaning import clean_values, missing_values
from app.core.codes import country, currency, language
from app.core.whole_numbers import clean_id
from app.customers.rules import CUSTOMER_FIELDS
from app.invoices.fields import INVOICE_FIELDS
from app.issuer.fields import ISSUER_FIELDS
from app.lookups.rules import LOOKUP_FIELDS

ALL = {
    **{f"customer.{name}": field for name, field in CUSTOMER_FIELDS.items()},
    **{f"contact.{name}": field for name, field in CONTACT_FIELDS.items()},
    **{f"invoice.{name}": field for name, field in INVOICE_FIELDS.items()},
    **{f"issuer.{name}": field for name, field in ISSUER_FIELDS.items()},
    **{f"{list_}.{name}": field for list_, fields in LOOKUP_FIELDS.items() for name, field in fields.items()},
}
SURROGATES = st.text(st.characters(codec=None, categories=["Cs", "Cc", "Zl", "Zp", "Lu", "Nd"]), max_size=8)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=50)
    | SURROGATES
    | st.emails()
    | st.sampled_from(
        ["", " ", "\x00", "a\x00b", "GB", "ß", "ﬁ", "https://[", "https://a.b:x", "x" * 5000, "٣", "1\n", "2026-02-30"]
    )
    | st.dates()
    | st.datetimes()
    | st.binary(max_size=5)
    | st.decimals()
)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=3)
)


@settings(max_examples=150)
@given(st.dictionaries(st.sampled_from(sorted(ALL)), ANYTHING, max_size=12))
def test_anything_is_cleaned_or_refused_in_words(raw):
    values, errors = clean_values(ALL, raw)
    assert set(raw) <= set(values) | {".".join(name.split(".")[:2]) for name in errors} | {
        name for name in raw if name == "invoice.lines" and any(part.startswith("lines") for part in errors)
    }
    assert all(text and isinstance(text, str) for texts in errors.values() for text in texts)


@settings(max_examples=150)
@given(st.sampled_from(sorted(ALL)), ANYTHING)
def test_what_is_clean_stays_as_it_is(name, raw):
    """What GET gives, PUT takes back: a clean value is no change."""
    values, errors = clean_values(ALL, {name: raw})
    if errors:
        return
    assert clean_values(ALL, values) == (values, {})


@given(st.text(max_size=60) | SURROGATES)
def test_a_text_that_is_kept_is_one_line_that_every_database_holds(raw):
    try:
        text = types.Text(limit=50).clean(raw)
    except ValueError:
        return
    assert text is None or (
        text == text.strip()
        and 0 < len(text) <= 50
        and text == unicodedata.normalize("NFC", text)
        and not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in text)
    )
    (text or "").encode()


@pytest.mark.parametrize(
    ("field", "raw", "clean"),
    [
        (types.Text(), "  Ann  ", "Ann"),
        (types.Text(), "   ", None),
        (types.Text(), None, None),
        (types.Text(), "Bu\u0308cher", "B\u00fccher"),
        (types.Text(multiline=True), "a\r\nb\tc", "a\nb\tc"),
        (types.Text(limit=3), "abc", "abc"),
        (types.Email(), " Ann@Example.com ", "Ann@Example.com"),
        (types.EmailList(), "a@x.example,, B@y.example ,", "a@x.example, B@y.example"),
        (types.EmailList(), " , ", None),
        (types.WebAddress(), "example.com/a", "https://example.com/a"),
        (types.WebAddress(), "http://example.com", "http://example.com"),
        (country(), "gb", "GB"),
        (currency(), "gbp", "GBP"),
        (language(), "EN", "en"),
        (types.Flag(), None, False),
        (types.Flag(default=True), None, True),
        (types.Flag(), "on", True),
        (types.Flag(), "", False),
        (types.Date(), "2026-02-28", date(2026, 2, 28)),
        (types.Date(), date(2026, 2, 28), date(2026, 2, 28)),
        (types.Date(), "", None),
        (types.Whole(), "12", 12),
        (types.Whole(lowest=3), None, 3),
        (types.Reference(), "7", 7),
        (types.Reference(), "", None),
        (types.References(), ["3", 1, 3, ""], [1, 3]),
        (types.References(), None, []),
        (types.Secret(), " spaces stay ", " spaces stay "),
        (types.Secret(), None, None),
    ],
)
def test_what_is_kept(field, raw, clean):
    assert field.clean(raw) == clean


@pytest.mark.parametrize(
    ("field", "raw", "words"),
    [
        (types.Text(), 5, "Give text"),
        (types.Text(), ["a"], "Give text"),
        (types.Text(), "bell\x07bell", "control characters"),
        (types.Text(), "a\x00b", "control characters"),
        (types.Text(), "two\nlines", "control characters"),
        (types.Text(), "two\u2028lines", "control characters"),
        (types.Text(), "half \ud800 one", "control characters"),
        (types.Text(multiline=True), "a\x00b", "control characters"),
        (types.Text(limit=3), "abcd", "3 characters at most; this has 4"),
        pytest.param(types.Text(), "x" * 1_000_000, "at most", id="huge text"),
        (types.Email(), "nobody", "@-sign"),
        (types.Email(), "a@x.example, b@x.example", "."),
        (types.WebAddress(), "javascript:alert(1)", "web address"),
        (types.WebAddress(), "javascript://a.b/%0aalert(1)", "web address"),
        (types.WebAddress(), "https://localhost", "web address"),
        (types.WebAddress(), "https://[", "web address"),
        (types.WebAddress(), "x" * 290 + ".example.com", "at most"),
        (country(), "UK", "no known country"),
        (country(), "GBR", "at most"),
        (country(), "ß", "no known country"),
        (country(), "ﬁ", "no known country"),
        (currency(), "XXY", "no known currency"),
        (language(), "zz", "no known language"),
        (types.Flag(), 1, "yes or no"),
        (types.Flag(), "maybe", "yes or no"),
        (types.Date(), "01/02/2026", "YYYY-MM-DD"),
        (types.Date(), "2026-02-30", "no such date"),
        (types.Date(), "1899-12-31", "between 1900 and 2200"),
        (types.Date(), date(9999, 1, 1), "between 1900 and 2200"),
        (types.Date(), datetime(2026, 1, 1), "YYYY-MM-DD"),  # noqa: DTZ001  what is refused
        (types.Date(), 20260101, "YYYY-MM-DD"),
        (types.Whole(), True, "whole number"),
        (types.Whole(), "1.5", "whole number"),
        (types.Whole(highest=10), 11, "from 0 to 10"),
        pytest.param(types.Whole(), 10**5000, "whole number", id="huge whole number"),
        (types.Reference(), True, "id of a record"),
        (types.Reference(), "٣", "id of a record"),
        (types.Reference(), -1, "id of a record"),
        (types.Reference(), 0, "no record"),
        (types.Reference(), 2**31, "no record"),
        pytest.param(types.Reference(), 10**5000, "id of a record", id="huge id"),
        (types.Reference(), 1.0, "id of a record"),
        (types.Reference(), {"id": 1}, "id of a record"),
        (types.References(), 7, "list of ids"),
        (types.References(), "7", "list of ids"),
        (types.References(), [[7]], "id of a record"),
        (types.References(), [math.nan], "id of a record"),
        pytest.param(types.References(), list(range(1, 100_000)), "at most", id="many ids"),
        (types.Secret(), 5, "Give text"),
        (types.Secret(), "a\x00b", "Give text"),
        (types.Secret(), "half \ud800 one", "Give text"),
        (types.Secret(), "x" * 129, "at most"),
    ],
)
def test_what_is_refused(field, raw, words):
    with pytest.raises(ValueError, match=words):
        field.clean(raw)


def test_each_address_of_a_list_has_its_own_error():
    with pytest.raises(ValueError, match="bad@") as refusal:
        types.EmailList().clean("good@x.example, bad@, worse")
    told = str(refusal.value)
    assert told.startswith("bad@: ")
    assert " worse: " in told
    assert "good@x.example" not in told


def test_an_unknown_name_is_an_error_and_nothing_is_dropped():
    values, errors = clean_values(CUSTOMER_FIELDS, {"colour": "red", "id": 3, "last_name": "Lee", "country": "??"})
    assert values == {"last_name": "Lee"}
    assert set(errors) == {"colour", "id", "country"}


def test_what_is_needed_must_be_given_and_not_blank():
    fields = {"name": types.Text(required=True), "other": types.Text()}
    assert clean_values(fields, {"name": "  "})[1] == {"name": ["This is needed."]}
    assert missing_values(fields, {"other"}) == {"name": ["This is needed."]}
    assert missing_values(fields, {"name"}) == {}


def test_the_trail_never_shows_a_secret():
    assert types.Secret().shown_in_trail("swordfish") == "set"
    assert types.Secret().shown_in_trail(None) is None


def test_ids_fit_their_column():
    assert clean_id(2**31 - 1) == 2**31 - 1
    assert clean_id("0012") == 12
    with pytest.raises(ValueError, match="whole number"):
        clean_id(Decimal(1))


# Persian for house, and for its plural.
HOUSE, PLURAL = "\u062e\u0627\u0646\u0647", "\u0647\u0627"


class TestInvisibleCharacters:
    @pytest.mark.parametrize(
        ("typed", "kept"),
        [
            ("\u202a0161 496 0001\u202c", "0161 496 0001"),
            ("Bar\u202efoo", "Barfoo"),
            ("Ac\u200bme", "Acme"),
            ("Ac\u00adme", "Acme"),
            ("\ufeffAcme", "Acme"),
            ("Ac\u200dme", "Acme"),
            ("Ann\u200c Lee", "Ann Lee"),
            ("\u200d", None),
            # Persian "khaneha" is written with a ZWNJ, Sinhala "Sri" with a ZWJ, and so is a family of emoji.
            (f"{HOUSE}\u200c{PLURAL}", f"{HOUSE}\u200c{PLURAL}"),
            ("ශ්\u200dරී", "ශ්\u200dරී"),
            ("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469"),
            (f"{HOUSE}\u200c\u200c{PLURAL}", f"{HOUSE}\u200c{PLURAL}"),
        ],
    )
    def test_in_a_line_only_those_that_a_script_needs_stay(self, typed, kept):
        assert types.Text().clean(typed) == kept

    def test_paragraphs_keep_the_marks_of_mixed_directions_and_lose_overrides(self):
        assert types.Text(multiline=True).clean("a\u200f\u2067b\u2069\u202ec") == "a\u200f\u2067b\u2069c"

    @given(st.text(max_size=40))
    def test_what_was_kept_is_kept_again(self, text):
        try:
            once = types.Text(limit=400).clean(text)
        except ValueError:
            return
        assert types.Text(limit=400).clean(once) == once


class TestSeveralAddresses:
    def test_each_wrong_one_has_an_error_of_its_own(self):
        fields = {"email": types.EmailList()}
        _, errors = clean_values(fields, {"email": "a@x.example, nobody, b@y.example, c@"})
        assert [text.partition(":")[0] for text in errors["email"]] == ["nobody", "c@"]

    @given(st.lists(st.sampled_from(["a@x.example", "B@x.example", "nobody", "c@", "@x.example"]), max_size=8))
    def test_there_are_as_many_errors_as_wrong_addresses(self, addresses):
        wrong = [one for one in addresses if one not in ("a@x.example", "B@x.example")]
        values, errors = clean_values({"email": types.EmailList()}, {"email": " , ".join(addresses)})
        assert len(errors.get("email", [])) == len(wrong)
        assert bool(values) != bool(wrong)


class TestMoment:
    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("2026-03-01T10:00:00Z", "2026-03-01T10:00:00+00:00"),
            ("2026-03-01T10:00:00.75+02:00", "2026-03-01T08:00:00+00:00"),
            ("", None),
            (None, None),
        ],
    )
    def test_a_time_is_kept_in_utc_to_the_second(self, given, kept):
        value = types.Moment().clean(given)
        assert (value.isoformat() if value else None) == kept

    @pytest.mark.parametrize(
        "given", ["2026-03-01", "2026-03-01T10:00:00", "soon", 5, True, [], "1800-01-01T00:00:00Z"]
    )
    def test_anything_else_is_refused(self, given):
        with pytest.raises(ValueError, match="Give"):
            types.Moment().clean(given)


@pytest.mark.parametrize("code", ["XXX", "XAU", "XTS", "XDR", "CLF", "USN", "xxx"])
def test_what_nobody_pays_in_is_no_currency(code):
    with pytest.raises(ValueError, match="no known currency"):
        currency().clean(code)


@pytest.mark.parametrize("code", ["GBP", "EUR", "XOF", "XPF", "XCD", "chf"])
def test_currencies_of_several_countries_are_some(code):
    assert currency().clean(code) == code.upper()
