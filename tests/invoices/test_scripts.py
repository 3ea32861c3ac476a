"""Names in every script on paper: the fonts that have them, the way they run, and how wide they are."""

import unicodedata
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from reportlab.pdfbase import pdfmetrics

from app.invoices.pdf.formats import FORMATS, invoice_pdf
from app.paper.scripts import BOLD, FALLBACKS, REGULAR, as_seen, load_fonts, width_of
from app.paper.sheet import wrap
from tests.invoices.test_pdf import INVOICE, ISSUER, change, text_of

NAMES = {
    "Greek": "Ελληνική Εταιρεία",
    "Cyrillic": "вулиця Городоцька",
    "Chinese": "北京电信有限公司",
    "Japanese": "東京電話サービス株式会社",
    "Korean": "서울통신 주식회사",
}
HEBREW, ARABIC = "שלום תקשורת", "شركة الاتصالات"


def fonts_of(reader):
    found = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]
    return {font["/BaseFont"].partition("+")[2] for font in found}, found


@pytest.mark.parametrize("format_", sorted(FORMATS))
@pytest.mark.parametrize("script", sorted(NAMES))
def test_a_name_is_there_as_it_is_written(script, format_):
    made = invoice_pdf(change(INVOICE, customer_name=NAMES[script]), ISSUER, format_=format_)
    assert NAMES[script].replace(" ", "") in text_of(PdfReader(BytesIO(made))).replace(" ", "")


@pytest.mark.parametrize(("name", "expected"), [("Acme", False), (NAMES["Greek"], False), (NAMES["Chinese"], True)])
def test_the_large_font_is_embedded_where_it_is_needed_and_only_what_is_used(name, expected):
    made = invoice_pdf(change(INVOICE, customer_name=name), ISSUER, format_="short")
    names, fonts = fonts_of(PdfReader(BytesIO(made)))
    assert ("DroidSansFallback" in names) == expected
    assert all("/FontFile2" in font["/FontDescriptor"] for font in fonts)
    assert len(made) < 120_000


def test_hebrew_runs_from_the_right():
    assert as_seen("שלום") == "םולש"
    # A number in it does not.
    assert as_seen("שלום 123") == "123 םולש"
    assert as_seen("Acme שלום Ltd") == "Acme םולש Ltd"
    made = invoice_pdf(change(INVOICE, customer_name=HEBREW), ISSUER, format_="short")
    # Readers turn it back, and so it is found as it is typed.
    assert HEBREW in text_of(PdfReader(BytesIO(made)))


def test_arabic_letters_are_joined():
    seen = as_seen(ARABIC)
    # Presentation forms: each letter as it looks in its place.
    assert all(character == " " or "\ufb50" <= character <= "\ufeff" for character in seen)
    made = invoice_pdf(change(INVOICE, customer_name=ARABIC), ISSUER, format_="short")
    reader = PdfReader(BytesIO(made))
    assert ARABIC in unicodedata.normalize("NFKC", text_of(reader))
    assert fonts_of(reader)[0] == {"DejaVuSans", "DejaVuSans-Bold"}


@pytest.mark.parametrize("font", [REGULAR, BOLD])
@pytest.mark.parametrize("name", [*NAMES.values(), HEBREW, ARABIC])
def test_no_letter_of_a_name_is_an_empty_box(font, name):
    load_fonts()
    for text in (name, NAMES["Korean"], NAMES["Chinese"]):
        width_of(text, font=font, size=9)
    known = [pdfmetrics.getFont(one).face.charToGlyph for one in (font, *FALLBACKS)]
    assert [one for one in as_seen(name) if not any(ord(one) in glyphs for glyphs in known)] == []


@given(st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=60))
def test_any_text_has_a_width_and_is_wrapped_within_it(text):
    load_fonts()
    lines = wrap(text, 100)
    assert all(width_of(line, font=REGULAR, size=9) <= 100 or len(line) == 1 for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())
