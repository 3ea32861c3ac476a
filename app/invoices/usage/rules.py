"""What a usage record accepts, row by row, and how it is written over REST."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn

from app.core.errors import FieldErrors
from app.core.fields import Moment, Text
from app.core.money import as_text, parse_decimal
from app.core.whole_numbers import is_whole
from app.core.words import said, say, say_count
from app.invoices.rules import MAX_REFERENCE, UNIT_PRICE_DIGITS, UNIT_PRICE_PLACES

# What one call may hand over; its body is bounded too.
MAX_USAGE = 50_000
# What GET of an invoice gives beside its fields; more of it is read page by page.
MAX_INLINE = 1_000
# An answer names the errors of so many rows: whoever sends thousands of wrong ones learns no more from all of them.
MAX_WRONG = 100
# A year of seconds has eight digits; no call lasts longer than nine of them.
DURATION_DIGITS = 9
VOLUME_PLACES, VOLUME_DIGITS = 3, 14
USAGE_FIELDS = ("start", "reference", "site", "origin", "destination", "duration", "volume", "cost")
_TEXT = Text(limit=MAX_REFERENCE)
_START = Moment()


def validate_usage(raw: object) -> tuple[list[dict[str, Any]], FieldErrors]:
    """Read usage records as REST gives them: a list of objects, decimals as texts, times ISO 8601 with their zone.

    Returns rows as the database keeps them, and what is wrong by place ("usage", "usage.0.cost"). There are rows only
    if nothing is.
    """
    if not isinstance(raw, Sequence) or isinstance(raw, str | bytes):
        return [], {"usage": [say("Enter a list of usage records.")]}
    if len(raw) > MAX_USAGE:
        text = say_count("At most {count} usage record.", "At most {count} usage records.", MAX_USAGE)
        return [], {"usage": [text]}
    errors: FieldErrors = {}
    rows, wrong = [], 0
    for position, row in enumerate(raw):
        known = len(errors)
        rows.append(_read_row(row, f"usage.{position}", errors))
        wrong += len(errors) > known
        if wrong == MAX_WRONG:
            errors["usage"] = [say("Only the first {count} rows with errors are named.", count=MAX_WRONG)]
            break
    return ([] if errors else rows), errors


def usage_as_dict(row: Any) -> dict[str, Any]:  # noqa: ANN401  a row of the database, or a record
    """Return a usage record as REST gives it: `duration` in seconds, `volume` in megabytes, `cost` net."""
    return {
        "start": row.start.isoformat().replace("+00:00", "Z"),
        "reference": row.reference,
        "site": row.site,
        "origin": row.origin,
        "destination": row.destination,
        "duration": row.duration,
        "volume": None if row.volume is None else as_text(row.volume, places=0),
        "cost": as_text(row.cost),
    }


def _read_row(row: object, place: str, errors: FieldErrors) -> dict[str, Any]:
    """Read one record, and note under its place what is wrong with it."""
    if not isinstance(row, Mapping):
        fields = ", ".join(USAGE_FIELDS)
        errors[place] = [say("A usage record is an object with the fields {fields}.", fields=fields)]
        return {}
    for name in row:
        if name not in USAGE_FIELDS:
            errors[f"{place}.{name}"] = [say("A usage record has no such field.")]
    found, wrong = read_record(row)
    errors.update({f"{place}.{name}": [words] for name, words in wrong})
    return found


def read_record(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Read a usage record, out of JSON or out of a file; return it as it is kept, and what is wrong by field.

    `start` is ISO 8601 with its zone, `duration` whole seconds, `volume` megabytes, `cost` net, in the invoice's
    currency.
    """
    record: dict[str, Any] = {}
    wrong: list[tuple[str, str]] = []
    for name, read in _READERS.items():
        try:
            record[name] = read(values.get(name))
        except ValueError as error:
            wrong.append((name, said(error)))
    return record, wrong


def reference_text(value: object) -> str:
    """Return a line of text, of a reference or a place. Raises ValueError in plain words."""
    # Nearly all are plain; the whole check takes ten times as long.
    if isinstance(value, str) and len(value) <= MAX_REFERENCE and value.isascii() and value.isprintable():
        return value.strip()
    found = _TEXT.clean(value)
    return found if isinstance(found, str) else ""


def _start(value: object) -> datetime:
    # A time of Python's own comes from programs within, and is checked alike.
    found = _START.clean(value)
    return found if isinstance(found, datetime) else _needed()


def _seconds(value: object) -> int | None:
    given = _stripped(value)
    if given in (None, ""):
        return None
    if not is_whole(given, digits=DURATION_DIGITS):
        raise ValueError(say("Give whole seconds, such as 65."))
    return int(str(given))


def _volume(value: object) -> Decimal | None:
    given = _stripped(value)
    if given in (None, ""):
        return None
    found = parse_decimal(given, places=VOLUME_PLACES, max_digits=VOLUME_DIGITS)
    if found < 0:
        raise ValueError(say("A volume can't be less than nothing."))
    return found


def _cost(value: object) -> Decimal:
    given = _stripped(value)
    if given in (None, ""):
        _needed()
    return parse_decimal(given, places=UNIT_PRICE_PLACES, max_digits=UNIT_PRICE_DIGITS)


def _stripped(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _needed() -> NoReturn:
    raise ValueError(say("This is needed."))


_READERS: Mapping[str, Callable[[object], Any]] = {
    "start": _start,
    **dict.fromkeys(("reference", "site", "origin", "destination"), reference_text),
    "duration": _seconds,
    "volume": _volume,
    "cost": _cost,
}
