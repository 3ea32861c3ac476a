"""PostgreSQL compiles no statement: what a page asks for would wait for it longer than it runs."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text

from app.core.postgresql import configure_postgresql
from tests.conftest import postgresql_database


@pytest.mark.services
def test_every_connection_leaves_statements_as_they_are_also_after_a_rollback():
    with postgresql_database() as url:
        engine = create_engine(url)
        configure_postgresql(engine)
        for _ in range(2):
            with engine.connect() as connection:
                assert connection.scalar(text("SHOW jit")) == "off"
                connection.rollback()
                assert connection.scalar(text("SHOW jit")) == "off"
        engine.dispose()


def test_another_database_is_told_nothing():
    engine = create_engine("sqlite://")
    configure_postgresql(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
