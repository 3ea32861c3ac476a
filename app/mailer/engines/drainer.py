"""The drainer of a process: a thread with the embedded worker's loop, which can be asked for a round at once."""

from __future__ import annotations

import mmap
import os
import random
import threading
import time
from collections.abc import Callable
from typing import Protocol

_SLICE = 0.1


class Stop(threading.Event):
    """A stop that the main process of a worker sets for its children; it holds for orphans, too.

    It is a byte that they share and no lock: one that a child holds when it is killed would stop all others.
    """

    def __init__(self) -> None:
        super().__init__()
        self._told = mmap.mmap(-1, 1)
        self._main = os.getpid()

    def set(self) -> None:
        """Have all of them stop."""
        self._told[0] = 1

    def is_set(self) -> bool:
        """Tell whether this process is to stop."""
        return self._told[0] == 1 or self._main not in {os.getpid(), os.getppid()}


class Work(Protocol):
    """A worker's loop: it rests by `idle` when nothing was due, and tells `done` after a round what it handled."""

    def __call__(
        self,
        stop: threading.Event,
        *,
        idle: Callable[[float, threading.Event], None],
        done: Callable[[int], None],
    ) -> object:
        """Work until `stop` is set."""


class _Leaving(threading.Event):
    """A stop of this process alone, beside that of all."""

    def __init__(self, of_all: threading.Event) -> None:
        super().__init__()
        self._of_all, self._leaves = of_all, False

    def set(self) -> None:
        """Have this process stop."""
        self._leaves = True

    def is_set(self) -> bool:
        """Tell whether this process is to stop."""
        return self._leaves or self._of_all.is_set()


class Drainer(threading.Thread):
    """Runs a worker's loop beside the tasks of a Celery process: its timer needs no broker."""

    def __init__(self, work: Work, *, stop: threading.Event) -> None:
        super().__init__(daemon=True, name="drainer")
        self._work, self._leaving = work, _Leaving(stop)
        self._changed = threading.Condition()
        self._asked = self._begun = self._done = 0

    def run(self) -> None:
        """Work until told to stop."""
        try:
            self._work(self._leaving, idle=self._idle, done=self._note)
        finally:
            with self._changed:
                self._changed.notify_all()

    def drain(self) -> None:
        """Have a round made that begins after this call; return when nothing is due, or when there is no more work."""
        with self._changed:
            self._asked += 1
            mine = self._asked
            self._changed.notify_all()
            while self._done < mine and self.is_alive() and not self._leaving.is_set():
                self._changed.wait(_SLICE)

    def quit(self) -> None:
        """Stop after the mail in hand, and wait for that."""
        self._leaving.set()
        self.join()

    def _idle(self, seconds: float, stop: threading.Event) -> None:
        """Rest until asked, or for about so many seconds: workers that started together shall not ask together."""
        end = time.monotonic() + seconds * random.uniform(0.8, 1.2)  # noqa: S311  no secret
        with self._changed:
            while self._begun == self._asked and not stop.is_set() and (left := end - time.monotonic()) > 0:
                self._changed.wait(min(left, _SLICE))
            self._begun = self._asked

    def _note(self, handled: int) -> None:
        with self._changed:
            if handled == 0:
                self._done = self._begun
                self._changed.notify_all()
