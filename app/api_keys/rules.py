"""The rules of API keys: what one is made from, how one looks, and how long one is good."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from app.core.errors import FieldErrors
from app.core.fields import Fields, Flag, Moment, Reference, Text
from app.core.words import Words, say

# Keys begin with it, so that people and scanners of code recognise one that lies where it should not.
PREFIX = "cp_"
SECRET_BYTES = 32
SHOWN = len(PREFIX) + 6
LONGEST = timedelta(days=366)

API_KEY_FIELDS: Fields = {
    "label": Text(limit=50, required=True),
    "user": Reference(resource="user", column="user_id", required=True),
    "read_only": Flag(default=True),
    "expires_at": Moment(required=True),
}


class KeyState(StrEnum):
    """Whether a key opens anything, and why not."""

    GOOD = "good"
    EXPIRED = "expired"
    USER_INACTIVE = "user_inactive"

    @property
    def words(self) -> Words:
        """Return what people read."""
        return _STATE_WORDS[self]


_STATE_WORDS = {
    KeyState.GOOD: say("Active"),
    KeyState.EXPIRED: say("Expired"),
    KeyState.USER_INACTIVE: say("User is not active"),
}


def digest(key: str) -> str:
    """Return what is kept of a key: its SHA-256. A key is 256 random bits, so that no slow hash is needed."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def expiry_errors(values: Mapping[str, Any], *, at: datetime) -> FieldErrors:
    """Return what is wrong with when a key made at `at` expires: it must lie ahead, by a year at most."""
    expires_at = values.get("expires_at")
    if expires_at is None:
        return {}
    if expires_at <= at:
        return {"expires_at": [say("Choose a time that lies ahead.")]}
    if expires_at > at + LONGEST:
        return {"expires_at": [say("A key is good for a year at most.")]}
    return {}


def state_of(*, expires_at: datetime, user_active: bool, at: datetime) -> KeyState:
    """Return whether a key opens anything at a time."""
    if not user_active:
        return KeyState.USER_INACTIVE
    return KeyState.GOOD if at < expires_at else KeyState.EXPIRED
