"""A usage report as the file that goes along with an invoice: read record by record, written row by row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy.orm import Session

from app.core.money import minor_unit
from app.invoices import queries
from app.invoices.models import Invoice
from app.invoices.usage.breakdown import Row, breakdown, value
from app.invoices.usage.words import ReportWords, report_words
from app.lookups.models import UsageReportProfile
from app.lookups.usage_reports.rules import KEY_OF, FileFormat, ReportColumn, UsageReport
from app.mailer.documents import Rendered
from app.web.export_files import CSV_TYPE, XLSX_TYPE, write_csv, write_xlsx

_TYPES = {FileFormat.CSV: CSV_TYPE, FileFormat.XLSX: XLSX_TYPE}


def usage_report(session: Session, *, invoice: Invoice, profile: UsageReportProfile, language: str) -> Rendered:
    """Make the report of a profile from an invoice's usage, headed in a language (ISO 639-1); times are local."""
    zone = ZoneInfo(current_app.config["SETTINGS"].timezone)
    report, file_format = UsageReport(profile.report), FileFormat(profile.file_format)
    columns = [ReportColumn(one) for one in profile.columns]
    words = report_words(language)
    records = queries.usage_stream(session, invoice_id=invoice.id)
    made = breakdown(report, columns, records, zone=zone, places=minor_unit(invoice.currency))
    header = [words.heading(column, currency=invoice.currency) for column in columns]
    rows = (_cells(report, row, columns, words, zone) for row in made.rows)
    total = _cells(report, made.total, columns, words, zone)
    if file_format is FileFormat.CSV:
        file = write_csv(header, rows, total=total)
    else:
        file = write_xlsx(
            header, rows, total=total, created=datetime.combine(invoice.invoice_date, datetime.min.time())
        )
    with file:
        return Rendered(
            filename=file_name(invoice, profile), content_type=_TYPES[file_format].partition(";")[0], data=file.read()
        )


def file_name(invoice: Invoice, profile: UsageReportProfile) -> str:
    """Return the name of a report's file: the invoice's number, and what the profile is called."""
    called = "".join(char.lower() if char.isalnum() else " " for char in profile.name)
    name = "-".join([invoice.number.replace("/", "-"), "usage", *called.split()])
    return f"{name}.{profile.file_format}"


def _cells(
    report: UsageReport, row: Row, columns: Sequence[ReportColumn], words: ReportWords, zone: tzinfo
) -> list[Any]:
    return [_cell(report, row, column, words, zone) for column in columns]


def _cell(report: UsageReport, row: Row, column: ReportColumn, words: ReportWords, zone: tzinfo) -> Any:  # noqa: ANN401  as typed there
    if column is KEY_OF[report]:
        return words.total if row.key is None else row.key or words.not_given
    found = value(report, row, column, zone=zone)
    return found.isoformat(sep=" ", timespec="seconds") if isinstance(found, datetime) else found
