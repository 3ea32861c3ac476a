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
        assert part.net <= charged[part.rate]


@given(lines)
def test_all_of_an_invoice_can_be_credited_once_where_no_rate_is_below_nothing(invoiced):
    totals = invoice_totals(invoiced)
    found = errors(invoiced, invoiced)
    assert bool(found) == (totals.net <= 0 or any(part.net < 0 for part in totals.tax_by_rate))
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
