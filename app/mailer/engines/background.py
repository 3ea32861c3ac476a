"""Work beside the mails: what features have the outbox's workers do in each of their rounds, a little at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from app.core.events import Event, log_event

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0

# Does a little, in units of work of its own, and returns how much; none when there is nothing to do. Between two rounds
# the mails have their turn, so a portion takes a second or two, and may be cut off by a death at any time.
Portion = Callable[[threading.Event], int]

_portions: dict[str, Portion] = {}


def register_background(name: str, portion: Portion) -> None:
    """Have a feature's work done in the workers' rounds; called by the wiring."""
    _portions[name] = portion


@dataclass(slots=True)
class _Rest:
    """How long a work that failed is left alone, and until when (monotonic seconds)."""

    pause: float = FIRST_PAUSE
    until: float = 0.0


class Background:
    """The background work of one worker: a portion of each kind a round; one that fails rests, and delays no mail."""

    def __init__(self) -> None:
        self._rests: dict[str, _Rest] = {}

    def round(self, stop: threading.Event) -> int:
        """Do a portion of each kind; return how much was done."""
        done = 0
        for name, portion in list(_portions.items()):
            if not stop.is_set():
                done += self._do(name, portion, stop)
        return done

    def _do(self, name: str, portion: Portion, stop: threading.Event) -> int:
        rest = self._rests.setdefault(name, _Rest())
        if time.monotonic() < rest.until:
            return 0
        try:
            done = portion(stop)
        except Exception as error:  # noqa: BLE001  whatever it is, the mails go on
            log_event(Event.BACKGROUND_FAILED, step=name, seconds=rest.pause, error=error)
            rest.until = time.monotonic() + rest.pause
            rest.pause = min(rest.pause * 2, LONGEST_PAUSE)
            return 0
        rest.pause = FIRST_PAUSE
        return done
