"""Lines are read strictly, totals are exact, and a status says what may be done."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.invoices import rules
from app.invoices.rules import Line, invoice_totals, net_by_category, next_number, validate_lines

D = Decimal


def line(quantity="1", unit_price="10.00", tax_rate="20.00", **fields):
    start = {"description": "Line rental"}
    return Line(**start | fields, quantity=D(quantity), unit_price=D(unit_price), tax_rate=D(tax_rate))


def raw(**fields):
    start = {"description": "Line rental", "quantity": "1", "unit_price": "10.00", "tax_rate": "20"}
    return start | fields


class TestTotals:
    def test_no_lines(self):
        totals = invoice_totals([])
        assert (str(totals.net), str(totals.tax), str(totals.total)) == ("0.00", "0.00", "0.00")
        assert totals.tax_by_rate == ()

    def test_tax_is_rounded_once_per_rate(self):
        # Line by line, each tax of 0.005 would round up to 0.01, and three of them to 0.03.
        totals = invoice_totals([line("1", "0.10", "5")] * 3)
        assert (str(totals.net), str(totals.tax), str(totals.total)) == ("0.30", "0.02", "0.32")

    def test_each_rate_apart_and_in_order(self):
        totals = invoice_totals(
            [line(tax_rate="20"), line("2", "3.335", "5"), line(tax_rate="20.00"), line(tax_rate="0")]
        )
        assert [(str(p.rate.normalize()), str(p.net), str(p.tax)) for p in totals.tax_by_rate] == [
            ("0", "10.00", "0.00"),
            ("5", "6.67", "0.33"),
            ("2E+1", "20.00", "4.00"),
        ]
        assert totals.total == D("41.00")

    @pytest.mark.parametrize(
        ("quantity", "unit_price", "net"),
        [
            ("1", "0.005", "0.01"),
            ("1", "0.004999", "0.00"),
            ("-1", "0.005", "-0.01"),
            ("0.3333", "0.03", "0.01"),
            ("99999999.9999", "99.999999", "9999999899.99"),
        ],
    )
    def test_a_lines_net_is_rounded_half_up(self, quantity, unit_price, net):
        assert str(line(quantity, unit_price).net()) == net

    @pytest.mark.parametrize(("places", "total"), [(0, "13"), (2, "12.60"), (3, "12.600")])
    def test_by_the_currencys_minor_unit(self, places, total):
        assert str(invoice_totals([line("1", "10.50")], places=places).total) == total

    def test_categories_in_their_order(self):
        lines = [line(category="Calls"), line(category="Rental"), line("2", category="Calls"), line()]
        assert net_by_category(lines) == {"Calls": D("30.00"), "Rental": D("10.00"), "": D("10.00")}
        assert net_by_category([line("1", "0.5", category="A")], places=0) == {"A": D(1)}

    def test_as_rest_tells_it(self):
        assert rules.tax_by_rate_as_dicts(invoice_totals([line("1", "10", "17.50")])) == [
            {"rate": "17.50", "net": "10.00", "tax": "1.75"}
        ]

    amounts = st.decimals(min_value=-10_000, max_value=10_000, places=6)
    lines = st.lists(
        st.builds(
            Line,
            description=st.just("x"),
            category=st.sampled_from(["", "A", "B"]),
            quantity=st.decimals(min_value=-1_000, max_value=1_000, places=4),
            unit_price=amounts,
            tax_rate=st.sampled_from([D(0), D(5), D("17.5"), D(20), D("33.33")]),
        ),
        max_size=12,
    )

    @given(lines)
    def test_totals_by_their_definition(self, lines):
        totals = invoice_totals(lines)
        cents = [half_up(Fraction(one.quantity) * Fraction(one.unit_price)) for one in lines]
        assert Fraction(totals.net) == sum(cents)
        rates = {one.tax_rate for one in lines}
        taxes = {
            rate: half_up(
                sum(cent for cent, one in zip(cents, lines, strict=True) if one.tax_rate == rate) * Fraction(rate) / 100
            )
            for rate in rates
        }
        assert {part.rate: Fraction(part.tax) for part in totals.tax_by_rate} == taxes
        assert Fraction(totals.tax) == sum(taxes.values())
        assert totals.total == totals.net + totals.tax
        assert sum(net_by_category(lines).values()) == totals.net

    @given(lines)
    def test_a_credit_of_everything_comes_to_nothing(self, lines):
        credit = [line(-one.quantity, one.unit_price, one.tax_rate) for one in lines]
        assert invoice_totals(credit).total == -invoice_totals(lines).total


def half_up(amount):
    """Round a fraction to hundredths, halves away from zero, without the decimal module's own rounding."""
    cents, rest = divmod(abs(amount) * 100, 1)
    rounded = Fraction(cents + (1 if rest >= Fraction(1, 2) else 0), 100)
    return rounded if amount >= 0 else -rounded


def test_half_up_is_what_it_says():
    assert [half_up(Fraction(text)) for text in ("0.005", "-0.005", "0.0049")] == [
        Fraction(1, 100),
        Fraction(-1, 100),
        0,
    ]
    assert D("0.005").quantize(D("0.01"), rounding=ROUND_HALF_UP) == D("0.01")


