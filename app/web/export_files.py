"""Files for spreadsheets: CSV (RFC 4180) and XLSX, written row by row at constant memory, with formulas disarmed."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import IO, Any

import xlsxwriter

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What a spreadsheet takes for the beginning of a formula, also in the full width of East Asian keyboards.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
MAX_CELL = 32_767
IN_MEMORY = 2**20
# Widths of columns in characters: figures in thousands are seen whole.
NARROWEST, WIDEST = 12, 40
# Hours as many as there are, and not those of a day.
DURATION = "[h]:mm:ss"


def disarmed(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: with an apostrophe before it where it begins like one."""
    return f"'{text}" if text.startswith(FORMULA) else text


def as_text(value: Any) -> str:
    """Return a value as a cell of text holds it: times and dates ISO 8601, nothing as an empty text."""
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return duration_text(value)
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def duration_text(value: timedelta) -> str:
    """Return a duration as hours, minutes and seconds, however many hours: 25:01:05."""
    seconds = value // timedelta(seconds=1)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def write_csv(header: Sequence[str], rows: Iterable[Sequence[Any]], *, total: Sequence[Any] | None = None) -> IO[bytes]:
    """Write a CSV file, perhaps with a last row that sums the others up.

    It begins with a byte order mark, without which Excel takes it for another alphabet.
    """
    file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  whoever sends it closes it
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
    writer = csv.writer(text)
    writer.writerow([disarmed(name) for name in header])
    for row in rows if total is None else chain(rows, [total]):
        writer.writerow([as_text(one) if isinstance(one, Decimal) else disarmed(as_text(one)) for one in row])
    text.flush()
    text.detach()
    file.seek(0)
    return file


def write_xlsx(
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    total: Sequence[Any] | None = None,
    created: datetime | None = None,
) -> IO[bytes]:
    """Write an XLSX file: texts as texts, whatever they begin with; numbers as numbers, shown with their places.

    The last row may be a `total`. With `created`, the same rows make the same bytes at any time.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115  whoever sends it closes it
    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    if created is not None:
        book.set_properties({"created": created})
    sheet = _Sheet(book)
    sheet.write(0, [str(name) for name in header], bold=True)
    number = 0
    for number, row in enumerate(rows, start=1):
        sheet.write(number, row)
    if total is not None:
        sheet.write(number + 1, total, bold=True)
    book.close()
    file.seek(0)
    return file


class _Sheet:
    """The one sheet of a book, with what its cells are shown by."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._sheet = book.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        self._formats: dict[tuple[str, bool], Any] = {}

    def write(self, number: int, row: Sequence[Any], *, bold: bool = False) -> None:
        """Write a row from top to bottom: rows that are written are out of hand."""
        if number == 0:
            for column, name in enumerate(row):
                self._sheet.set_column(column, column, min(max(len(name) + 2, NARROWEST), WIDEST))
        for column, value in enumerate(row):
            if value is None:
                continue
            if isinstance(value, Decimal):
                places = max(-int(value.as_tuple().exponent), 0)
                shown = f"#,##0.{'0' * places}" if places else "#,##0"
                self._sheet.write_number(number, column, float(value), self._format(shown, bold=bold))
            elif isinstance(value, timedelta):
                self._sheet.write_number(number, column, value / timedelta(days=1), self._format(DURATION, bold=bold))
            else:
                text = as_text(value)[:MAX_CELL]
                self._sheet.write_string(number, column, text, self._format("General", bold=bold) if bold else None)

    def _format(self, shown: str, *, bold: bool) -> Any:
        if (shown, bold) not in self._formats:
            self._formats[shown, bold] = self._book.add_format({"num_format": shown, "bold": bold})
        return self._formats[shown, bold]
