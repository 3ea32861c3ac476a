"""`flask import`: what it says, what it leaves, a death in the middle, and other writers meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.core import clock
from app.extensions import db
from app.invoices.imports import jobs
from app.invoices.imports.models import InvoiceImport
from app.invoices.imports.samples import SAMPLES
from app.invoices.models import Invoice, StoredUsage, UsageRecord
from tests.core import making
from tests.process.running import ROOT

HEAD = "invoice_number,start,reference,origin,destination,duration,volume,cost\n"
CALL = "AC1/1,2026-05-01T10:00:00Z,0161,0161,0207,65,,0.125\n"
# Longer than any other writer is meant to wait for a chunk, and far below what the database waits itself.
PATIENCE = 5.0


@pytest.fixture
def flask(app):
    """Return a function that runs a command, and gives its status and what it said."""

    def run(*words):
        done = app.test_cli_runner().invoke(args=["import", *map(str, words)])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    return run


@pytest.fixture
def file(tmp_path):
    """Return a function that writes a file, and gives its path."""

    def write(text, name="june.csv"):
        path = tmp_path / name
        path.write_text(text, newline="")
        return path

    return write


def count(model):
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model))


def states():
    db.session.rollback()
    return db.session.scalars(select(InvoiceImport.state).order_by(InvoiceImport.id)).all()


def test_a_dry_run_says_what_a_file_holds_and_an_import_publishes_it(flask, file):
    making.customer("ACME"), making.customer("BETA")
    path = file(SAMPLES["invoices"])
    code, said = flask("invoices", path, "--as", "finance", "--dry-run")
    assert code == 0
    assert "3 rows, 2 invoices." in said
    assert "GBP 80.80" in said
    assert count(Invoice) == 0
    code, said = flask("invoices", path, "--as", "finance", "--approve")
    assert code == 0
    assert "is published." in said
    assert set(db.session.scalars(select(Invoice.status))) == {"approved"}
    assert states() == ["discarded", "published"]
    assert making.trail()[-1].door == "import"
    code, said = flask("invoices", path, "--as", "finance")
    assert code == 1
    assert "say why" in said
    assert flask("invoices", path, "--as", "finance", "--reason", "Once more.")[0] == 0


def test_errors_are_said_and_all_of_them_written(flask, file, tmp_path):
    making.invoice(making.customer("AC1"))
    path = file(HEAD + CALL + CALL.replace("0.125", "x") * 300)
    code, said = flask("usage", path, "--as", "finance", "--errors", tmp_path / "errors.csv")
    assert code == 1
    assert "Line 3, cost: Enter a number" in said
    assert said.count("Line ") == 200
    assert "300 errors." in said
    assert "Nothing was imported." in said
    assert len((tmp_path / "errors.csv").read_text("utf-8-sig").splitlines()) == 301
    assert count(StoredUsage) == 0


def test_who_imports_must_be_allowed_to(flask, file):
    for name in ("support", "auditor", "nobody"):
        assert flask("usage", file(HEAD + CALL), "--as", name)[0] == 1
    assert count(InvoiceImport) == 0


def test_what_changes_between_check_and_publishing_leaves_nothing(flask, file, monkeypatch):
    making.invoice(making.customer("AC1"))
    publish = jobs.publish

    def too_late(*given, **more):
        from app.invoices.service import delete_invoice

        making.run(delete_invoice, invoice_id=1)
        publish(*given, **more)

    monkeypatch.setattr(jobs, "publish", too_late)
    code, said = flask("usage", file(HEAD + CALL), "--as", "finance")
    assert code == 1
    assert "sent or deleted since it was checked" in said
    assert (states(), count(StoredUsage)) == (["discarded"], 0)


def started(database_url, tmp_path, path):
    """Start the command as a process of its own, and wait until it has staged something."""
    given = {"COUNTERPART_INSTANCE": str(tmp_path), "COUNTERPART_DATABASE_URL": database_url}
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "app", "import", "usage", str(path), "--as", "finance"],
        cwd=ROOT,
        env={**os.environ, **given, "COUNTERPART_SECRET_KEY": "k" * 40},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + 60
    while count(StoredUsage) == 0:
        assert process.poll() is None, process.returncode
        assert time.monotonic() < until
        time.sleep(0.05)
    return process


@pytest.mark.process
@pytest.mark.usefixtures("app")
def test_a_death_in_the_middle_leaves_nothing_to_see_and_is_swept(database_url, tmp_path, file):
    making.invoice(making.customer("AC1"))
    process = started(database_url, tmp_path, file(HEAD + CALL * 200_000))
    process.send_signal(signal.SIGKILL)
    process.wait(20)
    assert 0 < count(StoredUsage) < 200_000
    assert count(UsageRecord) == 0
    assert states() == ["checking"]
    # It may be alive, for all that anybody knows.
    assert jobs.sweep(db.session) == 0
    with clock.frozen(clock.now() + timedelta(minutes=11)):
        assert jobs.sweep(db.session) == 1
    assert (states(), count(StoredUsage)) == (["discarded"], 0)


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.usefixtures("app")
def test_others_write_meanwhile(database_url, tmp_path, file):
    making.invoice(making.customer("AC1"))
    process = started(database_url, tmp_path, file(HEAD + CALL * 60_000))
    waits = []
    while process.poll() is None:
        began = time.monotonic()
        making.customer(f"W{len(waits)}")
        waits.append(time.monotonic() - began)
    assert process.returncode == 0
    assert len(waits) > 3
    assert max(waits) < PATIENCE
    assert count(UsageRecord) == 60_000
