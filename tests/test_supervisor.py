"""Watching processes: what dies starts again, what is told to stop stops, and nothing stays behind."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from app.core.supervisor import AlreadyRunning, GivingUp, InstanceLock, Program, StopRequest, Supervisor

ROOT = Path(__file__).resolve().parent.parent
SLEEPER = "import time; time.sleep(600)"
# Ignores SIGTERM, and has a child of its own in the same group.
STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import signal as s, time; s.signal(15, s.SIG_IGN); time.sleep(600)"])
open(sys.argv[1], "w").write(str(child.pid))
time.sleep(600)
"""
SUPERVISING = """
import sys
from app.core.supervisor import Program, StopRequest, Supervisor
stop = StopRequest().listen()
supervisor = Supervisor(print, first_pause=0.05)
for name in ("one", "two"):
    supervisor.start(Program(name=name, command=[sys.executable, "-c", "import time; time.sleep(600)"]))
print(*supervisor.process_ids().values(), flush=True)
supervisor.watch(stop)
supervisor.stop()
"""


def program(code, *arguments, stop_seconds=10.0):
    return Program(name="child", command=[sys.executable, "-c", code, *map(str, arguments)], stop_seconds=stop_seconds)


def lives(pid):
    """Tell whether a process runs; a dead one that nobody has collected yet does not."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def wait_until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def told():
    return []


@pytest.fixture
def supervisor(told):
    made = Supervisor(told.append, first_pause=0.05)
    yield made
    made.stop()


def test_what_is_killed_starts_again(supervisor, told):
    supervisor.start(program(SLEEPER))
    first = supervisor.process_ids()["child"]
    os.kill(first, signal.SIGKILL)

    def back():
        supervisor.look()
        return supervisor.process_ids().get("child", first) != first

    wait_until(back)
    assert lives(supervisor.process_ids()["child"])
    assert told == ["The child stopped by signal SIGKILL; it starts again in 0.1 s."]


def test_what_dies_again_and_again_is_given_up(supervisor, told):
    supervisor.start(program("raise SystemExit(3)"))
    with pytest.raises(GivingUp, match=r"The child stopped 5 times within 60 s, last with exit code 3\."):
        supervisor.watch(StopRequest())
    assert len(told) == 4


def test_stopping_leaves_nobody_even_of_those_who_will_not_hear(supervisor, tmp_path):
    supervisor.start(program(STUBBORN, tmp_path / "grandchild", stop_seconds=0.3))
    child = supervisor.process_ids()["child"]
    wait_until(lambda: (tmp_path / "grandchild").exists() and (tmp_path / "grandchild").read_text())
    grandchild = int((tmp_path / "grandchild").read_text())
    supervisor.stop()
    assert not lives(child)
    wait_until(lambda: not lives(grandchild))


def test_a_program_may_finish_what_it_has_in_hand(supervisor, tmp_path):
    finishing = (
        "import signal, sys, time\n"
        "def finish(*_):\n    time.sleep(0.3); open(sys.argv[1], 'w').write('done'); raise SystemExit\n"
        "signal.signal(15, finish); open(sys.argv[2], 'w').close(); time.sleep(600)"
    )
    supervisor.start(program(finishing, tmp_path / "done", tmp_path / "ready"))
    wait_until((tmp_path / "ready").exists)
    supervisor.stop()
    assert (tmp_path / "done").read_text() == "done"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_all_with_exit_code_0(number):
    process = subprocess.Popen([sys.executable, "-c", SUPERVISING], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    children = [int(pid) for pid in process.stdout.readline().split()]
    assert all(map(lives, children))
    process.send_signal(number)
    assert process.wait(20) == 0
    process.stdout.close()
    assert not any(map(lives, children))


def test_nobody_outlives_a_supervisor_that_was_killed():
    process = subprocess.Popen([sys.executable, "-c", SUPERVISING], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    children = [int(pid) for pid in process.stdout.readline().split()]
    process.kill()
    process.wait()
    process.stdout.close()
    wait_until(lambda: not any(map(lives, children)))


def test_an_instance_folder_has_one_holder(tmp_path):
    with InstanceLock(tmp_path / "run.lock"), pytest.raises(AlreadyRunning, match=str(os.getpid())):  # noqa: SIM117  # the second while the first holds
        with InstanceLock(tmp_path / "run.lock"):
            pass
    with InstanceLock(tmp_path / "run.lock"):
        assert (tmp_path / "run.lock").read_text() == str(os.getpid())
