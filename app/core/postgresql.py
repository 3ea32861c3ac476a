"""What PostgreSQL is told on each connection."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, event


def configure_postgresql(engine: Engine) -> None:
    """Switch off the compiling of statements (JIT), which takes seconds where a page's statement takes milliseconds."""
    if engine.dialect.name != "postgresql":
        return

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:  # noqa: ANN401  the driver's own connection
        # A setting made in a transaction would be gone with its rollback.
        connection.autocommit = True
        connection.execute("SET jit = off")
        connection.autocommit = False
