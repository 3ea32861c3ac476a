"""The states of a message, and every pair of them."""

import itertools

import pytest

from app.mailer.planning.rules import FINAL, INITIAL, LOST, STATES, may_follow

# before: everything that may come after, written out by hand.
FOLLOWERS = {
    "held": "queued cancelled",
    "queued": "sending held cancelled",
    "sending": "sent waiting failed uncertain held queued",
    "waiting": "sending queued held failed cancelled",
    "uncertain": "queued sent bounced held cancelled",
    "sent": "bounced",
    "failed": "queued",
    "bounced": "",
    "cancelled": "queued held",
}


def test_the_states_are_those_of_the_contract():
    assert [str(state) for state in STATES] == list(FOLLOWERS)
    assert {"sent", "failed", "bounced", "cancelled"} == FINAL
    assert {"held", "queued"} == INITIAL
    assert {"failed", "bounced", "cancelled"} == LOST


@pytest.mark.parametrize(("before", "after"), list(itertools.product(FOLLOWERS, repeat=2)))
def test_every_pair(before, after):
    assert may_follow(before, after) is (after in FOLLOWERS[before].split())


@pytest.mark.parametrize("state", FOLLOWERS)
def test_how_a_message_starts(state):
    assert may_follow(None, state) is (state in {"held", "queued"})


def test_every_state_can_be_reached_and_left_or_is_final():
    reached = {"held", "queued"}
    for _ in STATES:
        reached |= {after for before in reached for after in FOLLOWERS if may_follow(before, after)}
    assert reached == set(FOLLOWERS)
    assert all(any(may_follow(state, after) for after in STATES) for state in STATES if state not in FINAL)


def test_what_was_sent_is_never_sent_by_the_same_row_again():
    assert not any(
        may_follow(state, after) for state in ("sent", "bounced") for after in ("queued", "sending", "waiting")
    )


@pytest.mark.parametrize(("before", "after"), [("queued", "lost"), ("lost", "queued"), (None, "lost")])
def test_an_unknown_state_is_refused(before, after):
    with pytest.raises(ValueError, match="lost"):
        may_follow(before, after)
