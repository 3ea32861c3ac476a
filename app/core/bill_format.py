"""The formats in which a bill is mailed, and which of several is the fullest."""

from collections.abc import Iterable
from enum import StrEnum

from app.core.words import Words, say


class BillFormat(StrEnum):
    """A bill format, as it is stored and as REST names it; declared from the least to the fullest."""

    NONE = "none"
    SHORT = "short"
    LONG = "long"
    FULL = "full"

    @property
    def words(self) -> Words:
        """Return what people read for it."""
        return _WORDS[self]

    @property
    def rank(self) -> int:
        """Return how full it is: 0 for none, 3 for full."""
        return _RANKS[self]


_WORDS = {
    BillFormat.NONE: say("None"),
    BillFormat.SHORT: say("Short"),
    BillFormat.LONG: say("Long"),
    BillFormat.FULL: say("Full"),
}
# Compared as text, "full" would come before "short".
_RANKS = {bill_format: rank for rank, bill_format in enumerate(BillFormat)}


def fullest(formats: Iterable[BillFormat]) -> BillFormat:
    """Return the fullest of some formats; none of none."""
    return max(formats, key=lambda bill_format: bill_format.rank, default=BillFormat.NONE)
