"""Adds usage up by number, site, destination or day, whatever the order of the records, without holding them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import ROUND_FLOOR, Decimal, localcontext
from typing import Protocol

from app.core.money import round_half_up
from app.lookups.usage_reports.rules import KEY_OF, ReportColumn, UsageReport

SHARE_PLACES = 2
# Sums of a hundred thousand records of any size, and shares of them, are exact enough to be rounded once.
_PRECISION = 60
_WHOLE = Decimal(100)

Key = str | date
Value = str | date | datetime | timedelta | Decimal | None


class Used(Protocol):
    """A usage record, as far as a report asks; `start` is aware, `duration` in seconds, `volume` in megabytes."""

    @property
    def start(self) -> datetime: ...  # noqa: D102  the columns of UsageRecord
    @property
    def reference(self) -> str: ...  # noqa: D102
    @property
    def site(self) -> str: ...  # noqa: D102
    @property
    def destination(self) -> str: ...  # noqa: D102
    @property
    def duration(self) -> int | None: ...  # noqa: D102
    @property
    def volume(self) -> Decimal | None: ...  # noqa: D102
    @property
    def cost(self) -> Decimal: ...  # noqa: D102


@dataclass(slots=True)
class Sums:
    """What some records come to. `duration` and `volume` are None where no record has any.

    The sets are there for the columns that ask for them: a report may have as many rows as there are records.
    """

    records: int = 0
    cost: Decimal = Decimal(0)
    duration: int | None = None
    volume: Decimal | None = None
    numbers: set[str] | None = None
    sites: set[str] | None = None
    destinations: set[str] | None = None
    first_use: datetime | None = None
    last_use: datetime | None = None

    def add(self, one: Used) -> None:
        """Count a record in."""
        self.records += 1
        self.cost += one.cost
        if one.duration is not None:
            self.duration = (self.duration or 0) + one.duration
        if one.volume is not None:
            self.volume = (self.volume or Decimal(0)) + one.volume
        if self.numbers is not None:
            self.numbers.add(one.reference)
        if self.sites is not None:
            self.sites.add(one.site)
        if self.destinations is not None:
            self.destinations.add(one.destination)
        if self.first_use is None or one.start < self.first_use:
            self.first_use = one.start
        if self.last_use is None or one.start > self.last_use:
            self.last_use = one.start


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a report: what it is about (None: all of it), its sums, and its cost and share as they are printed."""

    key: Key | None
    sums: Sums
    cost: Decimal
    share: Decimal


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The rows of a report in their order, and the sum of them all."""

    rows: tuple[Row, ...]
    total: Row


def breakdown(
    report: UsageReport, columns: Collection[ReportColumn], records: Iterable[Used], *, zone: tzinfo, places: int
) -> Breakdown:
    """Add records up by what the report has rows for, as far as its columns ask; a day is one of `zone`.

    Costs are rounded to `places` so that those of the rows add up to the total's, which is the records' sum rounded
    half up once; shares, in percent with two places, add up to a hundred.
    """
    groups: dict[Key, Sums] = {}
    total = _sums(report, columns)
    with localcontext(prec=_PRECISION):
        for one in records:
            total.add(one)
            key = _key(report, one, zone)
            if key not in groups:
                groups[key] = _sums(report, columns)
            groups[key].add(one)
        keys = sorted(groups, key=_order)
        costs = apportioned([groups[key].cost for key in keys], places)
        shares = _shares([groups[key].cost for key in keys])
        whole = Row(
            None, total, round_half_up(total.cost, places), sum(shares, round_half_up(Decimal(0), SHARE_PLACES))
        )
    rows = zip(keys, costs, shares, strict=True)
    return Breakdown(tuple(Row(key, groups[key], cost, share) for key, cost, share in rows), whole)


def _sums(report: UsageReport, columns: Collection[ReportColumn]) -> Sums:
    return Sums(
        numbers=set() if ReportColumn.NUMBERS in columns else None,
        sites=set() if ReportColumn.SITE in columns and KEY_OF[report] is not ReportColumn.SITE else None,
        destinations=set() if ReportColumn.DESTINATIONS in columns else None,
    )


def apportioned(amounts: Sequence[Decimal], places: int) -> list[Decimal]:
    """Round amounts so that they add up to their rounded sum: the largest remainders are rounded up.

    Each is off by less than one of its last place.
    """
    unit = Decimal(1).scaleb(-places)
    with localcontext(prec=_PRECISION):
        floors = [amount.quantize(unit, rounding=ROUND_FLOOR) for amount in amounts]
        missing = int((round_half_up(sum(amounts, Decimal(0)), places) - sum(floors, Decimal(0))) / unit)
        by_remainder = sorted(range(len(amounts)), key=lambda place: floors[place] - amounts[place])
        up = set(by_remainder[:missing])
        rounded = [floor + unit if place in up else floor for place, floor in enumerate(floors)]
    return [one or abs(one) for one in rounded]


def value(report: UsageReport, row: Row, column: ReportColumn, *, zone: tzinfo) -> Value:
    """Return what a row has in a column; in that of its key nothing, where it is the sum of all. Times are local."""
    if column is KEY_OF[report]:
        return row.key
    found = _VALUES[column](row)
    return found.astimezone(zone).replace(tzinfo=None) if isinstance(found, datetime) else found


def _duration(row: Row) -> timedelta | None:
    seconds = row.sums.duration
    return None if seconds is None else timedelta(seconds=seconds)


def _sites(row: Row) -> str | None:
    """Return the sites that a number's records are charged to, usually one."""
    return None if row.key is None else ", ".join(sorted((row.sums.sites or set()) - {""}))


def _count(names: set[str] | None) -> Decimal:
    return Decimal(len((names or set()) - {""}))


_VALUES: Mapping[ReportColumn, Callable[[Row], Value]] = {
    ReportColumn.SITE: _sites,
    ReportColumn.NUMBERS: lambda row: _count(row.sums.numbers),
    ReportColumn.DESTINATIONS: lambda row: _count(row.sums.destinations),
    ReportColumn.RECORDS: lambda row: Decimal(row.sums.records),
    ReportColumn.DURATION: _duration,
    ReportColumn.VOLUME: lambda row: row.sums.volume,
    ReportColumn.COST: lambda row: row.cost,
    ReportColumn.SHARE: lambda row: row.share,
    ReportColumn.FIRST_USE: lambda row: row.sums.first_use,
    ReportColumn.LAST_USE: lambda row: row.sums.last_use,
}


def _shares(costs: Sequence[Decimal]) -> list[Decimal]:
    total = sum(costs, Decimal(0))
    if not total:
        return [round_half_up(Decimal(0), SHARE_PLACES) for _ in costs]
    return apportioned([cost * _WHOLE / total for cost in costs], SHARE_PLACES)


def _key(report: UsageReport, one: Used, zone: tzinfo) -> Key:
    match report:
        case UsageReport.BY_NUMBER:
            return one.reference
        case UsageReport.BY_SITE:
            return one.site
        case UsageReport.BY_DESTINATION:
            return one.destination
        case UsageReport.BY_DAY:
            return one.start.astimezone(zone).date()


def _order(key: Key) -> tuple[bool, str, str]:
    """Sort by text without case, or by day; what is not given comes last."""
    text = str(key)
    return not text, text.casefold(), text
