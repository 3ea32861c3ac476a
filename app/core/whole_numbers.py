"""Whole numbers from outside: ids of records, and what may be read as a number at all."""

from __future__ import annotations

import re

from app.core.words import say

MAX_ID = 2**31 - 1


def clean_id(raw: object) -> int:
    """Return `raw` as a record's id, or raise ValueError."""
    if not is_whole(raw, digits=10):
        raise ValueError(say("Give the id of a record, a whole number."))
    number = int(str(raw))
    if not 1 <= number <= MAX_ID:
        raise ValueError(say("There is no record with this id."))
    return number


def is_whole(raw: object, *, digits: int, signed: bool = False) -> bool:
    """Tell whether `raw` is a whole number, or its text, of at most so many digits."""
    if isinstance(raw, bool) or not isinstance(raw, int | str):
        return False
    # Measured before it is written out: Python refuses to write a huge number.
    huge = isinstance(raw, int) and raw.bit_length() > digits * 4
    return not huge and re.fullmatch(rf"{'-?' if signed else ''}[0-9]{{1,{digits}}}", str(raw)) is not None
