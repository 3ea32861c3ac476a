"""What a report adds up: by anything, the sums are those of the records, and no penny is lost in rounding."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.money import round_half_up
from app.invoices.usage.breakdown import apportioned, breakdown, value
from app.lookups.usage_reports.rules import COLUMNS_OF, KEY_OF, ReportColumn, UsageReport

LONDON = ZoneInfo("Europe/London")
CENTS = Decimal("0.01")
amounts = st.decimals(min_value=-10_000, max_value=10_000, places=6)
records = st.lists(
    st.builds(
        SimpleNamespace,
        start=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001  given a zone
        reference=st.sampled_from(["", "0161", "0162", "b", "A"]),
        site=st.sampled_from(["", "Leeds", "leeds"]),
        origin=st.just(""),
        destination=st.sampled_from(["London", "Paris", ""]),
        duration=st.none() | st.integers(0, 10_000),
        volume=st.none() | st.decimals(min_value=0, max_value=1_000, places=3),
        cost=amounts,
    ),
    max_size=40,
)
reports = st.sampled_from(list(UsageReport))


def made(report, rows, places=2, columns=None):
    return breakdown(report, columns or COLUMNS_OF[report], rows, zone=LONDON, places=places)


def used(**values):
    start = {"start": datetime(2026, 6, 1, 9, tzinfo=UTC), "reference": "0161", "site": "", "destination": "London"}
    return SimpleNamespace(**{**start, "duration": None, "volume": None, "cost": Decimal(1), **values})


class TestSums:
    @given(reports, records, st.integers(0, 4))
    def test_those_of_the_rows_are_those_of_the_records(self, report, rows, places):
        found = made(report, rows, places)
        total = found.total.sums
        assert total.records == sum(row.sums.records for row in found.rows) == len(rows)
        assert (
            total.cost
            == sum((row.sums.cost for row in found.rows), Decimal(0))
            == sum((one.cost for one in rows), Decimal(0))
        )
        assert (total.duration or 0) == sum(row.sums.duration or 0 for row in found.rows)
        assert (total.duration or 0) == sum(one.duration or 0 for one in rows)
        assert (total.volume or 0) == sum(one.volume or 0 for one in rows)
        assert found.total.cost == round_half_up(total.cost, places)
        assert sum((row.cost for row in found.rows), Decimal(0)) == found.total.cost
        assert all(abs(row.cost - row.sums.cost) < Decimal(1).scaleb(-places) for row in found.rows)

    @given(records, st.integers(0, 4))
    def test_the_total_is_the_same_by_anything(self, rows, places):
        totals = {
            (one.total.cost, one.total.sums.records, one.total.sums.duration)
            for one in (made(report, rows, places) for report in UsageReport)
        }
        assert len(totals) == 1

    @given(reports, records, st.data())
    def test_the_order_of_the_records_says_nothing(self, report, rows, data):
        assert made(report, rows) == made(report, data.draw(st.permutations(rows)))

    @given(reports, records)
    def test_shares_make_a_hundred_or_nothing(self, report, rows):
        found = made(report, rows)
        whole = Decimal(100) if found.total.sums.cost else Decimal(0)
        assert sum((row.share for row in found.rows), Decimal(0)) == found.total.share == whole

    @given(st.lists(amounts, max_size=30), st.integers(0, 3))
    def test_amounts_are_rounded_so_that_they_add_up(self, given_amounts, places):
        rounded = apportioned(given_amounts, places)
        assert sum(rounded, Decimal(0)) == round_half_up(sum(given_amounts, Decimal(0)), places)
        assert all(
            abs(one - exact) < Decimal(1).scaleb(-places) for one, exact in zip(rounded, given_amounts, strict=True)
        )
        assert all(
            one == exact
            for one, exact in zip(rounded, given_amounts, strict=True)
            if exact == exact.quantize(Decimal(1).scaleb(-places))
        )

    def test_what_cannot_be_parted_goes_to_the_largest_remainder(self):
        assert apportioned([Decimal("0.333"), Decimal("0.334"), Decimal("0.333")], 2) == [
            Decimal("0.33"),
            Decimal("0.34"),
            Decimal("0.33"),
        ]
        assert str(apportioned([Decimal("-0.001"), Decimal("0.001")], 2)[1]) == "0.00"


class TestRows:
    def test_by_number_they_are_sorted_without_case_and_what_is_not_given_is_last(self):
        found = made(UsageReport.BY_NUMBER, [used(reference=one) for one in ("b", "", "A", "0161")])
        assert [row.key for row in found.rows] == ["0161", "A", "b", ""]

    @pytest.mark.parametrize(
        ("start", "day"),
        [
            (datetime(2026, 6, 1, 22, 59, tzinfo=UTC), date(2026, 6, 1)),
            (datetime(2026, 6, 1, 23, 0, tzinfo=UTC), date(2026, 6, 2)),
            (datetime(2026, 12, 1, 23, 59, tzinfo=UTC), date(2026, 12, 1)),
        ],
    )
    def test_a_day_is_a_local_one(self, start, day):
        (row,) = made(UsageReport.BY_DAY, [used(start=start)]).rows
        assert row.key == day

    def test_what_each_column_holds(self):
        rows = [
            used(site="Leeds", duration=60, volume=Decimal("1.500"), cost=Decimal("0.125")),
            used(site="York", destination="Paris", start=datetime(2026, 6, 2, 9, tzinfo=UTC)),
        ]
        report = UsageReport.BY_NUMBER
        found = made(report, rows)
        told = {one: value(report, found.rows[0], one, zone=LONDON) for one in COLUMNS_OF[report]}
        assert told == {
            ReportColumn.NUMBER: "0161",
            ReportColumn.SITE: "Leeds, York",
            ReportColumn.DESTINATIONS: Decimal(2),
            ReportColumn.RECORDS: Decimal(2),
            ReportColumn.DURATION: timedelta(seconds=60),
            ReportColumn.VOLUME: Decimal("1.500"),
            ReportColumn.COST: Decimal("1.13"),
            ReportColumn.SHARE: Decimal("100.00"),
            ReportColumn.FIRST_USE: datetime(2026, 6, 1, 10),  # noqa: DTZ001  local
            ReportColumn.LAST_USE: datetime(2026, 6, 2, 10),  # noqa: DTZ001  the same
        }
        total = {one: value(report, found.total, one, zone=LONDON) for one in (ReportColumn.NUMBER, ReportColumn.SITE)}
        assert total == {ReportColumn.NUMBER: None, ReportColumn.SITE: None}

    def test_without_records_there_is_the_sum_alone(self):
        found = made(UsageReport.BY_SITE, [])
        assert (found.rows, found.total.cost, found.total.sums.duration) == ((), Decimal("0.00"), None)
        assert str(found.total.share) == "0.00"

    @pytest.mark.parametrize("report", UsageReport)
    def test_a_report_without_further_columns_counts_no_names(self, report):
        found = made(report, [used()], columns=[KEY_OF[report], ReportColumn.COST])
        assert (found.total.sums.numbers, found.total.sums.destinations, found.total.sums.sites) == (None, None, None)
