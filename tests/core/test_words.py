import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.words import Words, said, say, say_count


def test_a_text_is_english_as_it_stands_and_knows_its_template():
    words = say("{name} is linked to {account}.", name="Ann", account="A1")
    assert words == "Ann is linked to A1."
    assert words.template == "{name} is linked to {account}."
    assert words.values == {"name": "Ann", "account": "A1"}


def test_values_are_never_read_as_templates():
    assert say("{name} is here.", name="{account} {0} %(x)s") == "{account} {0} %(x)s is here."


@pytest.mark.parametrize(
    ("count", "expected"), [(0, "0 customers"), (1, "1 customer"), (2, "2 customers"), (1200, "1,200 customers")]
)
def test_a_number_chooses_the_form(count, expected):
    assert say_count("{count} customer", "{count} customers", count) == expected


def test_an_error_keeps_its_words():
    words = said(ValueError(say("Use {limit} characters at most.", limit=3)))
    assert isinstance(words, Words)
    assert words.values == {"limit": 3}
    assert said(ValueError()) == ""
    assert said(ValueError(7)) == "7"


@given(st.text())
def test_what_is_stored_is_plain_text(value):
    words = say("<{value}>", value=value)
    assert json.loads(json.dumps(words)) == f"<{value}>"
    stored = pickle.loads(pickle.dumps(words))  # noqa: S301  our own bytes
    assert type(stored) is str
    assert stored == words
