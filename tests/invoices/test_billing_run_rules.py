"""The pure rules of billing runs: which states follow which, what ends an invoice's turn, and what may be chosen by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from app.core.cleaning import PartErrors
from app.core.errors import Conflict
from app.invoices.billing_runs.fields import clean_account_numbers, clean_filters, split_account_numbers
from app.invoices.billing_runs.rules import (
    FOLLOWS,
    REASON_WORDS,
    Came,
    RowReason,
    RowState,
    RunStatus,
    ensure_may_become,
    ensure_may_choose,
    ensure_may_delete,
    ensure_may_resume,
    ensure_may_start,
    state_after,
)

EVERY = list(RunStatus)


class Run(RuleBasedStateMachine):
    """A run that anybody asks anything of at any time: what was sent stays, and nothing is sent while it rests."""

    def __init__(self):
        super().__init__()
        self.status = RunStatus.PLANNED
        self.waiting, self.done = 3, 0
        self.refusal = None

    def _try(self, ensure, *after):
        try:
            ensure(self.status, *after)
        except Conflict as refusal:
            self.refusal = refusal
            return False
        return True

    @invariant()
    def a_refusal_has_its_code_and_its_words(self):
        if self.refusal is not None:
            assert self.refusal.code in {"not_possible", "under_way"}
            assert self.refusal.message

    @rule()
    def start(self):
        if self._try(ensure_may_start):
            assert self.status is RunStatus.PLANNED
            self.status = RunStatus.RUNNING

    @rule()
    def pause(self):
        if self._try(ensure_may_become, RunStatus.PAUSED):
            assert self.status is RunStatus.RUNNING
            self.status = RunStatus.PAUSED

    @rule()
    def resume(self):
        if self._try(ensure_may_resume):
            assert self.status is RunStatus.PAUSED
            self.status = RunStatus.RUNNING

    @rule()
    def plan_again(self):
        if self._try(ensure_may_become, RunStatus.PLANNED):
            assert self.status is not RunStatus.RUNNING
            self.status = RunStatus.PLANNED

    @rule()
    def turn(self):
        if self.status is RunStatus.RUNNING and self.waiting:
            self.waiting, self.done = self.waiting - 1, self.done + 1

    @rule()
    def finish(self):
        if not self.waiting and self._try(ensure_may_become, RunStatus.FINISHED):
            assert self.status is RunStatus.RUNNING
            self.status = RunStatus.FINISHED

    @rule()
    def choose(self):
        assert self._try(ensure_may_choose) == (self.status is RunStatus.PLANNED)

    @rule()
    def delete(self):
        assert self._try(ensure_may_delete) == (self.status is not RunStatus.RUNNING)

    @invariant()
    def nothing_is_lost(self):
        assert self.waiting + self.done == 3
        assert self.status is not RunStatus.FINISHED or self.waiting == 0


TestRun = Run.TestCase


@given(st.sampled_from(EVERY), st.sampled_from(EVERY))
def test_what_may_not_follow_is_refused_in_words(before, after):
    if after in FOLLOWS[before]:
        ensure_may_become(before, after)
        return
    with pytest.raises(Conflict) as refused:
        ensure_may_become(before, after)
    assert refused.value.code == "not_possible"
    assert refused.value.message.endswith(".")


@given(st.booleans(), st.booleans(), st.integers(0, 5), st.booleans())
def test_nothing_is_sent_that_was_not_looked_at(is_same, only_sent, copies, have_it):
    came = Came(is_same=is_same, only_sent=only_sent and not is_same, copies=copies, have_it=have_it)
    state, reason = state_after(came)
    assert (state is RowState.SENT) == (is_same and copies > 0)
    assert (reason is None) == (state is RowState.SENT)
    if not is_same and (copies or not came.only_sent):
        assert (state, reason) == (RowState.CHANGED, RowReason.PLAN_CHANGED)
    if state is RowState.NOTHING_TO_SEND:
        assert copies == 0
        assert reason is (RowReason.HAVE_IT if have_it else RowReason.NOBODY)


def test_each_reason_says_what_happened_and_what_to_do():
    assert set(REASON_WORDS) == set(RowReason)
    assert all(what.endswith(".") and todo.endswith(".") for what, todo in REASON_WORDS.values())
    assert all(one.words for one in [*RunStatus, *RowState])


NUMBERS = st.lists(st.text("ABC123-/ ", min_size=1, max_size=12).map(str.strip).filter(bool), max_size=8)


@given(NUMBERS, st.sampled_from([",", "\n", "\t", ";", " , ", "\r\n"]))
def test_numbers_are_read_however_they_were_pasted(numbers, between):
    assert split_account_numbers(between.join(numbers)) == numbers
    assert clean_account_numbers(split_account_numbers(between.join(numbers))) == list(dict.fromkeys(numbers))


@pytest.mark.parametrize("raw", [7, "A1", {"a": 1}, [None], ["A\x00"], ["A" * 41], ["A"] * 2 + [3]])
def test_what_is_no_list_of_numbers_is_refused(raw):
    with pytest.raises(ValueError, match=r"account number"):
        clean_account_numbers(raw)
    with pytest.raises(ValueError, match=r"at most 10,000"):
        clean_account_numbers([f"A{number}" for number in range(10_001)])


@given(st.dictionaries(st.text(max_size=20), st.one_of(st.none(), st.text(max_size=20), st.integers(), st.booleans())))
def test_filters_are_taken_or_refused_at_their_names(raw):
    taken, errors = {}, None
    try:
        taken = clean_filters(raw)
    except PartErrors as refusal:
        errors = refusal.errors
    assert errors is None or errors
    assert all(name.startswith("filters.") and texts for name, texts in (errors or {}).items())
    assert taken.keys() <= raw.keys()
    assert None not in taken.values()
