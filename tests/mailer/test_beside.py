"""What is done beside the sending: in order, with a session of its own, and no error of it is lost."""

from __future__ import annotations

import threading

import pytest
from flask_migrate import upgrade

from app import create_app
from app.extensions import db
from app.mailer.delivery.beside import Beside
from tests.conftest import postgresql_database, settings_for


def test_on_sqlite_it_is_done_at_once_and_by_the_same_session(app):
    seen = []
    with Beside(db.session) as beside:
        beside.do(lambda sessions: seen.append((threading.get_ident(), sessions())))
        assert seen == [(threading.get_ident(), db.session())]


@pytest.mark.services
def test_on_postgresql_it_has_a_thread_and_a_session_of_its_own(tmp_path):
    with postgresql_database() as url:
        app = create_app(settings_for(tmp_path, url))
        with app.app_context():
            upgrade()
            go, seen = threading.Event(), []

            def look(sessions):
                assert go.wait(10)
                seen.append((threading.get_ident(), sessions()))

            with Beside(db.session) as beside:
                beside.do(look)
                assert seen == []
                go.set()
                beside.do(look)
                assert len(seen) == 1
            assert len(seen) == 2
            assert all(thread != threading.get_ident() and session is not db.session() for thread, session in seen)

            def fail(_sessions):
                raise RuntimeError("away")

            with Beside(db.session) as beside:
                beside.do(fail)
                with pytest.raises(RuntimeError, match="away"):
                    beside.do(look)
            with pytest.raises(RuntimeError, match="away"), Beside(db.session) as beside:
                beside.do(fail)
            db.session.remove()
            db.engine.dispose()
