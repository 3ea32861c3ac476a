"""The command `flask billing-run`: choose, look at the plan, start, and watch the run to its end."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NoReturn, TextIO

import click
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.core.bill_format import BillFormat
from app.core.errors import DomainError
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.invoices.billing_runs import progress, service
from app.invoices.billing_runs.models import BillingRun
from app.invoices.billing_runs.progress import Sums
from app.invoices.billing_runs.rules import REASON_WORDS, RowReason, RowState, RunStatus
from app.mailer.planning.reasons import explain
from app.mailer.queries import last_heartbeat
from app.mailer.sending_defaults import sending_defaults
from app.web.current import actor_named

LOOK_SECONDS = 1.0
# No worker has given a sign for so long: it is said, since nothing moves without one.
QUIET_SECONDS = 60
# Exit codes beside 0 and those of click (1 refused, 2 wrong options).
NOT_ALL, PAUSED, LEFT = 3, 4, 130

_DAY = click.DateTime(["%Y-%m-%d"])
_TROUBLE = (RowState.CHANGED, RowState.FAILED, RowState.NOTHING_TO_SEND)


class _OnlyLookedError(Exception):
    """Undoes the run that a plan was made for."""

    def __init__(self, sums: Sums) -> None:
        super().__init__()
        self.sums = sums


@click.command("billing-run")
@click.option("--as", "username", required=True, help="The user name of whoever starts it; their rights hold.")
@click.option("--invoice-date-from", type=_DAY, help="Invoices of this day or later, YYYY-MM-DD.")
@click.option("--invoice-date-to", type=_DAY, help="Invoices of this day or earlier.")
@click.option("--due-date-from", type=_DAY, help="Due on this day or later.")
@click.option("--due-date-to", type=_DAY, help="Due on this day or earlier.")
@click.option("--status", help="draft, approved or sent.")
@click.option("--already-sent/--not-sent", default=None, help="Somebody has had it, or nobody.")
@click.option("--dealer-code", help="Of this dealer's customers.")
@click.option("--currency", help="In this currency (ISO 4217).")
@click.option("--total-from", help="Over at least this amount, such as 12.50.")
@click.option("--total-to", help="Over at most this amount.")
@click.option("--account", "accounts", multiple=True, help="Of this account number; may be given again.")
@click.option("--accounts-file", type=click.File(), help="Account numbers, one a line; - is standard input.")
@click.option("--dry-run", is_flag=True, help="Print the summed plan; make nothing and send nothing.")
@click.option("--no-wait", is_flag=True, help="Start it, and leave it to the worker.")
@with_appcontext
def billing_run(
    *,
    username: str,
    accounts: tuple[str, ...],
    accounts_file: TextIO | None,
    dry_run: bool,
    no_wait: bool,
    **filters: datetime | str | bool | None,
) -> None:
    """Send invoices together: all that meet every option given, such as --not-sent --invoice-date-from 2026-06-01.

    The worker sends them, a hundred at a time; this command watches. Ctrl-C ends the watching, and the run goes on: it
    is paused on its page, or over REST. To those who have an invoice already, a run does nothing, and says so.

    Exit codes: 0 done; 1 refused, and nothing was sent; 2 wrong options; 3 done, yet some invoices were not sent since
    they had changed or failed; 4 somebody paused it; 130 left by Ctrl-C, and still under way.
    """
    numbers = [*accounts, *(accounts_file.read().splitlines() if accounts_file else ())]
    values = {"filters": _given(filters), "account_numbers": numbers}
    with _refusals():
        actor = actor_named(username)
        if dry_run:
            _tell_sums(_looked_at(actor, values))
            return
        number = _started(actor, values)
    click.echo(f"Billing run {number} is under way.")
    if not no_wait:
        _watch(number)


def _given(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filters that were given, as REST writes them."""
    return {
        name: value.date().isoformat() if isinstance(value, datetime) else value
        for name, value in filters.items()
        if value is not None
    }


def _looked_at(actor: Actor, values: Mapping[str, Any]) -> Sums:
    """Return what a run would come to: it is planned as it would be, and nothing of that is kept."""
    try:
        with unit_of_work(db.session) as session:
            _look(session, actor, values)
    except _OnlyLookedError as looked:
        return looked.sums


