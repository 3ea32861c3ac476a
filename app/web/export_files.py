"""Files for spreadsheets: CSV (RFC 4180) and XLSX, written row by row at constant memory, with formulas disarmed."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

import xlsxwriter

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What a spreadsheet takes for the beginning of a formula, also in the full width of East Asian keyboards.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
MAX_CELL = 32_767
IN_MEMORY = 2**20


def disarmed(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: with an apostrophe before it where it begins like one."""
    return f"'{text}" if text.startswith(FORMULA) else text


def as_text(value: Any) -> str:
    """Return a value as a cell of text holds it: times and dates ISO 8601, nothing as an empty text."""
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat().replace("+00:00", "Z")
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def write_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> IO[bytes]:
    """Write a CSV file. It begins with a byte order mark, without which Excel takes it for another alphabet."""
    file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  whoever sends it closes it
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
    writer = csv.writer(text)
    writer.writerow([disarmed(name) for name in header])
    for row in rows:
        writer.writerow([as_text(one) if isinstance(one, Decimal) else disarmed(as_text(one)) for one in row])
    text.flush()
    text.detach()
    file.seek(0)
    return file


def write_xlsx(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> IO[bytes]:
    """Write an XLSX file: texts as texts, whatever they begin with; decimals as numbers, shown with their places."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  whoever sends it closes it
    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    bold = book.add_format({"bold": True})
    for column, name in enumerate(header):
        sheet.write_string(0, column, name, bold)
    shown: dict[int, Any] = {}
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            if isinstance(value, Decimal):
                places = max(-int(value.as_tuple().exponent), 0)
                if places not in shown:
                    shown[places] = book.add_format({"num_format": f"#,##0.{'0' * places}" if places else "#,##0"})
                sheet.write_number(number, column, float(value), shown[places])
            else:
                sheet.write_string(number, column, as_text(value)[:MAX_CELL])
    book.close()
    file.seek(0)
    return file
