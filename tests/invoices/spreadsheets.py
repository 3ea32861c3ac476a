"""Reading of the files that people open in a spreadsheet: the values of their cells, numbers as decimals."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from decimal import Decimal
from xml.etree import ElementTree as ET

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
BOM = "\ufeff"


def csv_rows(data: bytes) -> list[list[str]]:
    """Return the rows of a CSV file, which begins with a byte order mark and ends its lines as RFC 4180 says."""
    text = data.decode("utf-8")
    assert text.startswith(BOM)
    assert text.count("\n") == text.count("\r\n")
    return list(csv.reader(io.StringIO(text.removeprefix(BOM), newline="")))


def xlsx_rows(data: bytes) -> list[dict[str, object]]:
    """Return the rows of an XLSX file by the letters of their columns; texts as str, numbers as Decimal."""
    return [{letter: value for letter, (value, _) in row.items()} for row in xlsx_cells(data)]


def xlsx_cells(data: bytes) -> list[dict[str, tuple[object, str]]]:
    """Return each cell with the format that shows it, such as `#,##0.00`."""
    book = zipfile.ZipFile(io.BytesIO(data))
    styles = ET.fromstring(book.read("xl/styles.xml"))  # noqa: S314  our own file
    known = {one.get("numFmtId"): one.get("formatCode") for one in styles.iter(f"{MAIN}numFmt")}
    shown = [known.get(one.get("numFmtId"), "General") for one in styles.find(f"{MAIN}cellXfs")]
    sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314  the same
    return [
        {
            re.sub(r"\d", "", cell.get("r")): (_value(cell), shown[int(cell.get("s", "0"))])
            for cell in row.iter(f"{MAIN}c")
        }
        for row in sheet.iter(f"{MAIN}row")
    ]


def _value(cell: ET.Element) -> object:
    assert cell.find(f"{MAIN}f") is None, "a formula"
    if cell.get("t") == "inlineStr":
        return "".join(part.text or "" for part in cell.iter(f"{MAIN}t"))
    return Decimal(cell.find(f"{MAIN}v").text)
