"""The short invoice, opened and read as its reader would."""

import dataclasses
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from PIL import Image
from pypdf import PdfReader
from reportlab.pdfbase.pdfmetrics import stringWidth

from app.invoices.pdf.formats import InvoiceDocument, IssuerDetails, short_pdf
from app.invoices.rules import Line
from app.paper.scripts import BOLD


def line(category, unit_price="10.00", *, quantity="1", tax_rate="20"):
    return Line(
        description="x",
        category=category,
        quantity=Decimal(quantity),
        unit_price=Decimal(unit_price),
        tax_rate=Decimal(tax_rate),
    )


ISSUER = IssuerDetails(
    name="Counterpart Telecom Ltd",
    address=("4 Harbour Street", "Whitby", "YO21 3PU"),
    vat_number="GB 123 4567 89",
    email="billing@counterpart.example",
    bank_name="Northern Bank plc",
    bank_sort_code="20-00-00",
    bank_account_number="55779911",
    bank_iban="GB33 BUKB 2020 1555 5555 55",
    bank_bic="BUKBGB22",
    footer="Registered in England and Wales, number 01234567.",
)
INVOICE = InvoiceDocument(
    number="ACME/4",
    invoice_date=date(2026, 11, 1),
    due_date=date(2026, 12, 1),
    currency="GBP",
    customer_name="Acme Engineering & Sons <Ltd>",
    customer_address=("Accounts payable", "Unit 7, Riverside Works", "Leeds"),
    account_number="ACME",
    purchase_order_number="PO-2026-0815",
    lines=(
        line("Line rental", "14.50", quantity="12"),
        line("Calls", "183.416"),
        line("Line rental"),
        line("Books", "45", tax_rate="5"),
        line("", "12.00", tax_rate="0"),
    ),
)


def opened(invoice=INVOICE, issuer=ISSUER, **how):
    return PdfReader(BytesIO(short_pdf(invoice, issuer, **how)))


def text_of(reader):
    """Return the text of all pages, with any kind of space as one space."""
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def change(document, **fields):
    return dataclasses.replace(document, **fields)


def picture(kind="PNG", size=(600, 180)):
    buffer = BytesIO()
    Image.new("RGB", size, (31, 78, 121)).save(buffer, kind)
    return buffer.getvalue()


def test_one_page_says_everything_that_is_needed():
    reader = opened()
    assert len(reader.pages) == 1
    text = text_of(reader)
    for expected in (
        "Counterpart Telecom Ltd",
        "4 Harbour Street",
        "VAT number GB 123 4567 89",
        "billing@counterpart.example",
        "Acme Engineering & Sons <Ltd>",
        "Unit 7, Riverside Works",
        "Invoice ACME/4",
        "1 November 2026",
        "1 December 2026",
        "PO-2026-0815",
        "Line rental £184.00",
        "Calls £183.42",
        "Books £45.00",
        "Other charges £12.00",
        "Net total £424.42",
        "VAT 0% on £12.00 £0.00",
        "VAT 5% on £45.00 £2.25",
        "VAT 20% on £367.42 £73.48",
        "Total due £500.15",
        "Please pay £500.15 by 1 December 2026.",
        "Northern Bank plc",
        "20-00-00",
        "55779911",
        "GB33 BUKB 2020 1555 5555 55",
        "BUKBGB22",
        "Reference ACME/4",
        "Registered in England and Wales",
        "Page 1 of 1",
    ):
        assert expected in text
    assert text.count("Line rental") == 1


def test_the_page_is_a4():
    box = opened().pages[0].mediabox
    assert (round(box.width), round(box.height)) == (595, 842)


def test_metadata():
    reader = opened()
    assert reader.metadata.title == "Invoice ACME/4"
    assert reader.metadata.author == "Counterpart Telecom Ltd"
    assert reader.trailer["/Root"]["/Lang"] == "en-GB"
    assert opened(language="de", country="AT").trailer["/Root"]["/Lang"] == "de-AT"


def test_every_font_is_embedded():
    for page in opened(change(INVOICE, lines=tuple(line(f"Category {n}") for n in range(80)))).pages:
        fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
        assert {font["/BaseFont"].partition("+")[2] for font in fonts} == {"DejaVuSans", "DejaVuSans-Bold"}
        assert all("/FontFile2" in font["/FontDescriptor"] for font in fonts)


def test_the_same_invoice_gives_the_same_bytes():
    assert short_pdf(INVOICE, ISSUER) == short_pdf(INVOICE, ISSUER)
    assert short_pdf(INVOICE, ISSUER) != short_pdf(change(INVOICE, number="ACME/5"), ISSUER)


@pytest.mark.parametrize(
    ("language", "country", "expected"),
    [
        ("en", "GB", ["Invoice ACME/4", "£500.15", "1 December 2026"]),
        ("en", "US", ["Invoice ACME/4", "£500.15", "December 1, 2026"]),
        ("de", "DE", ["Rechnung ACME/4", "500,15 £", "1. Dezember 2026", "USt. 20 % auf"]),
        ("de-CH", "GB", ["Rechnung ACME/4", "£ 500.15"]),
        ("FR", "FR", ["Facture ACME/4", "500,15 £", "TVA 5 % sur"]),
        ("es", "ES", ["Factura ACME/4", "500,15", "1 de diciembre de 2026"]),
        # No words in this language, no such country: English, and the bytes are made all the same.
        ("xx", "ZZ", ["Invoice ACME/4", "£500.15"]),
        ("de", "", ["Rechnung ACME/4", "500,15 £"]),
        ("", "", ["Invoice ACME/4", "£500.15"]),
    ],
)
def test_languages(language, country, expected):
    text = text_of(opened(language=language, country=country))
    for words in expected:
        assert words in text


