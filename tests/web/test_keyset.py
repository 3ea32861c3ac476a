"""Pages by key: every row once, in order, forwards and backwards, with ties, nothing, and rows that come and go."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select

from app.contacts.models import Contact
from app.contacts.resource import CONTACT
from app.core.errors import Unreadable
from app.extensions import db
from app.web import keyset
from app.web.keyset import Cursor
from app.web.listing import Wanted, list_page, sort_of

DAY = datetime(2026, 1, 1, tzinfo=UTC)
FEW = st.none() | st.sampled_from(["", "a", "A", "b", "B b", "ä", "z", "Z"])
ROWS = st.lists(st.tuples(FEW, FEW), max_size=25)
SORTS = st.sampled_from(["last_name", "company_name", "email", "created_at", "id"])


def fill(rows) -> list[int]:
    """Put contacts with these last and first names into the empty table; names stand in the other texts too."""
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(delete(Contact))
        for number, (last, first) in enumerate(rows, 1):
            add(connection, number, last, first)
    return list(range(1, len(rows) + 1))


def add(connection, number, last, first) -> None:
    common = {"created_at": DAY.replace(day=number % 3 + 1), "last_modified_at": DAY, "version": 1}
    values = {"last_name": last, "first_name": first, "company_name": first, "email_normalised": last}
    connection.execute(insert(Contact).values(id=number, email_bill_type="none", **values, **common))


def page(sort, size, **wanted):
    db.session.rollback()
    every = select(Contact)
    return list_page(db.session(), every, resource=CONTACT, sort=sort, wanted=Wanted(**wanted), page_size=size)


def in_order(sort) -> list[int]:
    """Return all ids in an order, as one query without any key gives them; rows without a value last."""
    columns = [*sort.columns, sort.key]
    ordered = [column.desc() if sort.descending else column.asc() for column in columns]
    if sort.nullable:
        ordered.insert(0, sort.columns[0].is_(None))
    db.session.rollback()
    return list(db.session.scalars(select(Contact.id).order_by(*ordered)))


def walk(sort, size, act=lambda _seen: None) -> list[list[int]]:
    """Return the ids of each page, from the first to the last; `act` is called between pages."""
    pages, after = [], ""
    while True:
        found = page(sort, size, after=after)
        pages.append([row.id for row in found.rows])
        if found.next is None:
            return pages
        after = found.next
        act(pages)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, order=SORTS, descending=st.booleans(), size=st.integers(1, 7))
def test_walking_forwards_and_backwards_gives_every_row_once(app, rows, order, descending, size):
    fill(rows)
    sort = sort_of(CONTACT, order, descending=descending)
    wanted = in_order(sort)
    pages = walk(sort, size)
    assert [number for one in pages for number in one] == wanted
    assert all(len(one) == size for one in pages[:-1])
    # And back, from the last page: the very same pages.
    last = page(sort, size)
    at = last.next
    while at is not None:
        last = page(sort, size, after=at)
        at = last.next
    back = [[row.id for row in last.rows]]
    while last.previous is not None:
        last = page(sort, size, before=last.previous)
        if not last.rows:
            break
        back.append([row.id for row in last.rows])
        assert last.place == sum(len(one) for one in pages[: len(pages) - len(back)])
    assert back[::-1] == pages


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(FEW, FEW), min_size=4, max_size=20),
    more=st.lists(st.tuples(FEW, FEW), max_size=6),
    gone=st.sets(st.integers(1, 20)),
    order=SORTS,
    descending=st.booleans(),
)
def test_rows_that_stay_are_seen_once_while_others_come_and_go(app, rows, more, gone, order, descending):
    ids = fill(rows)
    waiting, leaving = list(enumerate(more, 1000)), [one for one in ids if one in gone]

    def change(_pages) -> None:
        db.session.rollback()
        with db.engine.begin() as connection:
            if waiting:
                number, (last, first) = waiting.pop()
                add(connection, number, last, first)
            if leaving:
                connection.execute(delete(Contact).where(Contact.id == leaving.pop()))

    seen = [number for one in walk(sort_of(CONTACT, order, descending=descending), 3, change) for number in one]
    assert len(seen) == len(set(seen))
    stayed = [number for number in ids if number not in gone]
    assert set(stayed) <= set(seen)
    assert [number for number in seen if number in stayed] == [
        number for number in in_order(sort_of(CONTACT, order, descending=descending)) if number in stayed
    ]


def test_pages_by_number_are_in_the_same_order(app):
    fill([(None, None), ("b", None), ("B", "a"), (None, "x"), ("a", "z"), ("a", None)])
    for order in ("last_name", "company_name", "email", "id", "created_at"):
        for descending in (False, True):
            sort = sort_of(CONTACT, order, descending=descending)
            numbered = [row.id for number in range(4) for row in page(sort, 2, page=number).rows]
            assert numbered == in_order(sort), (order, descending)


def test_a_jump_begins_at_a_letter_both_ways(app):
    fill([("Adams", None), ("miller", None), ("Moore", None), (None, None), ("Young", None)])
    upwards = page(sort_of(CONTACT, "last_name"), 10, start="m")
    assert [row.last_name for row in upwards.rows] == ["miller", "Moore", "Young", None]
    assert upwards.place is None
    downwards = page(sort_of(CONTACT, "last_name", descending=True), 10, start="m")
    assert [row.last_name for row in downwards.rows] == ["Moore", "miller", "Adams", None]
    before = page(sort_of(CONTACT, "last_name"), 10, before=upwards.previous)
    assert [row.last_name for row in before.rows] == ["Adams"]


@pytest.mark.parametrize(
    "text",
    ["x", "!!", "e30", "W10", "bnVsbA", "WyJpZCIsMCwwLFsiMSJdXQ", "WyJpZCIsMCwwLFsxLDJdXQ", "WyJpZCIsMCwtMSxbMV1d",
     "WyJpZCIsMSwwLFsxXV0", "WyJpZCIsMCx0cnVlLFsxXV0", "A" * 5000, "WyJpZCIsMCwwLFs5OTk5OTk5OTk5OV1d", "W" * 1999, "é"],
)  # fmt: skip
def test_a_broken_cursor_is_refused(text):
    with pytest.raises(Unreadable):
        keyset.read(sort_of(CONTACT, "id"), text)


def test_a_cursor_is_good_for_its_order_alone():
    by_id = sort_of(CONTACT, "id")
    text = keyset.written(by_id, Cursor((7,), 20))
    assert keyset.read(by_id, text) == Cursor((7,), 20)
    for other in (sort_of(CONTACT, "id", descending=True), sort_of(CONTACT, "created_at")):
        with pytest.raises(Unreadable):
            keyset.read(other, text)


@given(text=st.text(max_size=80))
def test_no_text_as_a_cursor_is_a_500(text):
    for order in ("id", "last_name", "created_at"):
        with pytest.raises(Unreadable):
            keyset.read(sort_of(CONTACT, order), text)
