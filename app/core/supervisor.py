"""Start processes, watch them, start again what dies, and stop all of them: nothing of what they do."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

_POLL = 0.05
_PR_SET_PDEATHSIG = 1
_STEADY_SECONDS = 10.0


class GivingUp(Exception):
    """A process dies again and again: starting it once more would help nobody."""


class AlreadyRunning(Exception):
    """Somebody else holds the lock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A process to keep running. After SIGTERM it gets `stop_seconds` to finish what it has in hand."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    folder: Path | None = None
    stop_seconds: float = 30.0


@dataclass(slots=True)
class _Running:
    """One program, and the process that runs it; while it waits to be started again, `process` is None."""

    program: Program
    process: subprocess.Popen[bytes] | None
    started_at: float
    deaths: deque[float]
    pause: float = 0.0
    next_start: float = 0.0


class StopRequest:
    """Whether SIGTERM or SIGINT has come; a plain flag, which a signal handler can set at any moment."""

    def __init__(self) -> None:
        self.requested = False

    def listen(self) -> Self:
        """Take the two signals from here on."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._request)
        return self

    def _request(self, *_: object) -> None:
        self.requested = True


class Supervisor:
    """Keeps programs running, in the order in which they were started; stops them in the opposite order.

    A program that dies is started again after a pause, which doubles from `first_pause` seconds up to 15 and is
    forgotten after ten steady seconds. One that dies `limit` times within `window` seconds is given up.
    """

    def __init__(
        self,
        tell: Callable[[str], None],
        *,
        limit: int = 5,
        window: float = 60.0,
        first_pause: float = 0.5,
    ) -> None:
        self.tell = tell
        self.limit = limit
        self.window = window
        self.first_pause = first_pause
        self._running: list[_Running] = []

    def start(self, program: Program) -> None:
        """Start a program and keep it running."""
        self._running.append(_Running(program, spawn(program), time.monotonic(), deque()))

    def process_ids(self) -> dict[str, int]:
        """Return the process id of each program that runs at the moment."""
        return {one.program.name: one.process.pid for one in self._running if one.process is not None}

    def look(self) -> None:
        """Look after each program once; raises GivingUp."""
        for one in self._running:
            if one.process is None:
                if time.monotonic() >= one.next_start:
                    one.process, one.started_at = spawn(one.program), time.monotonic()
            elif one.process.poll() is not None:
                self._bury(one, one.process)

    def watch(self, stop: StopRequest) -> None:
        """Look after the programs until told to stop; raises GivingUp."""
        while not stop.requested:
            self.look()
            time.sleep(_POLL)

    def stop(self) -> None:
        """Stop every program, the last started first, and leave nothing of them behind."""
        for one in reversed(self._running):
            if one.process is not None:
                end(one.process, seconds=one.program.stop_seconds)
        self._running.clear()

    def _bury(self, one: _Running, process: subprocess.Popen[bytes]) -> None:
        """Note a death and plan the next start."""
        end(process, seconds=0)
        now = time.monotonic()
        one.deaths.append(now)
        while one.deaths and now - one.deaths[0] > self.window:
            one.deaths.popleft()
        how = _how_it_ended(process.returncode)
        if len(one.deaths) >= self.limit:
            raise GivingUp(f"The {one.program.name} stopped {self.limit} times within {self.window:.0f} s, last {how}.")
        if now - one.started_at > _STEADY_SECONDS:
            one.pause = 0.0
        one.pause = min(one.pause * 2, 15.0) or self.first_pause
        one.process, one.next_start = None, now + one.pause
        self.tell(f"The {one.program.name} stopped {how}; it starts again in {one.pause:.1f} s.")


class InstanceLock:
    """The right to run on an instance folder: one process has it, and loses it when it ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("a+", encoding="ascii")

    def __enter__(self) -> Self:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            holder = self._file.read().strip()
            self._file.close()
            raise AlreadyRunning(holder) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def spawn(program: Program, *, output: int | None = None) -> subprocess.Popen[bytes]:
    """Start a program as the head of a process group of its own, which ends when this process does."""
    sys.stdout.flush()
    return subprocess.Popen(  # noqa: S603  # the product's own programs
        list(program.command),
        env=dict(program.environment),
        cwd=program.folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        # Ctrl-C in a terminal goes to its whole group: only the supervisor is to hear it.
        start_new_session=True,
        preexec_fn=end_with_parent,  # noqa: PLW1509  # one thread, and one system call
    )


def end(process: subprocess.Popen[bytes], *, seconds: float) -> None:
    """Ask a process to end, and after some seconds end it and whatever it has started."""
    if seconds and process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def end_with_parent() -> None:
    """Have the kernel send SIGTERM when the supervisor is gone, even by kill -9 (Linux; elsewhere without effect)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _how_it_ended(code: int) -> str:
    """Put an exit code in words."""
    if code < 0:
        return f"by signal {signal.Signals(-code).name}"
    return f"with exit code {code}"
