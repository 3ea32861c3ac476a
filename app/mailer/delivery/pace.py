"""Pace: how many mails the server, and each domain behind it, get in a time; what is over waits, and fails never."""

from __future__ import annotations

import logging
import time
from typing import NamedTuple

from flask import Flask
from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from app.mailer.models import ACCOUNT

log = logging.getLogger(__name__)

_EXTENSION = "mail_pace"
# Redis answers at once or is away; then this process counts by itself, and asks it again after a while.
_REDIS_SECONDS = 2
_AWAY_SECONDS = 30.0
_KEY = "mail"


class Over(NamedTuple):
    """A lane that has had its share, and how many seconds it takes until it may have more."""

    lane: str
    seconds: float


class Pace:
    """Counts the mails of each lane against its rates, such as `600/minute`; without any, all may go.

    With `redis_url` the count is shared by all workers that use it; without, it is this process's own.
    """

    def __init__(self, *, account: str | None = None, domain: str | None = None, redis_url: str | None = None) -> None:
        self._account = tuple(parse_many(account)) if account else ()
        self._domain = tuple(parse_many(domain)) if domain else ()
        self._own: MovingWindowRateLimiter | None = None
        self._shared: MovingWindowRateLimiter | None = None
        self._away_until = 0.0
        if (account or domain) and redis_url:
            options = {"socket_timeout": _REDIS_SECONDS, "socket_connect_timeout": _REDIS_SECONDS}
            storage = storage_from_string(redis_url, wrap_exceptions=True, **options)
            self._shared = MovingWindowRateLimiter(storage)

    @property
    def limited(self) -> bool:
        """Whether there is any rate to keep."""
        return bool(self._account or self._domain)

    def take(self, domain: str) -> Over | None:
        """Count one mail to a domain; or return which lane is over its rate, and count nothing."""
        if not self.limited:
            return None
        if self._shared is not None and time.monotonic() >= self._away_until:
            try:
                return self._take(self._shared, domain)
            except StorageError as error:
                self._away_until = time.monotonic() + _AWAY_SECONDS
                log.warning("the rates of mails are counted by this process alone: Redis does not answer (%s)", error)
        if self._own is None:
            self._own = MovingWindowRateLimiter(MemoryStorage())
        return self._take(self._own, domain)

    def _take(self, counter: MovingWindowRateLimiter, domain: str) -> Over | None:
        rates = [(domain, one) for one in self._domain if domain] + [(ACCOUNT, one) for one in self._account]
        for lane, rate in rates:
            if not counter.test(rate, _KEY, lane):
                return _over(counter, rate, lane)
        for lane, rate in rates:
            # Another worker may have been faster; what is counted by then is a mail fewer, never one too many.
            if not counter.hit(rate, _KEY, lane):
                return _over(counter, rate, lane)
        return None


def _over(counter: MovingWindowRateLimiter, rate: RateLimitItem, lane: str) -> Over:
    return Over(lane, max(0.0, counter.get_window_stats(rate, _KEY, lane).reset_time - time.time()))


def pace_of(app: Flask) -> Pace:
    """Return the pace that an application's settings ask for: one for the whole process."""
    if _EXTENSION not in app.extensions:
        settings = app.config["SETTINGS"]
        app.extensions[_EXTENSION] = Pace(
            account=settings.mail_rate, domain=settings.mail_domain_rate, redis_url=settings.redis_url
        )
    pace: Pace = app.extensions[_EXTENSION]
    return pace
