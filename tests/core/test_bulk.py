"""Many rows at once: the same rows, the same errors and the same transaction as by single statements."""

from __future__ import annotations

import pytest
from flask_migrate import upgrade
from sqlalchemy import Integer, LargeBinary, String, func, select, update
from sqlalchemy.exc import IntegrityError

from app import create_app
from app.core import clock
from app.core.bulk import as_table, insert_rows, take_ids
from app.core.errors import Conflict
from app.core.models import AuditEntry, AuditRecord
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.mailer.models import Lane, Rendition, WorkerHeartbeat
from tests.conftest import postgresql_database, settings_for

ODD = "tab\t, line\n, \\N, \\., quote ' and „ümläut“ \U0001f4ee"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def database(request, tmp_path):
    if request.param == "sqlite":
        yield request.getfixturevalue("app")
        return
    with postgresql_database() as url:
        app = create_app(settings_for(tmp_path, url))
        with app.app_context():
            upgrade()
            yield app
            db.session.remove()
            db.engine.dispose()


def heartbeats(*names):
    return [{"worker": name, "beat_at": clock.now()} for name in names]


def test_rows_come_back_as_they_were_given(database):
    with unit_of_work(db.session) as session:
        entry = AuditEntry(username="a", door="cli", verb="invoice:sent")
        session.add(entry)
        session.flush()
        rows = [
            {
                "entry_id": entry.id,
                "resource": "message",
                "record_id": number,
                "label": ODD,
                "changes": {"x": [None, ODD]},
            }
            for number in range(300)
        ]
        insert_rows(session, AuditRecord.__table__, rows)
    mine = select(AuditRecord).where(AuditRecord.resource == "message")
    found = db.session.scalars(mine.order_by(AuditRecord.record_id)).all()
    assert [one.record_id for one in found] == list(range(300))
    assert {one.label for one in found} == {ODD}
    assert found[7].changes == {"x": [None, ODD]}


def test_no_rows_are_no_statement(database):
    with unit_of_work(db.session) as session:
        insert_rows(session, Lane.__table__, [])
        assert take_ids(session, Rendition.__table__, 0) == []


def test_a_duplicate_is_told_as_any_other_and_all_is_undone(database):
    def twice():
        with unit_of_work(db.session) as session:
            insert_rows(session, WorkerHeartbeat.__table__, heartbeats("one", "two"))
            insert_rows(session, WorkerHeartbeat.__table__, heartbeats("three", "one"))

    with pytest.raises(Conflict) as caught:
        twice()
    assert caught.value.code == "duplicate"
    assert isinstance(caught.value.__cause__, IntegrityError)
    assert db.session.scalar(select(func.count()).select_from(WorkerHeartbeat)) == 0


def test_what_the_session_holds_goes_first(database):
    with unit_of_work(db.session) as session:
        session.add(WorkerHeartbeat(worker="one", beat_at=clock.now()))
        with pytest.raises(IntegrityError):
            insert_rows(session, WorkerHeartbeat.__table__, heartbeats("one"))
        session.rollback()


def test_ids_are_given_once_and_those_of_other_rows_come_after(database):
    with unit_of_work(db.session) as session:
        first = take_ids(session, AuditEntry.__table__, 3)
        assert len(set(first)) == 3
        at = {"at": clock.now(), "username": "a", "door": "cli", "verb": "invoice:sent"}
        insert_rows(session, AuditEntry.__table__, [{"id": one, **at} for one in first])
        entry = AuditEntry(username="a", door="cli", verb="invoice:sent")
        session.add(entry)
        session.flush()
        assert entry.id > max(first)
        assert min(take_ids(session, AuditEntry.__table__, 2)) > entry.id


@pytest.mark.parametrize("database", [pytest.param("postgresql", marks=pytest.mark.services)], indirect=True)
def test_rows_are_a_table_that_a_statement_joins(database):
    given = [
        {"of": "one", "to": "first", "size": 1, "data": b"\x00\xff'"},
        {"of": "two", "to": None, "size": 2, "data": b""},
    ]
    kinds = {"of": String(), "to": String(), "size": Integer(), "data": LargeBinary()}
    with unit_of_work(db.session) as session:
        insert_rows(session, WorkerHeartbeat.__table__, heartbeats("one", "two", "three"))
        rows = session.execute(select(as_table(given, kinds, name="odd"))).all()
        assert [(row.of, row.to, row.size, bytes(row.data)) for row in rows] == [tuple(one.values()) for one in given]
        table = as_table([{"of": "one", "to": ODD}, {"of": "two", "to": "second"}], {"of": String(), "to": String()})
        beats = WorkerHeartbeat.__table__
        session.execute(update(beats).where(beats.c.worker == table.c.of).values(worker=table.c.to))
    assert set(db.session.scalars(select(WorkerHeartbeat.worker))) == {ODD, "second", "three"}
