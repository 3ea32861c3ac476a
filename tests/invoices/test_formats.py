"""The long and the full invoice, opened and read as their readers would."""

import dataclasses
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from reportlab.pdfbase.pdfmetrics import stringWidth

from app.invoices.pdf.formats import FORMATS, full_pdf, invoice_pdf, long_pdf
from app.invoices.pdf.model import Usage
from app.invoices.rules import Line
from app.paper.scripts import BOLD
from tests.invoices.test_pdf import INVOICE, ISSUER, change, text_of

NAME = "The Yorkshire and Humber Federation of Independent Engineers"
WORD = "W" * 60


def line(description, category="", unit_price="10.00", *, quantity="1", tax_rate="20", reference=""):
    return Line(
        description=description,
        category=category,
        quantity=Decimal(quantity),
        unit_price=Decimal(unit_price),
        tax_rate=Decimal(tax_rate),
        reference=reference,
    )


def usage(count, *, references=("01632 960 001",), cost="0.125", **fields):
    begin = datetime(2026, 10, 1, 9, 0, 0)  # noqa: DTZ001  local, as on the paper
    return tuple(
        Usage(
            start=begin + timedelta(hours=number),
            reference=reference,
            origin="Halifax",
            destination=f"London {number:04}",
            duration=61,
            cost=Decimal(cost),
            **fields,
        )
        for reference in references
        for number in range(count)
    )


LINES = (
    line("Broadband", "Lines", "34.50", quantity="2", reference="01632 960 001"),
    line("Leased line", "Lines", "289.00"),
    line("Calls", "Calls", "18.4275", quantity="1.5", reference="01632 960 002"),
    line("Book", "", "45", tax_rate="5"),
)
DETAILED = change(INVOICE, lines=LINES)


def opened(made):
    return PdfReader(BytesIO(made))


def pages_of(made):
    return [" ".join(page.extract_text().split()) for page in opened(made).pages]


def test_the_long_one_has_every_line_with_what_it_is_for_and_subtotals():
    text = text_of(opened(long_pdf(DETAILED, ISSUER)))
    for expected in (
        "Description Quantity Unit price VAT Net amount",
        "Lines Broadband 2 £34.50 20% £69.00 01632 960 001",
        "Leased line 1 £289.00 20% £289.00",
        "Subtotal £358.00",
        "Calls Calls 1.5 £18.4275 20% £27.64 01632 960 002",
        "Other charges Book 1 £45.00 5% £45.00",
        "Net total £430.64",
        "VAT 5% on £45.00 £2.25",
        "VAT 20% on £385.64 £77.13",
        "Total due £510.02",
        "How to pay",
        "VAT number GB 123 4567 89",
    ):
        assert expected in text
    # One line is its own sum.
    assert text.count("Subtotal") == 1