def _look(session: Session, actor: Actor, values: Mapping[str, Any]) -> NoReturn:
    """Plan a run, and leave its unit of work by an error that carries what it comes to."""
    run = service.create_run(session, actor, values=values, defaults=sending_defaults())
    raise _OnlyLookedError(progress.sums(session, run))


def _started(actor: Actor, values: Mapping[str, Any]) -> int:
    with unit_of_work(db.session) as session:
        run = service.create_run(session, actor, values=values, defaults=sending_defaults())
        number = run.id
        sums = progress.sums(session, run)
    _tell_sums(sums)
    with unit_of_work(db.session) as session:
        service.start_run(session, actor, run_id=number)
    return number


def _tell_sums(sums: Sums) -> None:
    formats = ", ".join(
        f"{BillFormat(name).words if name else 'plain'} {number:,}" for name, number in sums.by_format.items()
    )
    click.echo(f"Invoices: {sums.invoices:,}. Copies: {sums.copies:,}{f' ({formats})' if formats else ''}.")
    for reason, number in sums.by_reason.items():
        click.echo(f"Not sent: {number:,} in {sums.invoices_by_reason[reason]:,} invoices. {explain(reason)}")
    if sums.reaching_nobody:
        click.echo(f"Reaching nobody: {sums.reaching_nobody:,} invoices.")


def _watch(number: int) -> None:
    """Show how far a run is until it is finished or paused; end with the exit code that says which."""
    try:
        status = _bar(number)
    except KeyboardInterrupt:
        click.echo(f"\nBilling run {number} goes on without being watched. Pause it on its page, if it is to stop.")
        raise click.exceptions.Exit(LEFT) from None
    if status == RunStatus.PAUSED:
        click.echo(f"Billing run {number} was paused. Resume it on its page, and it goes on where it was.")
        raise click.exceptions.Exit(PAUSED)
    session = db.session()
    counts = progress.states(session, number)
    click.echo(", ".join(f"{RowState(state).words}: {count:,}" for state, count in counts.items() if count))
    for state, reason, count in progress.reasons(session, number, _TROUBLE):
        what, todo = REASON_WORDS[RowReason(reason)]
        click.echo(f"{RowState(state).words} {count:,}: {what} {todo}")
    if counts[RowState.CHANGED] or counts[RowState.FAILED]:
        raise click.exceptions.Exit(NOT_ALL)


def _bar(number: int) -> str:
    run, counts = _now(number)
    total = run.invoice_count - counts[RowState.UNTICKED]
    told = False
    with click.progressbar(length=total, label=f"Billing run {number}") as bar:
        while True:
            done = total - counts[RowState.WAITING]
            bar.update(done - bar.pos)
            if run.status != RunStatus.RUNNING:
                return run.status
            if not told and _is_quiet():
                told = True
                click.echo("\nNo worker has given a sign for a minute: start one (flask worker).", err=True)
            time.sleep(LOOK_SECONDS)
            run, counts = _now(number)


def _now(number: int) -> tuple[BillingRun, Mapping[str, int]]:
    """Return a run and its counts as the database has them."""
    session = db.session()
    session.rollback()
    run = session.get_one(BillingRun, number)
    return run, progress.states(session, number)


def _is_quiet() -> bool:
    beat = last_heartbeat(db.session())
    return beat is None or (clock.now() - beat).total_seconds() > QUIET_SECONDS


@contextmanager
def _refusals() -> Iterator[None]:
    """Say a refusal as a command does: its sentence, what is wrong where, and a status that isn't 0."""
    try:
        yield
    except DomainError as error:
        at_fields = [
            f"--{_option(name)}: {text}"
            for name, texts in error.errors.items()
            for text in texts
            if text != error.message
        ]
        raise click.ClickException("\n".join([error.message, *at_fields])) from error


def _option(name: str) -> str:
    """Return the option that a field of the run is given by."""
    plain = name.removeprefix("filters.")
    return "account" if plain == "account_numbers" else plain.replace("_", "-")
