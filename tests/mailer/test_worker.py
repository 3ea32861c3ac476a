"""The worker's loop: rests when there is nothing, ends on SIGTERM after the mail in hand, and survives an outage."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import structlog

from app.mailer.delivery import loop as worker

ROOT = Path(__file__).resolve().parents[2]
DRAINING = """
import sys, time
from app.mailer.delivery.loop import run
def drain(stop):
    print("begun", flush=True)
    time.sleep(0.5)
    print("finished", stop.is_set(), flush=True)
    return 1
print("handled", run(drain, poll_seconds=30), flush=True)
"""
IDLE = """
from app.mailer.delivery.loop import run
def drain(stop):
    print("idle", flush=True)
    return 0
print("handled", run(drain, poll_seconds=600), flush=True)
"""


def drains(results, stop):
    """Return a drain that gives these results, raises those that are errors, and then stops the loop."""
    left = list(results)

    def drain(given):
        assert given is stop
        result = left.pop(0)
        if not left:
            stop.set()
        if isinstance(result, Exception):
            raise result
        return result

    return drain


def test_the_loop_goes_on_until_told_and_counts():
    stop, beats = threading.Event(), []
    handled = worker.run(drains([3, 0, 2], stop), poll_seconds=0.01, stop=stop, heartbeat=lambda: beats.append(1))
    assert handled == 5
    assert len(beats) == 3


def test_an_outage_ends_nothing():
    stop = threading.Event()
    results = [1, OSError("the database is away"), OSError("still"), 4]
    with structlog.testing.capture_logs() as lines:
        assert worker.run(drains(results, stop), poll_seconds=0.01, stop=stop) == 5
    assert [(one["event"], str(one["exc_info"])) for one in lines] == [
        ("outbox_not_drained", "the database is away"),
        ("outbox_not_drained", "still"),
    ]


@pytest.mark.process
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_mail_in_hand_finish(number):
    process = subprocess.Popen([sys.executable, "-c", DRAINING], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "begun\n"
    process.send_signal(number)
    rest, _ = process.communicate(timeout=20)
    assert rest == "finished True\nhandled 1\n"
    assert process.returncode == 0


@pytest.mark.process
def test_a_resting_worker_ends_at_once():
    process = subprocess.Popen([sys.executable, "-c", IDLE], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "idle\n"
    process.terminate()
    rest, _ = process.communicate(timeout=20)
    assert (rest, process.returncode) == ("handled 0\n", 0)
