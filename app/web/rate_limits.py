"""How often something may be tried: counted in the process, or in Redis where several processes share a limit."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

from flask import current_app
from limits import RateLimitItem
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from redis import RedisError

from app.core.errors import TooManyRequests
from app.core.events import Event, log_event
from app.core.words import say_count

# Counts where Redis doesn't answer: a limit of each process is better than none, and than no answer at all.
_own = FixedWindowRateLimiter(MemoryStorage())


def count_try(what: str, limits: Mapping[str, RateLimitItem]) -> None:
    """Count one try of `what` under each key of `limits`. Raises TooManyRequests, which says how long to wait."""
    limiter = current_app.extensions["appbuilder"].sm.limiter
    if not limiter.enabled:
        return
    for key, limit in limits.items():
        try:
            wait = _wait(limiter.limiter, limit, what, key)
        except RedisError as error:
            log_event(Event.RATE_LIMITS_ALONE, error=error)
            wait = _wait(_own, limit, what, key)
        if wait:
            raise TooManyRequests(
                say_count(
                    "Too many tries. Try again in a second.", "Too many tries. Try again in {count} seconds.", wait
                ),
                detail={"retry_after": wait},
            )


def _wait(limiter: Any, limit: RateLimitItem, *key: str) -> int:
    """Return after how many seconds a try is let through; 0 when this one is."""
    if limiter.hit(limit, *key):
        return 0
    return max(1, math.ceil(limiter.get_window_stats(limit, *key).reset_time - time.time()))