class TestValidateLines:
    def test_what_is_right_is_read(self):
        lines, errors = validate_lines(
            [raw(description=" Line rental ", category="Rental", reference="01632 960 001", quantity="1.5000"), raw()]
        )
        assert errors == {}
        assert lines[0] == line("1.5", category="Rental", reference="01632 960 001")
        assert lines[1].category == ""

    def test_no_lines_are_read_as_none(self):
        assert validate_lines([]) == ((), {})

    @pytest.mark.parametrize("value", [None, "lines", b"lines", {"0": {}}, 5])
    def test_what_is_no_list(self, value):
        assert validate_lines(value) == ((), {"lines": ["Enter a list of lines."]})

    def test_a_thousand_lines_at_most(self):
        assert len(validate_lines([raw()] * 1_000)[0]) == 1_000
        assert validate_lines([raw()] * 1_001) == ((), {"lines": ["An invoice has at most 1,000 lines."]})

    @pytest.mark.parametrize(
        ("field", "value", "words"),
        [
            ("description", "", "required"),
            ("description", "   ", "required"),
            ("description", None, "required"),
            ("description", 5, "Enter text"),
            ("description", "x" * 201, "At most 200"),
            ("description", "two\nlines", "line breaks"),
            ("description", "bell\x07", "Control characters"),
            ("description", "half \ud800", "Control characters"),
            ("category", "x" * 81, "At most 80"),
            ("category", ["Rental"], "Enter text"),
            ("reference", "x" * 81, "At most 80"),
            ("quantity", None, "required"),
            ("quantity", "", "required"),
            ("quantity", "a few", "such as"),
            ("quantity", 1.5, "as text"),
            ("quantity", "0.00001", "4 decimal places"),
            ("quantity", "100000000", "8 digits"),
            ("unit_price", "0.0000001", "6 decimal places"),
            ("unit_price", "1000000000", "9 digits"),
            ("unit_price", "NaN", "such as"),
            ("tax_rate", "-0.01", "from 0 to 100"),
            ("tax_rate", "100.01", "from 0 to 100"),
            ("tax_rate", "17.555", "2 decimal places"),
            ("tax_rate", "1000", "3 digits"),
            ("tax_rate", None, "required"),
            ("colour", "red", "no such field"),
        ],
    )
    def test_what_is_wrong_is_told_at_its_place(self, field, value, words):
        lines, errors = validate_lines([raw(), raw(**{field: value})])
        assert lines == ()
        assert list(errors) == [f"lines.1.{field}"]
        assert words in errors[f"lines.1.{field}"][0]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("description", "x" * 200),
            ("description", "non\u00a0breaking & <b>bold</b>"),
            ("quantity", "-0.0001"),
            ("quantity", "99999999.9999"),
            ("unit_price", "-0.000001"),
            ("tax_rate", "0"),
            ("tax_rate", "100.00"),
            ("tax_rate", 20),
        ],
    )
    def test_the_last_that_is_right(self, field, value):
        lines, errors = validate_lines([raw(**{field: value})])
        assert errors == {}
        assert len(lines) == 1

    def test_everything_wrong_is_told_at_once(self):
        _, errors = validate_lines(["no line", raw(quantity="x", tax_rate="y")])
        assert sorted(errors) == ["lines.0", "lines.1.quantity", "lines.1.tax_rate"]
        assert "description" in errors["lines.0"][0]

    def test_an_amount_beyond_every_column(self):
        assert validate_lines([raw(quantity="100000", unit_price="99999.99")])[1] == {}
        _, errors = validate_lines([raw(quantity="100000", unit_price="100000")])
        assert errors == {"lines.0.unit_price": ["Quantity times unit price is too large."]}


def test_numbers_count_on():
    assert next_number("ACME", 0) == "ACME/1"
    assert next_number("A-12", 3) == "A-12/4"


def test_due_date():
    day = date(2026, 3, 1)
    assert rules.due_date_error(day, day) is None
    assert rules.due_date_error(day, date(2026, 3, 31)) is None
    assert "before" in rules.due_date_error(day, date(2026, 2, 28))


def test_an_empty_invoice_is_not_approved():
    assert "at least one line" in rules.approval_error(0)
    assert rules.approval_error(1) is None


@pytest.mark.parametrize(
    ("status", "edit", "approve", "send_as_approver", "send"),
    [
        ("draft", True, True, True, False),
        ("approved", True, False, True, True),
        ("sent", False, False, True, True),
    ],
)
def test_what_a_status_allows(status, edit, approve, send_as_approver, send):
    assert rules.may_edit(status) is edit
    assert rules.may_approve(status) is approve
    assert rules.may_send(status, sender_may_approve=True) is send_as_approver
    assert rules.may_send(status, sender_may_approve=False) is send


def test_a_changed_invoice_is_a_draft_again():
    assert rules.status_after_edit("draft") == "draft"
    assert rules.status_after_edit("approved") == "draft"
    with pytest.raises(ValueError, match="sent invoice can't be changed"):
        rules.status_after_edit("sent")


def test_an_unknown_status_is_refused():
    with pytest.raises(ValueError, match="paid"):
        rules.may_edit("paid")
