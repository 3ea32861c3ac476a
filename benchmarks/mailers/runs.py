"""Runs: a new database, messages put in, a word to begin, and the seconds until the last process is done."""

from __future__ import annotations

import sys
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from mailers.processes import Process, peers
from mailers.systems import Case, Figures, System
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL


class Server:
    """The PostgreSQL server: each run gets a new database, a copy of the one that its system has prepared."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._engine = create_engine(url, isolation_level="AUTOCOMMIT")
        self._made: list[str] = []

    def close(self) -> None:
        """Drop what was made."""
        while self._made:
            self.drop(self._made[-1])
        self._engine.dispose()

    def make(self, *, like: str | None = None) -> str:
        """Make a database; return its name."""
        name = f"bench_{uuid.uuid4().hex[:12]}"
        self._do(f"CREATE DATABASE {name}" + (f" TEMPLATE {like}" if like else ""))
        self._made.append(name)
        return name

    def drop(self, name: str) -> None:
        """Remove a database."""
        self._do(f"DROP DATABASE {name} WITH (FORCE)")
        self._made.remove(name)

    def settle(self, name: str) -> None:
        """Have the planner know what was loaded, and leave nothing of it to be written during what is timed next."""
        with self.open(name) as engine, engine.connect() as connection:
            connection.execute(text("ANALYZE"))
            connection.execute(text("CHECKPOINT"))

    def value(self, statement: str, name: str | None = None) -> Any:  # noqa: ANN401  what a statement returns
        """Return the one value that a statement asks for."""
        with self.open(name) as engine, engine.connect() as connection:
            return connection.execute(text(statement)).scalar()

    def size(self, name: str) -> int:
        """Return the bytes that a database takes."""
        return int(self.value(f"SELECT pg_database_size('{name}')"))

    def address(self, name: str) -> dict[str, Any]:
        """Return where a database is, in the words of `URL.create`."""
        url = self._url
        known = {"username": url.username, "password": url.password, "host": url.host, "port": url.port}
        return {**{key: value for key, value in known.items() if value is not None}, "database": name}

    @contextmanager
    def open(self, name: str | None) -> Iterator[Engine]:
        """Hand out the engine of a database, or of the server."""
        if name is None:
            yield self._engine
            return
        engine = create_engine(self._url.set(database=name), isolation_level="AUTOCOMMIT")
        try:
            yield engine
        finally:
            engine.dispose()

    def _do(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.execute(text(statement))


class Bench:
    """Everything that a run needs: the server, the sink, the interpreters, and a prepared database a system."""

    def __init__(self, server: Server, port: int, systems: Sequence[System]) -> None:
        self.server = server
        self.port = port
        self.systems = systems
        self._peers = peers() if any(one.peer for one in systems) else Path(sys.executable)
        self._prepared: dict[str, str] = {}

    def prepare(self) -> None:
        """Make the database that those of the runs are copies of."""
        for system in self.systems:
            if system.script not in self._prepared:
                self._prepared[system.script] = self.server.make()
                self.timed(system, [{"act": "prepare"}], self._prepared[system.script], tempfile.gettempdir())

    @contextmanager
    def database(self, system: System) -> Iterator[str]:
        """Make a database for one run."""
        name = self.server.make(like=self._prepared[system.script])
        try:
            yield name
        finally:
            self.server.drop(name)

    def run(self, system: System, case: Case) -> Figures:
        """Enqueue and drain by one system."""
        with self.database(system) as name, tempfile.TemporaryDirectory() as folder:
            empty = self.server.size(name)
            work = {"count": case.count, "pdf": case.size == "100kb", "workers": case.workers, **system.own}
            work["addresses_each"] = case.addresses_each
            seconds, enqueue_memory = self.timed(system, [{"act": "enqueue", **work}], name, folder)
            enqueue = case.count / seconds
            self.server.settle(name)
            processes = 1 if system.forks else case.workers
            seconds, memory = self.timed(system, [{"act": "drain", **work}] * processes, name, folder)
            sent = self.server.value(system.sent, name)
            assert sent == case.count, f"{system.name} sent {sent} of {case.count} mails"
            return Figures(enqueue, case.count / seconds, enqueue_memory, memory, self.server.size(name) - empty)

    def timed(self, system: System, orders: Iterable[Mapping[str, Any]], name: str, folder: str) -> tuple[float, int]:
        """Give the word to a process for each order; return the seconds until the last is done, and the most memory."""
        with ExitStack() as stack:
            processes = [stack.enter_context(self.process(system, order, name, folder)) for order in orders]
            began = time.perf_counter()
            for process in processes:
                process.go()
            memory = max(process.memory() for process in processes)
            return time.perf_counter() - began, memory

    def process(self, system: System, order: Mapping[str, Any], name: str, folder: str) -> Process:
        """Return a process of a mailer, not begun."""
        python = self._peers if system.peer else Path(sys.executable)
        where = {"database": self.server.address(name), "folder": folder, "port": self.port}
        return Process(python, system.script, {**order, **where})
