"""The difference of two texts: nothing of either is lost, whatever they are, and it reads well."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.history.rules import MAX_TOKENS, Fate, word_difference

WORDS = st.lists(
    st.sampled_from(["Acme", "Ltd", " ", "  ", "\n", ",", ".", "a@b.example", "é", "e\u0301", "<b>", "€"]), max_size=30
)
TEXTS = st.one_of(st.text(max_size=60), WORDS.map("".join))


def told(before: str, after: str) -> str:
    marks = {Fate.KEPT: "{}", Fate.REMOVED: "[-{}-]", Fate.ADDED: "[+{}+]"}
    return "".join(marks[part.fate].format(part.text) for part in word_difference(before, after))


def joined(before: str, after: str, *fates: Fate) -> str:
    return "".join(part.text for part in word_difference(before, after) if part.fate in fates)


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_off_the_difference(before, after):
    assert joined(before, after, Fate.KEPT, Fate.ADDED) == after
    assert joined(before, after, Fate.KEPT, Fate.REMOVED) == before
    parts = word_difference(before, after)
    assert all(part.text for part in parts)
    assert all(one.fate is not other.fate for one, other in itertools.pairwise(parts))


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text):
    assert all(part.fate is Fate.KEPT for part in word_difference(text, text))


@pytest.mark.parametrize(
    ("before", "after", "difference"),
    [
        ("", "Acme", "[+Acme+]"),
        ("Acme", "", "[-Acme-]"),
        ("Acme", "Acme Ltd", "Acme[+ Ltd+]"),
        ("12 Mill Lane", "14 Mill Lane", "[-12-][+14+] Mill Lane"),
        ("Old Mill Lane", "Old Canal Street", "Old [-Mill Lane-][+Canal Street+]"),
        ("bills@acme.example", "invoices@acme.example", "[-bills-][+invoices+]@acme.example"),
        (
            "a@x.example, b@x.example",
            "a@x.example, c@x.example, b@x.example",
            "a@x.example, [+c@x.example, +]b@x.example",
        ),
        ("one word", "nothing alike", "[-one word-][+nothing alike+]"),
    ],
)
def test_it_reads_well(before, after, difference):
    assert told(before, after) == difference


def test_a_long_text_takes_little_time():
    before, after = " ".join(["word,"] * 20_000), " ".join(["other,"] * 20_000)
    started = time.process_time()
    assert joined(before, after, Fate.KEPT, Fate.ADDED) == after
    busy = " ".join(f"{n % 7}" for n in range(MAX_TOKENS // 2)), " ".join(f"{n % 5}" for n in range(MAX_TOKENS // 2))
    assert joined(*busy, Fate.KEPT, Fate.REMOVED) == busy[0]
    assert time.process_time() - started < 5
