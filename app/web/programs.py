"""How programs come in by an API key: whom a key stands for is told by the feature that keeps the keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from flask import g, request
from flask_limiter.util import get_remote_address
from limits import RateLimitItemPerMinute

from app.access.models import StaffUser
from app.core.errors import Forbidden, Unauthenticated
from app.core.words import say
from app.web.current import current_actor
from app.web.rate_limits import count_try

# A program with an old key tries again and again; so many wrong keys a minute are looked up for one address.
_WRONG_KEYS = RateLimitItemPerMinute(30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Who shows a key: the user that the program acts as, and what limits it beside that user's rights."""

    user: StaffUser
    label: str
    read_only: bool


Finder = Callable[[str], Program]
_finders: list[Finder] = []


def register_keys(finder: Finder) -> None:
    """Have the keys of programs told apart by `finder`, which raises Unauthenticated; called by the wiring."""
    _finders[:] = [finder]


def let_in(key: str) -> StaffUser:
    """Make the program that shows a key who is asking, without a session.

    The audit trail names user and key. Raises Unauthenticated, Forbidden (a key that only reads, at a write), and
    TooManyRequests for an address that has shown many wrong keys.
    """
    try:
        program = _find(key)
    except Unauthenticated:
        count_try("api_key", {f"address {get_remote_address()}": _WRONG_KEYS})
        raise
    if program.read_only and request.method not in ("GET", "HEAD", "OPTIONS"):
        raise Forbidden(say("This API key only reads."), code="read_only_key")
    g.user = program.user
    g._api_key_user = True  # Flask-AppBuilder looks for it  # noqa: SLF001
    g.pop("actor", None)
    named = f"{program.user.username} via key {program.label}"
    g.actor = replace(current_actor(), username=named, read_only=program.read_only)
    return program.user


def _find(key: str) -> Program:
    if not _finders:
        raise Unauthenticated(say("This API key is not valid."))
    return _finders[0](key)
