"""What a usage report can break down and show, and what must hold for a profile as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from app.core.errors import FieldErrors
from app.core.fields import Choice, Fields, Ordered, References
from app.core.words import Words, say


class UsageReport(StrEnum):
    """What a report has a row for."""

    BY_NUMBER = "by_number"
    BY_SITE = "by_site"
    BY_DESTINATION = "by_destination"
    BY_DAY = "by_day"

    @property
    def words(self) -> Words:
        """Return what people read for it."""
        return _REPORT_WORDS[self]


class ReportColumn(StrEnum):
    """A column of a report. Which of them a report has, `COLUMNS_OF` says."""

    NUMBER = "number"
    SITE = "site"
    DESTINATION = "destination"
    DAY = "day"
    NUMBERS = "numbers"
    DESTINATIONS = "destinations"
    RECORDS = "records"
    DURATION = "duration"
    VOLUME = "volume"
    COST = "cost"
    SHARE = "share"
    FIRST_USE = "first_use"
    LAST_USE = "last_use"

    @property
    def words(self) -> Words:
        """Return what people read for it."""
        return _COLUMN_WORDS[self]


class FileFormat(StrEnum):
    """The kind of file that a report is."""

    CSV = "csv"
    XLSX = "xlsx"

    @property
    def words(self) -> Words:
        """Return what people read for it."""
        return _FORMAT_WORDS[self]


class Availability(StrEnum):
    """Whose customers may have a report."""

    ALL = "all"
    CUSTOMERS = "customers"
    DEALERS = "dealers"

    @property
    def words(self) -> Words:
        """Return what people read for it."""
        return _AVAILABILITY_WORDS[self]


_REPORT_WORDS = {
    UsageReport.BY_NUMBER: say("By number"),
    UsageReport.BY_SITE: say("By site or cost centre"),
    UsageReport.BY_DESTINATION: say("By destination"),
    UsageReport.BY_DAY: say("By day"),
}
_COLUMN_WORDS = {
    ReportColumn.NUMBER: say("Number or service"),
    ReportColumn.SITE: say("Site or cost centre"),
    ReportColumn.DESTINATION: say("Destination"),
    ReportColumn.DAY: say("Day"),
    ReportColumn.NUMBERS: say("Count of numbers"),
    ReportColumn.DESTINATIONS: say("Count of destinations"),
    ReportColumn.RECORDS: say("Count of records"),
    ReportColumn.DURATION: say("Duration"),
    ReportColumn.VOLUME: say("Volume (MB)"),
    ReportColumn.COST: say("Cost"),
    ReportColumn.SHARE: say("Share of the cost (%)"),
    ReportColumn.FIRST_USE: say("First use"),
    ReportColumn.LAST_USE: say("Last use"),
}
_FORMAT_WORDS = {FileFormat.CSV: say("CSV"), FileFormat.XLSX: say("XLSX (Excel)")}
_AVAILABILITY_WORDS = {
    Availability.ALL: say("All customers"),
    Availability.CUSTOMERS: say("Some customers"),
    Availability.DEALERS: say("Customers of some dealers"),
}

# The column that says what a row is about.
KEY_OF = {
    UsageReport.BY_NUMBER: ReportColumn.NUMBER,
    UsageReport.BY_SITE: ReportColumn.SITE,
    UsageReport.BY_DESTINATION: ReportColumn.DESTINATION,
    UsageReport.BY_DAY: ReportColumn.DAY,
}
_SUMS = (
    ReportColumn.RECORDS,
    ReportColumn.DURATION,
    ReportColumn.VOLUME,
    ReportColumn.COST,
    ReportColumn.SHARE,
)
_USES = (ReportColumn.FIRST_USE, ReportColumn.LAST_USE)
COLUMNS_OF: Mapping[UsageReport, tuple[ReportColumn, ...]] = {
    UsageReport.BY_NUMBER: (ReportColumn.NUMBER, ReportColumn.SITE, ReportColumn.DESTINATIONS, *_SUMS, *_USES),
    UsageReport.BY_SITE: (ReportColumn.SITE, ReportColumn.NUMBERS, ReportColumn.DESTINATIONS, *_SUMS, *_USES),
    UsageReport.BY_DESTINATION: (ReportColumn.DESTINATION, ReportColumn.NUMBERS, *_SUMS, *_USES),
    UsageReport.BY_DAY: (ReportColumn.DAY, ReportColumn.NUMBERS, ReportColumn.DESTINATIONS, *_SUMS),
}

PROFILE_FIELDS: Fields = {
    "report": Choice(options=UsageReport),
    "columns": Ordered(options=ReportColumn, places=max(map(len, COLUMNS_OF.values()))),
    "file_format": Choice(options=FileFormat),
    "available_to": Choice(options=Availability),
    "customers": References(resource="customer"),
    "dealers": References(resource="dealer", source="dealer_by_id"),
}


def usual_columns(report: str) -> list[str]:
    """Return the columns of a report for which none were chosen."""
    chosen = (KEY_OF[UsageReport(report)], *(one for one in _SUMS if one is not ReportColumn.SHARE))
    return [one.value for one in chosen]


def settled_columns(given: Mapping[str, object], *, report: str | None) -> dict[str, object]:
    """Return what is given with the usual columns of its report where none are chosen.

    `report` is the one that the profile has, None for a new one. What can't be read is left for the fields to refuse.
    """
    settled = dict(given)
    try:
        columns = PROFILE_FIELDS["columns"].clean(given.get("columns"))
        wanted = PROFILE_FIELDS["report"].clean(given.get("report") or report)
    except ValueError:
        return settled
    if not columns and (report is None or "columns" in given):
        settled["columns"] = usual_columns(str(wanted))
    return settled


def profile_errors(values: Mapping[str, Any]) -> FieldErrors:
    """Return what keeps a profile from being saved, by field."""
    errors: FieldErrors = {}
    report, columns = UsageReport(values["report"]), [ReportColumn(one) for one in values["columns"]]
    strange = [one for one in columns if one not in COLUMNS_OF[report]]
    if strange:
        errors["columns"] = [
            say("The report {report} has no column {column}.", report=report.words, column=one.words) for one in strange
        ]
    elif columns and KEY_OF[report] not in columns:
        errors["columns"] = [
            say(
                "The report {report} needs the column {column}: it says what each row is about.",
                report=report.words,
                column=KEY_OF[report].words,
            )
        ]
    if values["available_to"] == Availability.CUSTOMERS and not values["customers"]:
        errors["customers"] = [say("Choose at least one customer, or make it available to all.")]
    if values["available_to"] == Availability.DEALERS and not values["dealers"]:
        errors["dealers"] = [say("Choose at least one dealer, or make it available to all.")]
    return errors
