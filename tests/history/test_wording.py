"""Every verb and every door of the trail has words, so that nothing in it is shown as a code."""

from __future__ import annotations

from app.core.actor import Door
from app.core.audit import Verb
from app.core.words import Words
from app.history.wording import DOORS, WHAT_HAPPENED, door_name, what_happened


def test_every_verb_and_every_door_has_words_and_nothing_else_has():
    assert set(WHAT_HAPPENED) == {verb.value for verb in Verb}
    assert set(DOORS) == {door.value for door in Door}
    assert all(isinstance(words, Words) for words in (*WHAT_HAPPENED.values(), *DOORS.values()))


def test_no_two_verbs_are_told_alike():
    assert len(set(map(str, WHAT_HAPPENED.values()))) == len(WHAT_HAPPENED)


def test_what_an_older_version_wrote_tells_itself():
    assert what_happened("customer:moved_away") == "Customer: moved away"
    assert door_name("fax") == "Fax"
