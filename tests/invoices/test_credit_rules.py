"""What may be credited: never more at a rate than is left, whatever was credited before."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.invoices.credit_notes.rules import credit_errors, left_by_rate, lines_left
from app.invoices.rules import Line, invoice_totals

D = Decimal
RATES = [D("0.00"), D("5.00"), D("20.00")]


def line(quantity="1", unit_price="10.00", rate="20.00", description="Line"):
    return Line(description=description, quantity=D(quantity), unit_price=D(unit_price), tax_rate=D(rate))


def errors(lines, invoiced, credited=()):
    left = left_by_rate(invoiced, credited, places=2)
    return credit_errors(lines, left, places=2, money=lambda amount: f"£{amount}")


lines = st.lists(
    st.builds(
        Line,
        description=st.sampled_from("ABC"),
        quantity=st.decimals(D("-9.99"), D("99.99"), places=2).filter(bool),
        unit_price=st.decimals(D("0.01"), D("99.99"), places=2),
        tax_rate=st.sampled_from(RATES),
    ),
    min_size=1,
    max_size=5,
)


@given(lines, st.lists(lines, max_size=4))
def test_no_rate_is_ever_credited_beyond_what_was_invoiced(invoiced, tries):
    charged = {part.rate: part.net for part in invoice_totals(invoiced).tax_by_rate}
    credited = []
    for one in tries:
        if not errors(one, invoiced, credited):
            credited += one
            assert invoice_totals(one).net > 0
    for part in invoice_totals(credited).tax_by_rate:
        assert min(charged[part.rate], 0) <= part.net <= max(charged[part.rate], 0)
    if credited:
        assert invoice_totals(credited).net <= invoice_totals(invoiced).net
        assert with_tax(credited) <= with_tax(invoiced)


def with_tax(some):
    return sum(part.net * (100 + part.rate) for part in invoice_totals(some).tax_by_rate)


@given(lines)
def test_all_of_an_invoice_can_be_credited_once_where_it_is_above_nothing(invoiced):
    found = errors(invoiced, invoiced)
    assert bool(found) == (invoice_totals(invoiced).net <= 0)
    if not found:
        assert lines_left(invoiced, invoiced) == ()
        assert set(left_by_rate(invoiced, invoiced, places=2).values()) == {D("0.00")}
        assert errors([line("1", "0.01", rate=str(invoiced[0].tax_rate))], invoiced, invoiced)


@given(lines, st.data())
def test_what_is_left_of_the_lines_and_what_was_credited_is_the_invoice(invoiced, data):
    some = [one for one in invoiced if one.quantity > 0 and data.draw(st.booleans())]
    left = lines_left(invoiced, some)
    assert sum((one.quantity * one.unit_price for one in (*left, *some)), D(0)) == sum(
        (one.quantity * one.unit_price for one in invoiced), D(0)
    )


def test_a_line_is_credited_in_parts():
    invoiced = [line("3", "10.00"), line("1", "4.00", description="Other")]
    left = lines_left(invoiced, [line("2", "10.00")])
    assert [(one.description, one.quantity) for one in left] == [("Line", D(1)), ("Other", D(1))]
    # Something else that was credited, such as goodwill, is no line of the invoice.
    assert lines_left(invoiced, [line("1", "1.00", description="Goodwill")]) == tuple(invoiced)


def test_a_discount_goes_along_with_what_it_was_for():
    invoiced = [line("1", "100.00"), line("-1", "10.00", description="Discount")]
    assert errors(invoiced, invoiced) == {}
    assert lines_left(invoiced, [invoiced[0]]) == (invoiced[1],)


def test_a_discount_at_another_rate_is_no_more_to_be_had_than_its_invoice():
    invoiced = [line("1", "100.00"), line("-1", "10.00", rate="5.00")]
    assert errors([line("1", "90.00")], invoiced) == {}
    assert errors(invoiced, invoiced) == {}
    (found,) = errors([line("1", "100.00")], invoiced)["lines"]
    assert found == (
        "At all rates together there is £90.00 left to credit, £109.50 with tax, and the lines come to £100.00, "
        "£120.00 with tax."
    )
    assert errors([line("1", "100.00"), line("-1", "10.01", rate="5.00")], invoiced) == {
        "lines": ["At 5.00 % there is £-10.00 left to credit, net, and the lines come to £-10.01."]
    }
    assert errors([line("1", "5.00", rate="5.00")], invoiced)["lines"][0].startswith("At 5.00 % there is £-10.00 left")
    # Once the discount has gone along, it can't do so again.
    gone = [line("1", "50.00"), line("-1", "10.00", rate="5.00")]
    assert errors([line("1", "50.00")], invoiced, gone) == {}
    assert errors(gone, invoiced, gone) == {"lines": ["At 5.00 % the lines come to less than nothing."]}


def test_a_discount_at_another_rate_is_measured_with_its_tax():
    invoiced = [line("1", "100.00", rate="0.00"), line("-1", "10.00")]
    assert errors([line("1", "88.00", rate="0.00")], invoiced) == {}
    assert "£88.00 with tax" in errors([line("1", "90.00", rate="0.00")], invoiced)["lines"][0]


def test_a_line_and_one_that_takes_the_same_off_again_are_two():
    invoiced = [line("2", "10.00"), line("-1", "10.00"), line("0", "10.00")]
    assert lines_left(invoiced, invoiced) == ()
    assert lines_left(invoiced, [line("1", "10.00")]) == (line("1", "10.00"), line("-1", "10.00"))


def test_each_refusal_says_where_and_why():
    invoiced = [line("1", "10.00"), line("1", "5.00", rate="5.00")]
    assert errors([], invoiced) == {"lines": ["A credit note needs at least one line."]}
    assert errors([line(rate="20.00"), line(rate="0.00")], invoiced) == {
        "lines.1.tax_rate": ["The invoice has no line at this rate, only at: 5.00, 20.00."]
    }
    assert errors([line("1", "7.50")], invoiced, [line("1", "5.00")]) == {
        "lines": ["At 20.00 % there is £5.00 left to credit, net, and the lines come to £7.50."]
    }
    assert errors([line("-1", "2.00"), line("1", "5.00", rate="5.00")], invoiced) == {
        "lines": ["At 20.00 % the lines come to less than nothing."]
    }
    assert errors([line("0", "5.00")], invoiced) == {"lines": ["A credit note credits more than nothing."]}
