"""Sample calls: what itemises the lines of sample invoices, so that the calls of a line cost what it says."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

CALLS = "Calls"
MOST_CALLS = 70
# A number is at one of these, by its last digit.
SITES = ("Head office", "Warehouse", "Shop, Mill Lane")
_PLACES = (
    ("01632 960 {0:03}", "Local"),
    ("020 7946 0{0:03}", "London"),
    ("0161 496 0{0:03}", "Manchester"),
    ("07700 900 {0:03}", "Mobile"),
    ("+33 1 99 00 {0:03}", "France"),
    ("+353 20 915 {0:03}", "Ireland"),
)
_TENTH_OF_A_PENNY = Decimal("0.001")


def calls_of(lines: Sequence[Mapping[str, str]], *, until: date, chance: random.Random) -> list[dict[str, Any]]:
    """Return rows of usage for the lines of calls, made in the month that ends at `until`."""
    return [call for line in lines if line["category"] == CALLS for call in _calls(line, until=until, chance=chance)]


def _calls(line: Mapping[str, str], *, until: date, chance: random.Random) -> list[dict[str, Any]]:
    cost = Decimal(line["quantity"]) * Decimal(line["unit_price"])
    seconds = [chance.randint(4, 1_500) for _ in range(chance.randint(12, MOST_CALLS))]
    shares = [(cost * part / sum(seconds)).quantize(_TENTH_OF_A_PENNY) for part in seconds]
    # What rounding has left over or taken is the last call's.
    shares[-1] += cost - sum(shares)
    begin = datetime(until.year, until.month, until.day, tzinfo=UTC) - timedelta(days=30)
    made = []
    for duration, share in zip(seconds, shares, strict=True):
        number, place = chance.choice(_PLACES)
        hour = timedelta(days=chance.randint(0, 29), hours=chance.randint(8, 17), seconds=chance.randint(0, 3_599))
        made.append(
            {
                "start": begin + hour,
                "reference": line["reference"],
                "site": SITES[int(line["reference"][-1]) % len(SITES)],
                "origin": "Halifax",
                "destination": f"{place} {number.format(chance.randint(0, 999))}",
                "duration": duration,
                "volume": None,
                "cost": share,
            }
        )
    return made
