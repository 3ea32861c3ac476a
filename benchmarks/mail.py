"""Enqueue and drain, beside django-post_office and django-mailer: the same mails, PostgreSQL server and smtp-sink.

`make bench-mail` runs it; docs/operator/benchmarks.md says how to read what it prints.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence

from mailers.processes import sink
from mailers.runs import Bench, Server
from mailers.systems import SYSTEMS, Case, Figures
from mailers.tables import MB, report
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

WHERE = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
SOAK_STEP = 10_000


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
