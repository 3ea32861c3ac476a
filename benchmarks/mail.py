"""Enqueue and drain, beside django-post_office and django-mailer: the same mails, PostgreSQL server and smtp-sink.

`make bench-mail` runs it; docs/operator/benchmarks.md says how to read what it prints.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
import venv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError

HERE = Path(__file__).resolve().parent
BUILD = HERE.parent / "build"
WHERE = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
SOAK_STEP = 10_000
MB = 1_000_000


@dataclass(frozen=True, slots=True)
class System:
    """A mailer: its script, the statement that counts what it has sent, and what it commits when."""

    name: str
    script: str
    sent: str
    commits: str
    own: Mapping[str, object]
    # Several workers are processes of ours; post_office forks its own.
    forks: bool = False
    peer: bool = True


_POST_OFFICE = "SELECT count(*) FROM post_office_email WHERE status = 0"
_PER_BATCH = """\
  nothing before a mail is sent; the outcomes of 100 mails (BATCH_SIZE) at once, after the last of them.
  A crash: up to 100 mails go twice. More workers: a batch is split among processes forked for it.
"""
SYSTEMS = {
    one.name: one
    for one in (
        System(
            "counterpart",
            "ours.py",
            "SELECT count(*) FROM message WHERE state = 'sent'",
            "  per mail: that it is being sent, before it is, in one commit with the outcome of the one before.\n"
            "  per batch of 100: the claim with its lease and the stored mails; then states and the audit trail.\n"
            "  A crash: one mail at most of which nobody knows, and it is marked so. More workers: processes.\n",
            {},
            peer=False,
        ),
        System(
            "post_office",
            "peer_post_office.py",
            _POST_OFFICE,
            f"  5 threads a process, as shipped;\n{_PER_BATCH}",
            {},
            forks=True,
        ),
        System(
            "post_office_1",
            "peer_post_office.py",
            _POST_OFFICE,
            "  the same with THREADS_PER_PROCESS 1\n",
            {"threads": 1},
            forks=True,
        ),
        System(
            "django_mailer",
            "peer_django_mailer.py",
            "SELECT count(*) FROM mailer_messagelog WHERE result = '1'",
            "  per mail: one transaction, open while it is sent: its row goes, its log with the mail comes.\n"
            "  A crash: one mail goes twice. More workers: processes, with MAILER_USE_FILE_LOCK off, since as shipped\n"
            "  one of a host works and the others quit.\n",
            {},
        ),
    )
}


class Case(NamedTuple):
    """What is measured in one run."""

    size: str
    count: int
    workers: int
    addresses_each: int | None


class Figures(NamedTuple):
    """What one run of one system came to."""

    enqueue: float
    drain: float
    enqueue_memory: int
    memory: int
    stored: int


class Process:
    """One process of a mailer; it waits for the word."""

    def __init__(self, python: Path, script: str, order: Mapping[str, Any]) -> None:
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115  it is closed with the process
        self._process = subprocess.Popen(
            [str(python), str(HERE / "mailers" / script), json.dumps(order)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env={**os.environ, "PYTHONPATH": str(HERE.parent)},
        )

    def __enter__(self) -> Self:
        if self._line() != "ready\n":
            self._fail()
        return self

    def __exit__(self, error: object, *_rest: object) -> None:
        if error is not None:
            self._process.kill()
        self._process.communicate()
        self._log.close()

    @property
    def resident(self) -> int:
        """Return the bytes that are resident just now."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return next(1024 * int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))

    @property
    def works(self) -> bool:
        """Tell whether it is still running."""
        return self._process.poll() is None

    def go(self) -> None:
        """Give the word."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def memory(self) -> int:
        """Wait until it is done; return the most memory that it took."""
        told = self._line()
        if not told:
            self._fail()
        return int(json.loads(told)["memory"])

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def _fail(self) -> None:
        self._process.kill()
        self._log.seek(0)
        sys.exit(f"A process of the benchmark failed:\n{self._log.read()[-3000:]}")


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


def soak(bench: Bench, count: int) -> None:
    """Drain many mails by one worker of ours; print its memory after every so many."""
    ours = SYSTEMS["counterpart"]
    # A number that rises with each attempt, and costs nothing to ask for.
    attempts = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM message_attempt_id_seq"
    with bench.database(ours) as name, tempfile.TemporaryDirectory() as folder, bench.server.open(name) as engine:
        for first in range(1, count + 1, SOAK_STEP):
            part = {"act": "enqueue", "count": min(SOAK_STEP, count - first + 1), "first": first, "addresses_each": 100}
            bench.timed(ours, [part], name, folder)
        bench.server.settle(name)
        print(
            f"\n{count:,} messages of 2 KB by one worker\n{'sent':>10} {'resident':>10} {'per second':>12}", flush=True
        )
        with bench.process(ours, {"act": "drain"}, name, folder) as worker, engine.connect() as connection:
            print(f"{0:>10,} {worker.resident / MB:>7.1f} MB", flush=True)
            worker.go()
            step, began = 0, time.perf_counter()
            while worker.works and step < count:
                time.sleep(0.05)
                tried = connection.execute(text(attempts)).scalar() or 0
                if tried >= min(step + SOAK_STEP, count):
                    seconds, before, step = time.perf_counter() - began, step, min(step + SOAK_STEP, count)
                    rate = (step - before) / seconds
                    print(f"{step:>10,} {worker.resident / MB:>7.1f} MB {rate:>12,.0f}", flush=True)
                    began = time.perf_counter()
            print(f"{'peak':>10} {worker.memory() / MB:>7.1f} MB")
        assert bench.server.value(ours.sent, name) == count


def report(systems: Sequence[System], cases: Sequence[Case], figures: Mapping[tuple[str, Case], list[Figures]]) -> None:
    for size in dict.fromkeys(case.size for case in cases):
        of_size = [case for case in cases if case.size == size]
        # However many workers there are to be, messages are put in by one process: all runs count.
        put = {one.name: [run for case in of_size for run in figures[one.name, case]] for one in systems}
        _table(
            f"{size}: enqueue",
            {name: [run.enqueue for run in runs] for name, runs in put.items()},
            {name: f"{max(run.enqueue_memory for run in runs) / MB:>8.1f} MB" for name, runs in put.items()},
        )
        for case in of_size:
            runs = {one.name: figures[one.name, case] for one in systems}
            _table(
                f"{size}: drain, {case.workers} {'worker' if case.workers == 1 else 'workers'}",
                {name: [run.drain for run in these] for name, these in runs.items()},
                {
                    name: f"{max(run.memory for run in these) / MB:>8.1f} MB"
                    f" {statistics.median(run.stored for run in these) / MB:>10.1f} MB"
                    for name, these in runs.items()
                },
            )
        _growth(systems, of_size, figures)


def _table(title: str, rates: Mapping[str, list[float]], rest: Mapping[str, str]) -> None:
    heads = f"{'memory':>11}{'database':>14}" if "drain" in title else f"{'memory':>11}"
    print(f"\n{title}\n{'':16}{'per second':>12}   {'counterpart beside it':24}{heads}")
    for name, these in rates.items():
        ours = rates.get("counterpart")
        beside = "" if ours is None or name == "counterpart" else spread(ours, these)
        print(f"{name:16}{statistics.median(these):>12,.0f}   {beside:24}{rest[name]}")


def _growth(
    systems: Sequence[System], cases: Sequence[Case], figures: Mapping[tuple[str, Case], list[Figures]]
) -> None:
    one = next((case for case in cases if case.workers == 1), None)
    for case in cases:
        if one is not None and case.workers > 1:
            print(f"\n{case.size}: {case.workers} workers beside 1")
            for system in systems:
                many, few = ([run.drain for run in figures[system.name, of]] for of in (case, one))
                print(f"{system.name:16}{spread(many, few):>36}")


def spread(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """Return the median of the ratios, round by round, with the least and the most."""
    ratios = [own / other for own, other in zip(ours, theirs, strict=True)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def peers() -> Path:
    """Return the interpreter of the venv that the peers are in, made where it is not there as it should be."""
    folder, wanted = BUILD / "bench-venv", HERE / "mailers/requirements.txt"
    made, python = folder / "requirements.txt", folder / "bin/python"
    if not made.exists() or made.read_text() != wanted.read_text():
        print(f"Making {folder.relative_to(HERE.parent)} for the peers …", file=sys.stderr, flush=True)
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-qq", "--no-deps", "-r", wanted], check=True)
        shutil.copy(wanted, made)
    return python


@contextmanager
def sink() -> Iterator[int]:
    """Start Postfix's test server, which takes every mail and keeps none; hand out its port."""
    program = shutil.which("smtp-sink", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        sys.exit("smtp-sink is missing. Install it first: sudo apt-get install postfix")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    as_user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen([program, *as_user, f"127.0.0.1:{port}", "1000"])
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-mail", description="Enqueue and drain, beside two other mailers.")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--messages", nargs="+", default=["2kb=5000", "100kb=1000"], metavar="SIZE=COUNT")
    parser.add_argument(
        "--addresses", type=int, metavar="COUNT", help="so many a document of ours; all of them, if unset"
    )
    parser.add_argument("--systems", nargs="+", default=list(SYSTEMS), choices=SYSTEMS)
    parser.add_argument("--soak", type=int, metavar="COUNT", help="instead: one worker of ours, its memory as it goes")
    parser.add_argument("--database", default=os.environ.get("COUNTERPART_TEST_DATABASE_URL") or WHERE, metavar="URL")
    given = parser.parse_args()
    messages = {size: int(count) for size, _, count in (one.partition("=") for one in given.messages)}
    if not messages.keys() <= {"2kb", "100kb"}:
        parser.error("--messages: 2kb=COUNT and 100kb=COUNT")
    given.cases = [
        Case(size, count, workers, given.addresses) for size, count in messages.items() for workers in given.workers
    ]
    return given


