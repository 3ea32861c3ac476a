"""Files read row by row: what is written as CSV is read back, and any bytes give errors, never a stack."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from app.invoices.imports.reading import MAX_LINE, read_rows
from app.invoices.imports.rules import FORMATS, Fault, ImportKind, Row
from app.invoices.usage.rules import read_record

FORMAT = FORMATS[ImportKind.USAGE]
COLUMNS = ("invoice_number", *FORMAT.needed, *FORMAT.optional)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)


def read(data, columns=FORMAT):
    return list(read_rows(io.BytesIO(data), columns))


@given(
    st.lists(st.lists(TEXTS, min_size=len(COLUMNS), max_size=len(COLUMNS)), min_size=1, max_size=6),
    st.sampled_from(",;\t"),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_is_written_is_read_back(rows, mark, with_bom, ending):
    file = io.StringIO()
    writer = csv.writer(file, delimiter=mark, quoting=csv.QUOTE_ALL, lineterminator=ending)
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    found = read(file.getvalue().encode("utf-8-sig" if with_bom else "utf-8"))
    assert [list(one.values.values()) for one in found] == rows
    # The line that a row begins in, whatever line breaks are in the fields before it.
    assert found[0].line == 2
    assert [one.line for one in found] == sorted({one.line for one in found})


@given(st.binary(max_size=300))
def test_any_bytes_give_errors(data):
    found = read(data)
    assert found
    assert all(isinstance(one, Fault) for one in found)


@given(st.binary(max_size=300))
def test_any_bytes_below_the_names_of_the_columns_give_rows_or_errors(data):
    found = read(",".join(COLUMNS).encode() + b"\n" + data)
    assert found
    for one in found:
        assert one.line >= 1
        if isinstance(one, Row):
            record, wrong = read_record(one.values)
            assert record.keys() | {name for name, _ in wrong} == set(COLUMNS) - {"invoice_number"}


@given(st.dictionaries(st.sampled_from(COLUMNS), TEXTS))
def test_any_texts_give_a_record_or_errors(values):
    record, wrong = read_record(values)
    assert set(record).isdisjoint({name for name, _ in wrong})


class Endless(io.RawIOBase):
    """A stream that goes on for ever; it counts what is asked of it."""

    asked = 0

    def readline(self, size: int = -1) -> bytes:
        self.asked += size
        return b"x" * size


def test_a_line_without_an_end_is_not_read_into_memory():
    stream = Endless()
    (fault,) = read_rows(stream, FORMAT)
    assert fault.line == 1
    assert stream.asked <= MAX_LINE + 1


def test_a_row_that_cannot_be_read_does_not_hide_the_next():
    head = ",".join(COLUMNS) + "\n"
    found = read((head + 'a"b,"c"d,e\n' + ",".join(COLUMNS) + "\n").encode())
    assert [type(one) for one in found] == [Fault, Row]
    assert [one.line for one in found] == [2, 3]
