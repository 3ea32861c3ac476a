"""`flask billing-run`: the same filters, the plan without sending, progress to the end, and exit codes."""

from __future__ import annotations

import threading

import pytest

from app.extensions import db
from app.invoices.billing_runs import commands
from app.invoices.billing_runs.jobs import Advance
from app.invoices.billing_runs.models import BillingRun
from tests.core import making

AS = ["--as", "finance"]


@pytest.fixture
def run(app, monkeypatch):
    """Return a function that runs the command; a round of the worker passes whenever it waits."""
    making.invoice(making.billed("AC1", email="one@a.example, two@a.example"))
    making.invoice(making.customer("AC2", email="silent@b.example"))
    db.session.remove()
    monkeypatch.setattr(commands.time, "sleep", lambda _seconds: Advance()(threading.Event()))

    def command(*words, text=None):
        return app.test_cli_runner().invoke(args=["billing-run", *words], input=text)

    return command


def test_help_names_the_options_and_the_exit_codes(run):
    said = run("--help").output
    for word in ("--invoice-date-from", "--account", "--dry-run", "--not-sent", "Exit codes", "Ctrl-C"):
        assert word in said


def test_a_dry_run_prints_the_plan_and_keeps_nothing(run):
    done = run(*AS, "--status", "draft", "--dry-run")
    assert done.exit_code == 0
    assert "Invoices: 2. Copies: 2 (Short 2)." in done.output
    assert "Email billing is off for the customer." in done.output
    assert "Reaching nobody: 1 invoices." in done.output
    assert db.session.query(BillingRun).count() == 0
    assert [one.verb for one in making.trail() if one.verb.startswith("billing_run")] == []


def test_it_watches_the_run_to_its_end(run):
    done = run(*AS, "--not-sent", "--invoice-date-from", "2026-01-01", "--total-from", "1")
    assert done.exit_code == 0, done.output
    assert "Billing run 1 is under way." in done.output
    assert "Sent: 1, Nothing to send: 1" in done.output
    assert len(making.messages()) == 2


def test_account_numbers_of_options_and_of_a_file(run):
    done = run(*AS, "--account", "AC2", "--accounts-file", "-", text="AC1\n\n")
    assert done.exit_code == 0, done.output
    assert "Invoices: 2." in done.output


def test_what_is_refused_names_its_option_and_exits_with_one(run):
    done = run(*AS, "--status", "paid", "--account", "NOPE")
    assert done.exit_code == 1
    assert "--status: Choose one of: draft, approved, sent." in done.output
    assert "--account: There is no customer with these account numbers: NOPE." in done.output
    assert run("--as", "support", "--status", "draft").exit_code == 1
    assert run("--as", "nobody", "--status", "draft").exit_code == 1
    assert run("--status", "draft").exit_code == 2


def test_left_alone_it_only_starts(run):
    done = run(*AS, "--status", "draft", "--no-wait")
    assert done.exit_code == 0
    assert db.session.query(BillingRun).one().status == "running"


def test_what_changed_or_failed_shows_in_the_exit_code(run, monkeypatch):
    real = commands._bar

    def change_first(number):
        making.contact(1, last_name="late", email="late@a.example", email_bill_type="short")
        return real(number)

    monkeypatch.setattr(commands, "_bar", change_first)
    done = run(*AS, "--status", "draft")
    assert done.exit_code == commands.NOT_ALL
    assert "Changed since 1:" in done.output


def test_ctrl_c_leaves_the_run_under_way(run, monkeypatch):
    def interrupted(_seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(commands.time, "sleep", interrupted)
    done = run(*AS, "--status", "draft")
    assert done.exit_code == commands.LEFT
    assert "goes on without being watched" in done.output
    assert db.session.query(BillingRun).one().status == "running"


def test_a_run_that_somebody_pauses_ends_the_watching(run, monkeypatch):
    from app.invoices.billing_runs.service import pause_run

    monkeypatch.setattr(commands.time, "sleep", lambda _seconds: making.run(pause_run, run_id=1))
    done = run(*AS, "--status", "draft")
    assert done.exit_code == commands.PAUSED
    assert "was paused" in done.output