def machine(server: Server) -> str:
    settings = ", ".join(f"{name} {server.value(f'SHOW {name}')}" for name in ("fsync", "synchronous_commit"))
    version = str(server.value("SHOW server_version")).split()[0]
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; PostgreSQL {version}, {settings}"


def compare(bench: Bench, cases: Sequence[Case], rounds: int) -> None:
    for system in bench.systems:
        print(f"{system.name}\n{system.commits}", end="")
    figures: dict[tuple[str, Case], list[Figures]] = {(one.name, case): [] for one in bench.systems for case in cases}
    for turn in range(1, rounds + 1):
        for case in cases:
            for system in bench.systems:
                run = bench.run(system, case)
                figures[system.name, case].append(run)
                print(
                    f"round {turn} of {rounds}: {case.size}, {case.workers} workers, {system.name}:"
                    f" enqueue {run.enqueue:,.0f}, drain {run.drain:,.0f} per second",
                    file=sys.stderr,
                    flush=True,
                )
    report(bench.systems, cases, figures)


def main() -> None:
    given = arguments()
    systems = [SYSTEMS["counterpart"]] if given.soak else [SYSTEMS[name] for name in given.systems]
    server = Server(make_url(given.database))
    try:
        with sink() as port:
            print(machine(server), flush=True)
            bench = Bench(server, port, systems)
            bench.prepare()
            if given.soak:
                soak(bench, given.soak)
            else:
                compare(bench, given.cases, given.rounds)
            print(f"\nload at the end {os.getloadavg()[0]:.1f}")
    except OperationalError as error:
        sys.exit(f"PostgreSQL is needed, with the right to make databases (--database URL):\n{error.orig}")
    finally:
        server.close()


if __name__ == "__main__":
    main()
