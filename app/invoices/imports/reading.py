"""A file of rows, read one at a time: what bytes, quotation marks and columns may be wrong is told by line."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from typing import BinaryIO

from app.core.words import say
from app.invoices.imports.rules import Fault, Format, Row, header_faults

DELIMITERS = (",", ";", "\t")
MAX_LINE = 128 * 1024
# What files begin with that are often taken for CSV.
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UNREADABLE = say(
    "This row can't be read: a field with a delimiter, a quotation mark or a line break stands in quotation marks,"
    " and a quotation mark in it is written twice."
)
_ENDLESS = say("A field here is far too long, or its quotation mark is never closed. Nothing was read from here on.")
_NOT_UTF_8 = say("These are no letters of UTF-8. Save the file as UTF-8.")


class _EndlessLineError(Exception):
    """A line that is longer than any row."""


class _Lines:
    """The lines of a stream as texts. `broken` is the last one that was not UTF-8, `number` the last one read."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.number = 0
        self.broken = 0

    def __iter__(self) -> Iterator[str]:
        """Give the lines; raises _EndlessLineError."""
        while line := self.stream.readline(MAX_LINE + 1):
            self.number += 1
            if len(line) > MAX_LINE:
                raise _EndlessLineError
            try:
                yield line.decode()
            except UnicodeDecodeError:
                self.broken = self.number
                yield line.decode(errors="replace")


def read_rows(stream: BinaryIO, columns: Format) -> Iterator[Row | Fault]:
    """Give a file's rows, and what is wrong where one can't be read; never more than one row is held.

    The first line names the columns. They are separated by commas, semicolons or tabs, whichever the first line has
    (RFC 4180 otherwise). UTF-8, with or without a byte order mark.
    """
    first = stream.readline(MAX_LINE + 1)
    names, delimiter, fault = _header(first, columns)
    faults = [fault] if fault else header_faults(names, columns)
    if faults:
        yield from faults
        return
    lines = _Lines(stream)
    reader = csv.reader(iter(lines), delimiter=delimiter, strict=True)
    rows, width = 0, len(names)
    while True:
        line = lines.number + 2
        try:
            fields = next(reader)
        except StopIteration:
            break
        except (csv.Error, _EndlessLineError) as error:
            ends = isinstance(error, _EndlessLineError) or "limit" in str(error) or "end of data" in str(error)
            yield Fault(line, "", _ENDLESS if ends else _UNREADABLE)
            rows += 1
            if ends:
                return
            continue
        if not fields:
            continue
        rows += 1
        if lines.broken + 1 >= line:
            yield Fault(line, "", _NOT_UTF_8)
        elif len(fields) != width:
            words = say("This row has {found} fields; the first line has {wanted}.", found=len(fields), wanted=width)
            yield Fault(line, "", words)
        else:
            yield Row(line, dict(zip(names, fields, strict=True)))
    if not rows:
        yield Fault(1, "", say("There are no rows below the names of the columns."))


def _header(first: bytes, columns: Format) -> tuple[list[str], str, Fault | None]:
    """Return the names of the columns and what separates them, or why there are none."""
    words = None
    text = ""
    if not first:
        words = say("This file is empty.")
    elif first.startswith(_WORKBOOKS):
        words = say("This is a workbook or an archive, and no CSV. Save the sheet as CSV UTF-8.")
    elif first.startswith(_UTF_16):
        words = _NOT_UTF_8
    elif b"\x00" in first or len(first) > MAX_LINE:
        words = say("This is no CSV file.")
    else:
        try:
            text = first.decode("utf-8-sig")
        except UnicodeDecodeError:
            words = _NOT_UTF_8
    if words:
        return [], "", Fault(1, "", words)
    tried = {mark: _names(text, mark) for mark in DELIMITERS}
    best = max(DELIMITERS, key=lambda mark: len(set(tried[mark]) & set(columns.columns)))
    if not set(tried[best]) & set(columns.columns):
        words = say("The first line must name the columns: {names}.", names=", ".join(columns.columns))
        return [], "", Fault(1, "", words)
    return tried[best], best, None


def _names(text: str, delimiter: str) -> list[str]:
    """Return the fields of the first line as names; what can't be read names nothing."""
    try:
        fields = next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []
    return [field.strip().lower() for field in fields]