def test_currencies():
    yen = change(INVOICE, currency="JPY", places=0, lines=(line("Calls", "1250"),))
    assert "Total due ¥1,500" in text_of(opened(yen, country="US")).replace("JP¥", "¥")


def test_other_scripts():
    name = "Ελληνική Εταιρεία Τηλεπικοινωνιών"
    invoice = change(INVOICE, customer_name=name, customer_address=("вулиця Городоцька 123", "Łódź"))
    text = text_of(opened(invoice))
    for expected in (name, "вулиця Городоцька 123", "Łódź"):
        assert expected in text


def test_text_is_never_markup():
    nasty = '<b>bold</b> & <font color="red">red</font> <img src="file:///etc/passwd"/> &lt; </para>'
    invoice = change(INVOICE, customer_name=nasty, lines=(line(nasty),), purchase_order_number="<i>PO</i>")
    text = text_of(opened(invoice, change(ISSUER, name=nasty, footer=nasty, address=(nasty,))))
    assert text.count("<b>bold</b>") == 6
    assert "<i>PO</i>" in text
    assert text.count("&lt;") == 6


def test_long_names_are_wrapped_inside_the_page():
    name = "W" * 60
    invoice = change(
        INVOICE,
        number=name,
        customer_name=name,
        purchase_order_number=name,
        account_number=name,
        lines=(line(name + name),),
    )
    reader = opened(invoice, change(ISSUER, name=name, bank_name=name))
    right_edges = []

    def visit(text, _matrix, text_matrix, _font, size):
        # The bold font is the wider of the two: the text reaches no further than this.
        right_edges.extend(text_matrix[4] + stringWidth(drawn.strip(), BOLD, size) for drawn in text.split("\n"))

    for page in reader.pages:
        page.extract_text(visitor_text=visit)
    assert max(right_edges) < 595
    assert "".join(text_of(reader).split()).count("W" * 60) >= 6


def test_names_of_sixty_characters_fit_on_one_page():
    name = "The Yorkshire and Humber Federation of Independent Engineers"
    assert len(name) == 60
    invoice = change(INVOICE, customer_name=name, customer_address=(name,) * 5, lines=(line(name), line(name[::-1])))
    reader = opened(invoice, change(ISSUER, name=name, bank_name=name))
    assert len(reader.pages) == 1
    assert text_of(reader).count("Federation of Independent") >= 9


def test_many_categories_go_on_to_further_pages():
    invoice = change(INVOICE, lines=tuple(line(f"Category {n:03}") for n in range(120)))
    reader = opened(invoice)
    pages = [" ".join(page.extract_text().split()) for page in reader.pages]
    assert len(pages) == 5
    for number, text in enumerate(pages, start=1):
        assert f"Page {number} of 5" in text
        assert "Invoice ACME/4" in text
        assert "Registered in England" in text
    assert all("Summary Net amount" in text for text in pages)
    together = " ".join(pages)
    assert [together.count(f"Category {n:03} £10.00") for n in range(120)] == [1] * 120
    assert together.count("Total due") == 1
    assert "Total due £1,440.00" in pages[-1]


def test_an_invoice_without_lines():
    text = text_of(opened(change(INVOICE, lines=(), customer_address=(), purchase_order_number="")))
    assert "There are no charges on this invoice." in text
    assert "Total due £0.00" in text
    assert "How to pay" not in text
    assert "Purchase order" not in text


def test_a_credit_note_names_what_it_credits_and_asks_for_no_money():
    text = text_of(opened(change(INVOICE, number="ACME/5", credits="ACME/4")))
    for expected in ("Credit note ACME/5", "Credits invoice ACME/4", "Total credit £500.15"):
        assert expected in text
    for unexpected in ("How to pay", "Due date", "Total due"):
        assert unexpected not in text


def test_an_issuer_that_is_only_a_name():
    text = text_of(opened(issuer=IssuerDetails(name="X Ltd")))
    assert "Please pay £500.15" in text
    assert "Reference ACME/4" in text
    for unexpected in ("VAT number", "IBAN", "Account name", "Bank"):
        assert unexpected not in text


@pytest.mark.parametrize(("kind", "size"), [("PNG", (600, 180)), ("JPEG", (40, 900))])
def test_a_logo_keeps_its_shape_inside_its_box(kind, size):
    reader = opened(issuer=change(ISSUER, logo=picture(kind, size)))
    (image,) = reader.pages[0].images
    assert image.image.size == size
    assert text_of(reader).count("Counterpart Telecom Ltd") == 2


@pytest.mark.parametrize("logo", [b"no picture", picture()[:80]])
def test_a_logo_that_cannot_be_read_is_an_error(logo):
    with pytest.raises(ValueError, match="logo can't be read"):
        short_pdf(INVOICE, change(ISSUER, logo=logo))
