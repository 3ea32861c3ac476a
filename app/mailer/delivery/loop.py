"""Drain the outbox again and again until told to stop: the loop and its signals, and nothing of what is drained."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable

from app.core.events import Event, log_event

LONGEST_PAUSE = 30.0
_SLICE = 0.1


def run(
    drain: Callable[[threading.Event], int],
    *,
    poll_seconds: float = 1.0,
    stop: threading.Event | None = None,
    heartbeat: Callable[[], None] | None = None,
    idle: Callable[[float, threading.Event], None] | None = None,
) -> int:
    """Call `drain` until `stop` is set, by the caller or by SIGTERM or SIGINT; return how many mails it has handled.

    `drain` returns how many it handled; after none the loop rests for `poll_seconds`. It is given `stop`, to look at
    between two mails: the one in hand is always finished. `heartbeat` is called before each round. When either raises,
    say because the database is away, the loop logs it and tries again, after pauses that grow up to half a minute.
    `idle` rests when nothing was due, for as many seconds or until it has a reason to look again.
    """
    stop = stop or threading.Event()
    _stop_on_signals(stop)
    handled, pause = 0, poll_seconds
    while not stop.is_set():
        try:
            if heartbeat is not None:
                heartbeat()
            count = drain(stop)
        except Exception as error:  # noqa: BLE001  whatever it is, the loop goes on
            log_event(Event.OUTBOX_NOT_DRAINED, seconds=pause, error=error)
            _rest(pause, stop)
            pause = min(pause * 2, LONGEST_PAUSE)
            continue
        handled, pause = handled + count, poll_seconds
        if count == 0:
            (idle or _rest)(poll_seconds, stop)
    return handled


def _stop_on_signals(stop: threading.Event) -> None:
    """Have SIGTERM and SIGINT set `stop`; signals belong to the main thread alone."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())


def _rest(seconds: float, stop: threading.Event) -> None:
    """Sleep, unless `stop` is set meanwhile.

    Not by `stop.wait`: a signal that arrives while this very thread holds the event's lock would wait for it for ever.
    """
    end = time.monotonic() + seconds
    while not stop.is_set() and (left := end - time.monotonic()) > 0:
        time.sleep(min(left, _SLICE))