def test_the_full_one_is_the_long_one_with_graphs_and_each_call():
    months = tuple((date(2025 + (10 + n) // 12, (10 + n) % 12 + 1, 1), Decimal(100 + n)) for n in range(13))
    calls = usage(3, references=("01632 960 001", "01632 960 002"))
    invoice = change(DETAILED, usage=calls, months=months)
    long, *further = pages_of(full_pdf(invoice, ISSUER))
    assert "Subtotal £358.00" in long
    glance, itemised = further
    for expected in (
        "At a glance",
        "Cost by category Lines £358.00 Other charges £45.00 Calls £27.64",
        "Cost of usage by day 10/1".replace("10/1", "01/10"),
        "Top numbers and services 01632 960 001 £0.38 01632 960 002 £0.38",
        "Net amount invoiced by month Nov 2025",
        "Nov 2026",
        "£112.00",
    ):
        assert expected in glance
    assert "01632 960 001 01/10/2026 09:00:00 Halifax London 0000 0:01:01 £0.125" in itemised
    assert itemised.count("0:01:01 £0.125") == 6
    assert itemised.count("Items: 3 0:03:03 £0.375") == 2
    assert "adds nothing to the total" in itemised


def test_graphs_are_vectors():
    reader = opened(full_pdf(change(DETAILED, usage=usage(30)), ISSUER))
    assert not [image for page in reader.pages for image in page.images]
    # Bars and columns are filled rectangles.
    assert reader.pages[1].get_contents().get_data().count(b" re f") >= 6


def test_a_volume_stands_where_there_is_no_duration():
    mobile = dataclasses.replace(usage(1)[0], duration=None, volume=Decimal("1250.500"), cost=Decimal("2.5"))
    text = text_of(opened(full_pdf(change(DETAILED, usage=(mobile,)), ISSUER)))
    assert "1,250.5 MB £2.50" in text
    assert "Items: 1 1,250.5 MB £2.50" in text


def test_three_thousand_records_go_on_with_their_head_and_their_number():
    made = full_pdf(change(DETAILED, usage=usage(1_500, references=("A", "B"))), ISSUER)
    pages = pages_of(made)
    itemised = pages[2:]
    assert len(itemised) > 40
    assert all("Date and time From To Time or volume Cost" in text for text in itemised)
    for number, text in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in text
        assert "Invoice ACME/4" in text
    together = " ".join(itemised)
    assert together.count("0:01:01 £0.125") == 3_000
    assert together.count("Items: 1,500 25:25:00 £187.50") == 2
    # Kept small: thousands of rows, and not thousands of copies of anything.
    assert len(made) < 400_000


@pytest.mark.parametrize("format_", sorted(FORMATS))
def test_nothing_leaves_the_page(format_):
    lines = (line(WORD, WORD, reference=WORD), line(NAME, NAME, "123456789.123456", quantity="99999999"))
    calls = tuple(dataclasses.replace(one, origin=WORD, destination=NAME) for one in usage(2, references=(WORD,)))
    invoice = change(INVOICE, number=WORD, customer_name=NAME, lines=lines, usage=calls)
    reader = opened(invoice_pdf(invoice, ISSUER, format_=format_))
    right_edges = []

    def visit(text, _matrix, text_matrix, _font, size):
        right_edges.extend(text_matrix[4] + stringWidth(drawn.strip(), BOLD, size) for drawn in text.split("\n"))

    for page in reader.pages:
        page.extract_text(visitor_text=visit)
    assert max(right_edges) < 595


@pytest.mark.parametrize("format_", sorted(FORMATS))
def test_each_format_of_nothing_is_a_document(format_):
    text = text_of(opened(invoice_pdf(change(INVOICE, lines=()), ISSUER, format_=format_)))
    assert "There are no charges on this invoice." in text
    assert "Total due £0.00" in text
    assert "At a glance" not in text


@pytest.mark.parametrize("format_", sorted(FORMATS))
def test_a_credit_note_says_so_in_each_format(format_):
    lines = (line("Broadband", "Lines", "-34.50"), line("Calls", "Calls", "-3"))
    invoice = change(INVOICE, number="ACME/5", credits="ACME/4", lines=lines)
    text = text_of(opened(invoice_pdf(invoice, ISSUER, format_=format_)))
    for expected in ("Credit note ACME/5", "Credits invoice ACME/4", "Total credit", "-£45.00"):
        assert expected in text
    assert "How to pay" not in text


@pytest.mark.parametrize("format_", sorted(FORMATS))
def test_the_same_invoice_gives_the_same_bytes(format_):
    invoice = change(DETAILED, usage=usage(20))
    assert invoice_pdf(invoice, ISSUER, format_=format_) == invoice_pdf(invoice, ISSUER, format_=format_)


@pytest.mark.parametrize("format_", sorted(FORMATS))
@pytest.mark.parametrize(("language", "words"), [("de", "Rechnung"), ("fr", "Facture"), ("es", "Factura")])
def test_each_format_speaks_each_language(format_, language, words):
    english = text_of(opened(invoice_pdf(change(DETAILED, usage=usage(2)), ISSUER, format_=format_)))
    made = invoice_pdf(change(DETAILED, usage=usage(2)), ISSUER, format_=format_, language=language, country="")
    text = text_of(opened(made))
    assert f"{words} ACME/4" in text
    for left in ("Unit price", "Net amount", "At a glance", "Cost by", "Itemised", "Subtotal", "Page 1 of"):
        if left in english and left != "Subtotal":
            assert left not in text


def test_there_is_no_other_format():
    with pytest.raises(ValueError, match="no format none"):
        invoice_pdf(INVOICE, ISSUER, format_="none")


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 120)), min_size=1, max_size=60))
def test_every_line_is_there_once_however_pages_fall(made):
    lines = tuple(line(f"L{at:03} " + "x " * long, f"C{of}") for at, (of, long) in enumerate(made))
    text = " ".join(pages_of(long_pdf(change(INVOICE, lines=lines), ISSUER)))
    assert [text.count(f"L{at:03} ") for at in range(len(lines))] == [1] * len(lines)
