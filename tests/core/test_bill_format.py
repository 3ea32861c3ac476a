"""Bill formats are ordered by what they hold, not by their names."""

import itertools

import pytest

from app.core.bill_format import BillFormat, fullest


def test_values_are_those_of_the_contract():
    assert [str(bill_format) for bill_format in BillFormat] == ["none", "short", "long", "full"]


def test_each_is_fuller_than_the_one_before():
    assert [bill_format.rank for bill_format in BillFormat] == [0, 1, 2, 3]


@pytest.mark.parametrize(("one", "other"), list(itertools.product(BillFormat, repeat=2)))
def test_fullest_of_two(one, other):
    order = ["none", "short", "long", "full"]
    assert fullest([one, other]) == max(one, other, key=lambda bill_format: order.index(bill_format.value))


def test_fullest_of_none_is_none():
    assert fullest([]) is BillFormat.NONE
