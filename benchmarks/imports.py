"""How long `flask import` takes, how much memory it needs, and how long others wait meanwhile (`--rows 1000000`)."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from flask import Flask
from flask_migrate import upgrade

from app import create_app
from app.access.table import Role
from app.core.actor import Actor, Door
from app.core.unit_of_work import unit_of_work
from app.customers.service import create_customer
from app.extensions import db
from config import Settings

ROOT = Path(__file__).resolve().parents[1]
ACCOUNTS, INVOICES, LINES = 1_000, 10_000, 3
PAUSE = 0.05


class Others(threading.Thread):
    """Somebody who opens an account again and again, and notes how long each took in seconds."""

    def __init__(self, app: Flask, name: str) -> None:
        super().__init__()
        self.app, self.prefix, self.ended = app, name, threading.Event()
        self.waits: list[float] = []

    def run(self) -> None:
        """Write until told to stop."""
        with self.app.app_context():
            while not self.ended.wait(PAUSE):
                began = time.monotonic()
                add_customer(f"{self.prefix}{len(self.waits)}")
                self.waits.append(time.monotonic() - began)
                db.session.remove()


def add_customer(number: str) -> None:
    with unit_of_work(db.session) as session:
        values = {"account_number": number, "company_name": f"Company {number}"}
        create_customer(session, Actor.system(Door.CLI), values=values)


def write_invoices(path: Path) -> None:
    with path.open("w") as file:
        file.write("account_number,invoice_key,invoice_date,due_date,description,quantity,unit_price,tax_rate\n")
        for number in range(INVOICES):
            row = f"A{number % ACCOUNTS},K{number},2026-06-01,2026-06-30,Line,1,12.50,20\n"
            file.write(row * LINES)


def write_usage(path: Path, rows: int) -> None:
    each = max(1, rows // INVOICES)
    with path.open("w") as file:
        file.write("account_number,invoice_key,start,reference,origin,destination,duration,cost\n")
        for row in range(rows):
            number = min(row // each, INVOICES - 1)
            start = f"2026-05-{row % 28 + 1:02}T{row % 24:02}:{row % 60:02}:00Z"
            calls = f"0161 496 0{row % 1000:03},0161 496 0{row % 1000:03},020 7946 0{row % 999:03}"
            file.write(f"A{number % ACCOUNTS},K{number},{start},{calls},{row % 3000},0.{row % 97:03}\n")


def resident(pid: int) -> int:
    """Return how much memory a process has, in megabytes; 0 for one that is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS")), 0)


def measure(app: Flask, kind: str, path: Path, environment: dict[str, str]) -> None:
    others = Others(app, kind[0].upper())
    others.start()
    began = time.monotonic()
    command = [sys.executable, "-m", "flask", "--app", "app", "import", kind, str(path), "--as", "bench"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    memory = []
    while process.poll() is None:
        memory.append(resident(process.pid))
        time.sleep(0.5)
    seconds = time.monotonic() - began
    others.ended.set()
    others.join()
    if process.returncode:
        raise SystemExit(f"the import of {kind} ended with {process.returncode}")
    waits = sorted(others.waits)
    third = memory[len(memory) // 3]
    print(
        f"| {kind} | {seconds:.0f} s | {third} MB, {max(memory)} MB at most | {waits[len(waits) // 2] * 1000:.0f} ms,"
        f" {waits[-1]:.1f} s at most |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="how many usage records")
    parser.add_argument("--database-url", help="an empty database; SQLite otherwise")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        own = {"COUNTERPART_INSTANCE": name, "COUNTERPART_SECRET_KEY": "k" * 40}
        if given.database_url:
            own["COUNTERPART_DATABASE_URL"] = given.database_url
        app = create_app(Settings.from_environment(own))
        with app.app_context():
            upgrade()
            manager = app.appbuilder.sm  # type: ignore[attr-defined]
            role = manager.find_role(Role.FINANCE.value)
            manager.add_user("bench", "Bench", "User", "bench@staff.example", role, password=os.urandom(16).hex())
            for number in range(ACCOUNTS):
                add_customer(f"A{number}")
            db.session.remove()
        invoices, usage = folder / "invoices.csv", folder / "usage.csv"
        write_invoices(invoices)
        write_usage(usage, given.rows)
        print(
            f"{INVOICES:,} invoices with {LINES} lines, then {given.rows:,} usage records; somebody writes beside it."
        )
        print("| | took | memory after a third | others: the median, the longest |\n|---|---|---|---|")
        environment = {**os.environ, **own, "PYTHONWARNINGS": "ignore"}
        measure(app, "invoices", invoices, environment)
        measure(app, "usage", usage, environment)


if __name__ == "__main__":
    main()
