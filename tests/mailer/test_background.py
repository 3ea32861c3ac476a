"""Work beside the mails: each round has some of both, and what fails delays no mail."""

from __future__ import annotations

import itertools
import threading

import pytest

from app.mailer import jobs
from app.mailer.engines import background
from app.mailer.engines.background import Background, register_background


@pytest.fixture(autouse=True)
def only_ours(monkeypatch):
    monkeypatch.setattr(background, "_portions", {})


def test_each_kind_has_a_portion_in_each_round():
    seen = []
    register_background("first", lambda _stop: seen.append("first") or 2)
    register_background("second", lambda _stop: seen.append("second") or 3)
    assert Background().round(threading.Event()) == 5
    assert seen == ["first", "second"]


def test_a_work_of_the_same_name_takes_the_others_place():
    register_background("one", lambda _stop: 1)
    register_background("one", lambda _stop: 7)
    assert Background().round(threading.Event()) == 7


def test_what_fails_rests_longer_and_longer_and_others_go_on(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(background.time, "monotonic", lambda: now[0])
    tries = []

    def broken(_stop):
        tries.append(now[0])
        raise RuntimeError("no")

    register_background("broken", broken)
    register_background("well", lambda _stop: 1)
    beside = Background()
    for _ in range(200):
        assert beside.round(threading.Event()) == 1
        now[0] += 0.5
    rests = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert rests[:5] == [1.0, 2.0, 4.0, 8.0, 16.0]
    assert max(rests) <= background.LONGEST_PAUSE


def test_told_to_stop_it_begins_nothing():
    stop = threading.Event()
    register_background("first", lambda stop: stop.set() or 1)
    register_background("second", lambda _stop: pytest.fail("begun after the stop"))
    assert Background().round(stop) == 1


def test_mails_and_the_work_beside_them_take_turns():
    order = []
    register_background("runs", lambda _stop: order.append("work") or 1)
    round_ = jobs._both(lambda _stop: order.append("mails") or 1_000, Background())
    assert [round_(threading.Event()) for _ in range(3)] == [1_001] * 3
    assert order == ["mails", "work"] * 3


def test_once_goes_on_until_neither_is_left():
    left, sent = [3], []

    def work(_stop):
        left[0] -= 1
        return 1 if left[0] >= 0 else 0

    register_background("runs", work)
    assert jobs._once(lambda _stop: sent.append(1) or 10, Background()) == 40
    assert len(sent) == 4
