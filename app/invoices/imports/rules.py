"""What files of invoices and of usage records hold: their columns, their bounds, and what a row must be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.core.words import Words, say
from app.invoices.rules import LINE_FIELDS
from app.invoices.usage.rules import reference_text

# So many invoices are published, or have their usage published, in one transaction; others wait for it on SQLite.
MAX_INVOICES = 10_000
MAX_KEY = 80
MAX_REASON = 500
SHOWN_FAULTS = 200


class ImportKind(StrEnum):
    """What a file holds."""

    INVOICES = "invoices"
    USAGE = "usage"

    @property
    def words(self) -> Words:
        """Return what people read for it."""
        return say("Invoices") if self is ImportKind.INVOICES else say("Usage records")


class ImportState(StrEnum):
    """How far an import has come."""

    CHECKING = "checking"
    REFUSED = "refused"
    CHECKED = "checked"
    PUBLISHED = "published"
    DISCARDED = "discarded"

    @property
    def words(self) -> Words:
        """Return what people read for it."""
        return _STATE_WORDS[self]


_STATE_WORDS = {
    ImportState.CHECKING: say("Being checked"),
    ImportState.REFUSED: say("Has errors"),
    ImportState.CHECKED: say("Checked"),
    ImportState.PUBLISHED: say("Published"),
    ImportState.DISCARDED: say("Discarded"),
}

INVOICE_COLUMNS = ("invoice_date", "due_date", "currency", "purchase_order_number")


@dataclass(frozen=True, slots=True)
class Format:
    """The columns of a kind of file. Beside those that are needed, all of one of the `ways` must be there."""

    needed: tuple[str, ...]
    optional: tuple[str, ...]
    ways: tuple[tuple[str, ...], ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Return all columns, each once."""
        return tuple(dict.fromkeys((*(name for way in self.ways for name in way), *self.needed, *self.optional)))


FORMATS = {
    ImportKind.INVOICES: Format(
        needed=("account_number", "invoice_key", "invoice_date", "due_date", *LINE_FIELDS[:1], *LINE_FIELDS[2:5]),
        optional=("currency", "purchase_order_number", "category", "reference"),
    ),
    ImportKind.USAGE: Format(
        needed=("start", "cost"),
        optional=("reference", "site", "origin", "destination", "duration", "volume"),
        ways=(("invoice_number",), ("account_number", "invoice_key")),
    ),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a file: the line that it begins in, and its texts by column."""

    line: int
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at a line, and in which column if it is one's."""

    line: int
    column: str
    message: str


def header_faults(names: list[str], columns: Format) -> list[Fault]:
    """Return what is wrong with the names of a file's columns: missing, unknown, and given twice."""
    faults = [Fault(1, name, say("This column is missing.")) for name in columns.needed if name not in names]
    if columns.ways and not any(set(way) <= set(names) for way in columns.ways):
        ways = " / ".join(", ".join(way) for way in columns.ways)
        faults.append(Fault(1, "", say("One of these must be there: {ways}.", ways=ways)))
    for name in dict.fromkeys(names):
        if name not in columns.columns:
            faults.append(Fault(1, name[:MAX_KEY], say("There is no such column.")))
        elif names.count(name) > 1:
            faults.append(Fault(1, name, say("This column is there twice.")))
    return faults


def read_key(text: str) -> str:
    """Return an invoice's key or number as it is compared. Raises ValueError."""
    key = reference_text(text)
    if not key:
        raise ValueError(say("This is needed."))
    return key
