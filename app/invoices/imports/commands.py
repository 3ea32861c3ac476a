"""The command `flask import`: files of any size, checked, published, and what is left of dead imports swept."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from app.core.actor import Actor, Door
from app.core.errors import DomainError
from app.extensions import db
from app.invoices.imports import jobs, queries
from app.invoices.imports.faults_file import write_faults
from app.invoices.imports.models import InvoiceImport
from app.invoices.imports.rules import SHOWN_FAULTS, ImportKind
from app.web.current import actor_named


@click.group("import")
def import_files() -> None:
    """Import invoices and usage records from CSV files; docs/user/imports.md says what they hold."""


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command what both kinds of file take."""
    for option in (
        click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path)),
        click.option("--as", "username", required=True, help="The user name of whoever imports; their rights hold."),
        click.option("--dry-run", is_flag=True, help="Check the whole file, say what it holds, and publish nothing."),
        click.option("--approve", is_flag=True, help="The invoices are approved at once."),
        click.option("--reason", help="Why the very same file is imported once more; it stays in the audit trail."),
        click.option(
            "--errors", type=click.Path(dir_okay=False, path_type=Path), help="Write all errors to this CSV file."
        ),
    ):
        command = option(command)
    return command


@import_files.command("invoices")
@_options
@with_appcontext
def import_invoices(**given: Any) -> None:  # noqa: ANN401  the options above
    """Import invoices with their lines. Exit code 1: something is wrong with the file, and nothing was imported."""
    _import(ImportKind.INVOICES, **given)


@import_files.command("usage")
@_options
@with_appcontext
def import_usage(**given: Any) -> None:  # noqa: ANN401  the options above
    """Import usage records of invoices. Exit code 1: something is wrong with the file, and nothing was imported."""
    _import(ImportKind.USAGE, **given)


@import_files.command("sweep")
@with_appcontext
def sweep() -> None:
    """Remove what abandoned imports have staged. Each import begins with it; cron may do it too."""
    click.echo(f"{jobs.sweep(db.session)} cleared.")


def _import(
    kind: ImportKind,
    *,
    path: Path,
    username: str,
    dry_run: bool,
    approve: bool,
    reason: str | None,
    errors: Path | None,
) -> None:
    # What is loaded by now stays: looking through it again and again would be a third of the time.
    gc.freeze()
    with _refusals():
        actor = replace(actor_named(username), door=Door.IMPORT)
        check = jobs.Check(
            sessions=db.session,
            actor=actor,
            default_currency=current_app.config["SETTINGS"].currency,
            approve=approve,
            reason=reason,
        )
        size = path.stat().st_size
        with path.open("rb") as stream, click.progressbar(length=size, label="Checking") as bar:
            check.progress = lambda read: bar.update(read - bar.pos)
            check.run(stream, kind=kind, name=path.name)
            bar.update(size - bar.pos)
        run = queries.import_(db.session(), actor, import_id=check.import_id)
        _tell(run)
        if run.faults:
            _tell_faults(run, errors)
            raise click.ClickException("Nothing was imported.")
        if dry_run:
            jobs.give_up(db.session, actor, import_id=check.import_id)
            click.echo("Nothing is wrong with this file. Nothing was imported.")
            return
        _publish(actor, check.import_id)


def _publish(actor: Actor, import_id: int) -> None:
    """Publish, or leave nothing."""
    try:
        jobs.publish(db.session, actor, import_id=import_id)
    except DomainError:
        jobs.give_up(db.session, actor, import_id=import_id)
        raise
    click.echo(f"Import {import_id} is published.")


def _tell(run: InvoiceImport) -> None:
    click.echo(f"{run.rows:,} rows, {run.invoices:,} invoices.")
    for currency, amount in run.sums.items():
        click.echo(f"{currency} {amount}")


def _tell_faults(run: InvoiceImport, path: Path | None) -> None:
    """Print the first errors and how many there are; write all of them where that was asked for."""
    session = db.session()
    for fault in session.scalars(queries.faults(run.id).limit(SHOWN_FAULTS)):
        column = f", {fault.column}" if fault.column else ""
        click.echo(f"Line {fault.line}{column}: {fault.message}", err=True)
    click.echo(f"{run.faults:,} errors.", err=True)
    if path is not None:
        with write_faults(session, run.id) as file, path.open("wb") as target:
            while block := file.read(1 << 20):
                target.write(block)


@contextmanager
def _refusals() -> Iterator[None]:
    """Say a refusal as a command does: its sentence, and a status that isn't 0."""
    try:
        yield
    except DomainError as error:
        raise click.ClickException(error.message) from error
