"""The lookout of a worker: which lanes it has seen fail, work or be over their rates since its last claim."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.core import clock
from app.mailer.delivery import lanes
from app.mailer.delivery.blame import IN_A_ROW, Blame, blame_of
from app.mailer.delivery.pace import Pace
from app.mailer.models import ACCOUNT
from app.mailer.smtp.answers import ConnectionTrouble, Refused, Undelivered, Unknown

# A wait for the server's rate of so many seconds at most is sat out; for longer ones everything is given back.
LONGEST_REST = 2.0
# Asking again sooner costs more than it brings.
_SHORTEST_WAIT = timedelta(seconds=1)
_SLICE = 0.05
OVER = "over its rate"


class Seen(NamedTuple):
    """The lanes that were closed, by name, each with what the server said, and those over their rates, until when."""

    closed: Mapping[str, str]
    slowed: Mapping[str, datetime]


class Lookout:
    """Says for each mail whether it may go, is told what came of it, and writes down what that says of the lanes."""

    def __init__(self, *, worker: str, pace: Pace | None = None, stop: threading.Event | None = None) -> None:
        self._worker = worker
        self._pace = pace or Pace()
        self._stop = stop or threading.Event()
        self._closed: dict[str, str] = {}
        self._slow: dict[str, datetime] = {}
        self._worked: dict[str, datetime] = {}
        self._in_a_row: set[str] = set()
        self._lost: str | None = None

    @property
    def halted(self) -> bool:
        """Whether nothing can go just then: the server is in trouble, or has had all that it may get."""
        return ACCOUNT in self._closed or ACCOUNT in self._slow

    def lets(self, domain: str) -> bool:
        """Tell whether a mail to a domain may go; it then counts against the rates."""
        while not self.halted and domain not in self._closed and domain not in self._slow:
            over = self._pace.take(domain)
            if over is None:
                return True
            if over.lane == ACCOUNT and over.seconds <= LONGEST_REST:
                self._rest(over.seconds)
                if not self._stop.is_set():
                    continue
            self._slow[over.lane] = clock.now() + max(timedelta(seconds=over.seconds), _SHORTEST_WAIT)
        return False

    def note(self, domain: str, error: Undelivered | None) -> None:
        """Take in what came of a mail to a domain: None where it was taken."""
        if isinstance(error, Refused) and error.answer is None:
            # Found out before anybody was asked: it says nothing of any lane.
            return
        blame = blame_of(error) if error is not None else Blame.MESSAGE
        if blame == Blame.MESSAGE:
            self._in_a_row.clear()
            self._lost = None
            self._worked[domain] = self._worked[ACCOUNT] = clock.now()
            return
        answer = str(error)
        self._in_a_row.add(domain if blame == Blame.DOMAIN else f"{len(self._in_a_row)}")
        if blame == Blame.DOMAIN and domain:
            self._closed[domain] = answer
            self._worked.pop(domain, None)
        lost = isinstance(error, ConnectionTrouble | Unknown) or blame == Blame.SENDER
        if lost:
            self._lost = answer
        if blame == Blame.ACCOUNT or len(self._in_a_row) >= IN_A_ROW:
            self._closed[ACCOUNT] = answer
            self._worked.pop(ACCOUNT, None)
        elif not lost:
            # The server has answered: what is wrong lies behind it.
            self._worked[ACCOUNT] = clock.now()

    def write_down(self, session: Session) -> Seen:
        """Close, slow and open lanes by what was seen; return what was closed and slowed."""
        if self._lost is not None and lanes.is_probing_the_server(session, worker=self._worker):
            # The one mail that tries the server need not fail twice.
            self._closed.setdefault(ACCOUNT, self._lost)
        for name in sorted(self._closed):
            lanes.close_lane(session, self._closed[name], name=name, worker=self._worker)
        lanes.slow_lanes(session, self._slow, answer=OVER)
        lanes.reopen_lanes(session, self._worked, worker=self._worker)
        seen = Seen(self._closed, self._slow)
        self._closed, self._slow, self._worked = {}, {}, {}
        self._lost = None
        return seen

    def _rest(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._stop.is_set() and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, _SLICE))
