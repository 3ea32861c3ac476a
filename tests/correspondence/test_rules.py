"""The pure rules of letters: numbers, placeholders, and files that lie about what they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Conflict, Invalid
from app.core.markdown import plain_text
from app.correspondence.attaching import (
    KINDS,
    MAX_FILE,
    MAX_FILES,
    MAX_TOTAL,
    clean_name,
    content_type_of,
    size_error,
)
from app.correspondence.rules import (
    PLACEHOLDERS,
    LetterStatus,
    ensure_bulk,
    filled,
    foreign_invoices,
    may_edit,
    may_send,
    next_number,
    placeholder_error,
    status_after_sending,
)
from tests.correspondence.letters import PDF, office_file

PNG, JPG = b"\x89PNG\r\n\x1a\nrest", b"\xff\xd8\xff\xe0rest"
DOCX = office_file("[Content_Types].xml", "word/document.xml")
XLSX = office_file("[Content_Types].xml", "xl/workbook.xml")
GOOD = {"a.pdf": PDF, "a.PNG": PNG, "a.jpg": JPG, "a.jpeg": JPG, "a.docx": DOCX, "a.xlsx": XLSX, "a.csv": b"a,b\r\n"}
LIES = [
    ("a.pdf", b"MZ\x90\x00"),
    ("a.pdf", b"<html><script>alert(1)</script>"),
    ("a.png", PDF),
    ("a.jpg", PNG),
    ("a.txt", b"\x7fELF\x02\x01\x01\x00"),
    ("a.txt", b"\xff\xfe\x00"),
    ("a.csv", b"a\x00b"),
    ("a.docx", office_file("evil.exe")),
    ("a.docx", office_file("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin")),
    ("a.docx", XLSX),
    ("a.xlsx", DOCX),
    ("a.xlsx", b"PK\x03\x04 no archive"),
    ("a.pdf", b""),
    ("a.html", b"<p>"),
    ("a.exe", PDF),
    ("a.pdf.exe", PDF),
    ("a.svg", b"<svg/>"),
    ("pdf", PDF),
]


@given(st.integers(min_value=0, max_value=10**6))
def test_numbers_rise_and_have_three_digits_or_more(used):
    number = next_number("AC1", used)
    assert number.startswith("AC1/C")
    digits = number.removeprefix("AC1/C")
    assert int(digits) == used + 1
    assert len(digits) == max(3, len(str(used + 1)))


def test_what_each_status_allows():
    table = {one: (may_edit(one), may_send(one), status_after_sending(one)) for one in LetterStatus}
    assert table == {
        LetterStatus.DRAFT: (True, False, LetterStatus.EMAILED),
        LetterStatus.READY: (True, True, LetterStatus.EMAILED),
        LetterStatus.EMAILED: (False, True, LetterStatus.EMAILED),
        LetterStatus.DELIVERED: (False, True, LetterStatus.DELIVERED),
    }


@given(st.text(alphabet="{} abc_1.%\n", max_size=60))
def test_a_text_without_errors_can_be_filled_in(text):
    values = {name: f"<{name}>" for name in PLACEHOLDERS}
    if placeholder_error(text) is None:
        assert "{{" not in filled(text, values, markdown=True)


@given(st.text(max_size=40), st.sampled_from(sorted(PLACEHOLDERS)))
def test_a_value_stands_for_itself_whatever_it_holds(value, name):
    values = dict.fromkeys(PLACEHOLDERS, value)
    source = f"For {{{{ {name} }}}}!"
    assert placeholder_error(source) is None
    plain = value.replace("\x00", "\ufffd").split()
    assert plain_text(filled(source, values, markdown=True)).split() == [
        "For",
        *([*plain[:-1], f"{plain[-1]}!"] if plain else ["!"]),
    ]
    assert "\n" not in filled(source, values, markdown=False)


@given(st.dictionaries(st.integers(1, 20), st.integers(1, 3)), st.lists(st.integers(1, 25)))
def test_foreign_invoices_are_those_that_are_not_the_customers(owners, chosen):
    foreign = foreign_invoices(1, owners, chosen)
    assert set(foreign) == {number for number in chosen if owners.get(number) != 1}


@pytest.mark.parametrize(("name", "data"), GOOD.items())
def test_a_file_that_is_what_it_says_may_go_along(name, data):
    assert content_type_of(clean_name(name), data) == KINDS[name.rpartition(".")[2].lower()].content_type


@pytest.mark.parametrize(("name", "data"), LIES, ids=range(len(LIES)))
def test_a_file_that_lies_is_refused(name, data):
    with pytest.raises(ValueError, match=r"[a-z]"):
        content_type_of(clean_name(name), data)


@pytest.mark.parametrize(
    ("given_name", "kept"), [("../../etc/plan.pdf", "plan.pdf"), ("C:\\x\\plan.pdf", "plan.pdf"), ("  a.pdf ", "a.pdf")]
)
def test_a_name_has_no_folders(given_name, kept):
    assert clean_name(given_name) == kept


@pytest.mark.parametrize("name", ["", "..", "/", "a\r\nX: y.pdf", "evil\u202efdp.exe", "x" * 200 + ".pdf", None, 7])
def test_a_name_that_deceives_is_refused(name):
    with pytest.raises(ValueError, match=r"[a-z]"):
        clean_name(name)


def test_sizes_are_bounded():
    assert size_error(MAX_FILE, others=[]) is None
    assert size_error(MAX_FILE + 1, others=[])
    assert size_error(1, others=[1] * MAX_FILES)
    assert size_error(MAX_FILE, others=[MAX_TOTAL - MAX_FILE + 1])
    assert size_error(MAX_FILE, others=[MAX_TOTAL - MAX_FILE]) is None


HTTPS = "https://counterpart.example"


@pytest.mark.parametrize("marketing", [False, True])
@pytest.mark.parametrize("public_url", [None, "", "http://counterpart.example", HTTPS])
def test_a_type_that_is_not_for_bulk_is_refused_at_its_field(marketing, public_url):
    with pytest.raises(Invalid) as refused:
        ensure_bulk(kind_bulk=False, marketing=marketing, public_url=public_url)
    assert refused.value.code == "not_bulk"
    assert list(refused.value.errors) == ["correspondence_type"]


@pytest.mark.parametrize("public_url", [None, "", "http://counterpart.example", "https.example", "http://https://"])
def test_marketing_in_bulk_needs_an_address_with_https(public_url):
    with pytest.raises(Conflict, match="COUNTERPART_PUBLIC_URL") as refused:
        ensure_bulk(kind_bulk=True, marketing=True, public_url=public_url)
    assert refused.value.code == "no_public_url"


@pytest.mark.parametrize(
    ("marketing", "public_url"), [(False, None), (False, "http://c.example"), (True, HTTPS), (True, HTTPS.upper())]
)
def test_what_may_be_sent_in_bulk(marketing, public_url):
    assert ensure_bulk(kind_bulk=True, marketing=marketing, public_url=public_url) is None
