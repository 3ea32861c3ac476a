"""Markdown on paper: every kind of block is there, runs the way its script does, and flows from page to page."""

from __future__ import annotations

import io

import pypdf
import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from app.paper.issuer import IssuerDetails
from app.paper.pages import Cover, printed
from app.paper.prose import prose
from app.paper.scripts import runs_from_the_right, width_of
from app.paper.sheet import LEFT, RIGHT
from app.paper.styled import Piece, Style, text_of, wrapped

BOLD, PLAIN = Style(bold=True), Style()


def paper(source: str) -> pypdf.PdfReader:
    cover = Cover(
        title="A letter",
        issuer=IssuerDetails(name="Northwind Ltd"),
        customer_name="Acme",
        customer_address=(),
        facts=[],
        vat_label="VAT number",
        page="Page {page} of {pages}",
        locale=Locale.parse("en_GB"),
    )
    return pypdf.PdfReader(io.BytesIO(printed(cover, [prose(source)])))


def text(source: str) -> str:
    return "\n".join(page.extract_text() for page in paper(source).pages)


def test_each_kind_of_block_is_on_the_paper_without_its_marks():
    found = text(
        "# Head\n\nSome **bold** and *slanted* and `code` and ~~struck~~ text.\n\n- one\n- two\n  1. deep\n\n"
        "> quoted\n\n| a | b |\n|---|---|\n| c | d |\n\n```\nx = 1\n```\n\n---\n\n[site](https://a.example)"
    )
    for words in ("Head", "bold", "slanted", "code", "struck", "one", "two", "deep", "1.", "•", "quoted", "a", "d"):
        assert words in found
    assert "x = 1" in found
    for mark in ("**", "~~", "`", "# ", "](", "|"):
        assert mark not in found


def test_links_lead_where_they_say_and_no_address_but_a_web_or_mail_one_is_a_link():
    reader = paper("[a](https://a.example) [b](mailto:x@a.example) [c](javascript:alert(1)) [d](file:///etc/passwd)")
    links = [one.get_object()["/A"]["/URI"] for one in reader.pages[0]["/Annots"]]
    assert links == ["https://a.example", "mailto:x@a.example"]


def test_html_is_text_like_any_other():
    assert '<script>alert("1")</script>' in text('<script>alert("1")</script>')


def test_a_long_letter_flows_over_pages_and_a_heading_stays_with_its_text():
    for lines in range(20, 60, 3):
        reader = paper("\n\n".join(f"Line {number}" for number in range(lines)) + "\n\n## Last head\n\nLast line")
        pages = [page.extract_text() for page in reader.pages]
        where = [[words in page for page in pages] for words in ("Last head", "Last line")]
        assert where[0] == where[1]
        for number in range(lines):
            assert any(f"Line {number}\n" in page for page in pages)
    assert f"Page 2 of {len(pages)}" in pages[1]


def test_nested_too_deep_still_has_room_for_words():
    assert "bottom" in text(
        "\n".join(f"{'  ' * depth}- level {depth}" for depth in range(15)) + "\n\n" + ">" * 15 + " bottom"
    )


@pytest.mark.parametrize(
    ("words", "runs"), [("Hello", False), ("123 مرحبا", True), ("שלום abc", True), ("abc שלום", False), ("12", False)]
)
def test_a_paragraph_runs_as_its_first_letter_does(words, runs):
    assert runs_from_the_right(words) is runs


def test_arabic_is_joined_and_bold_within_it_stays_bold():
    fonts = paper("السيد **أحمد** العزيز").pages[0]["/Resources"]["/Font"]
    names = {font.get_object()["/BaseFont"].partition("+")[2] for font in fonts.values()}
    assert {"DejaVuSans", "DejaVuSans-Bold"} <= names


WORDS = st.text(alphabet="abc wört\u03bb\u03cc\u03b3日本\u05e9\u05dc\u05d5 ", min_size=0, max_size=80)


@given(st.lists(st.tuples(WORDS, st.booleans()), max_size=8), st.integers(min_value=30, max_value=400))
def test_no_line_is_too_wide_and_no_letter_is_lost(parts, width):
    pieces = [Piece(words, BOLD if bold else PLAIN) for words, bold in parts]
    lines = wrapped(pieces, width, size=10)
    for line in lines:
        wide = sum(width_of(one.text, font=one.style.font, size=10) for one in line)
        assert wide <= width + 0.01
    letters = [(letter, one.style.bold) for line in lines for one in line for letter in one.text if letter != " "]
    assert letters == [(letter, bold) for words, bold in parts for letter in words if letter != " "]
    assert " ".join(text_of(line) for line in lines).split() or not letters


def test_the_width_of_the_paper_is_what_lines_are_broken_to():
    assert RIGHT - LEFT > 400


def test_the_same_text_gives_the_same_bytes():
    one, two = paper("Some *text*"), paper("Some *text*")
    assert one.stream.getvalue() == two.stream.getvalue()
