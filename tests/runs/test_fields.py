"""What runs of every kind are chosen by: an object of filters, each wrong one told at its place."""

from __future__ import annotations

import pytest

from app.core.cleaning import PartErrors
from app.core.fields import Date
from app.runs.fields import MaybeFlag, OneOf, as_json, clean_object, named_dealer, unknown_numbers

FIELDS = {"day": Date(), "kind": OneOf(options=("a", "b")), "had": MaybeFlag()}


def clean(raw, **given):
    return clean_object(raw, FIELDS, also=given.pop("also", lambda _values: {}), **given)


def test_what_is_set_is_kept_and_nothing_else():
    assert clean(None) == {}
    assert clean({"kind": "a", "had": None}) == {"kind": "a"}
    assert as_json(clean({"day": "2026-01-31", "had": False})) == {"day": "2026-01-31", "had": False}


def test_each_error_is_told_at_its_place():
    with pytest.raises(PartErrors) as refused:
        clean({"kind": "c", "had": "yes", "other": 1}, at="filters.invoices")
    assert set(refused.value.errors) == {f"filters.invoices.{name}" for name in ("kind", "had", "other")}


def test_what_all_together_break_is_told_unless_the_field_is_wrong_already():
    def both(_values):
        return {"day": ["Too late."], "kind": ["Not together."]}

    with pytest.raises(PartErrors) as refused:
        clean({"day": "never", "kind": "a"}, also=both)
    assert refused.value.errors["filters.kind"] == ["Not together."]
    assert refused.value.errors["filters.day"] != ["Too late."]


@pytest.mark.parametrize("raw", ["text", ["day"], {1: 2}, 5])
def test_what_is_no_object_is_refused(raw):
    with pytest.raises(ValueError, match="object"):
        clean(raw)


def test_a_dealer_is_read_whatever_else_is_wrong():
    assert named_dealer({"dealer_code": " NORTH ", "x": 1}) == "NORTH"
    assert named_dealer({"dealer_code": 5}) is named_dealer("NORTH") is named_dealer(None) is None


def test_unknown_numbers_beyond_twenty_are_counted():
    assert unknown_numbers(["A1", "A2"]).endswith("A1, A2.")
    assert unknown_numbers([f"A{n}" for n in range(25)]).endswith("A19, and 5 more.")
