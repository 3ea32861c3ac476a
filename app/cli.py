"""The `flask` commands of the product."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING, BinaryIO

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from app.access.table import Role
from app.invoices.billing_runs.commands import billing_run
from app.invoices.imports.commands import import_files
from app.mailer.commands import send, send_again
from app.mailer.watching.commands import outbox
from app.web.current import this_app

if TYPE_CHECKING:
    from app.mailer.incoming.ways import Reading


def init_app(app: Flask) -> None:
    """Put the commands in place."""
    sending = (send, send_again, billing_run, outbox)
    for command in (worker, bounces, inbound, *sending, import_files, create_admin, demo, reindex, purge):
        app.cli.add_command(command)


@click.command()
@click.option("--once", is_flag=True, help="Send what is due, then stop.")
@click.option("--processes", type=click.IntRange(1, 64), help="How many processes of Celery: 2 by default.")
@with_appcontext
def worker(*, once: bool, processes: int | None) -> None:
    """Drain the outbox until stopped by SIGTERM or Ctrl-C; where COUNTERPART_BROKER_URL is set, by Celery."""
    from app.mailer import jobs

    app = this_app()
    settings = app.config["SETTINGS"]
    if processes and (once or not settings.broker_url):
        raise click.ClickException("--processes is for Celery: it needs COUNTERPART_BROKER_URL, and no --once.")
    # What is loaded by now stays: looking through it again at each collection would be a part of each mail's time.
    gc.freeze()
    if once:
        tried = jobs.run_worker(app, once=True)
        click.echo(f"{tried} {'message' if tried == 1 else 'messages'} tried.")
    elif settings.broker_url:
        if settings.uses_catcher and not settings.catcher_port:
            raise click.ClickException(
                "There is no mail server to send to: set MAIL_SERVER. The catcher serves what run.py starts, alone."
            )
        sys.exit(jobs.run_celery(app, processes=processes or jobs.PROCESSES))
    else:
        jobs.run_worker(app)


_FILE = click.option("--file", "stream", type=click.File("rb"), help="Read one mail, or an mbox; - is standard input.")
_EVERY = click.option(
    "--every", "seconds", type=click.IntRange(5), help="Read the mailbox again and again, until stopped."
)


@click.command()
@_FILE
@_EVERY
@with_appcontext
def bounces(*, stream: BinaryIO | None, seconds: int | None) -> None:
    """Take in mails that came back: the message is bounced, and its address suppressed where it is wrong.

    They are read from the mailbox of IMAP_SERVER, and what was taken in moves to its folder Counterpart; with --file
    from a file, or from a mail server's pipe. What is nobody's bounce is counted as unknown, and changes nothing;
    answers to tickets are left for `flask inbound`, which reads bounces as well.

    Exit codes: 0 done; 1 the mailbox can't be read; 2 wrong options; 75 read it again later, since the database is
    busy or away, or the message is still in a worker's hand.
    """
    from app.mailer.bounces import jobs

    _read_mails(jobs.reading(this_app()), stream, seconds)


@click.command()
@_FILE
@_EVERY
@with_appcontext
def inbound(*, stream: BinaryIO | None, seconds: int | None) -> None:
    """Take in all that comes by mail: answers to tickets, and mails that came back.

    A mail that was sent to the address of a ticket's mail, with its signed token, becomes an update of that ticket, and
    copies go to the others. A report of a mail server is taken in as `flask bounces` does. All else is listed for staff
    under Incoming mails, and lost never.

    They are read from the mailbox of IMAP_SERVER, and what was taken in moves to its folder Counterpart; with --file
    from a file, or from a mail server's pipe. Reading a mail twice does nothing the second time.

    Exit codes: 0 done; 1 the mailbox can't be read; 2 wrong options; 75 read it again later, since the database is
    busy or away, a message is still in a worker's hand, or something went wrong that the log tells.
    """
    from app.inbound import jobs

    _read_mails(jobs.reading(this_app()), stream, seconds)


def _read_mails(reading: Reading, stream: BinaryIO | None, seconds: int | None) -> None:
    """Read mails by the way that the options name, and say what became of them."""
    from sqlalchemy.exc import SQLAlchemyError

    from app.core.errors import Conflict
    from app.mailer.incoming.mailbox import MailboxTroubleError
    from app.mailer.incoming.ways import TRY_AGAIN

    if stream is not None and seconds is not None:
        raise click.UsageError("--every goes with the mailbox, and not with --file.")
    if stream is None and current_app.config["SETTINGS"].imap_server is None:
        raise click.UsageError("Set IMAP_SERVER to read a mailbox, or name a file: --file PATH, --file - for a pipe.")
    if seconds is not None:
        reading.watch_mailbox(every=seconds)
        return
    try:
        taken = reading.read_mailbox() if stream is None else reading.read_mails(stream.read())
    except MailboxTroubleError as error:
        raise click.ClickException(str(error)) from error
    except (SQLAlchemyError, Conflict) as error:
        click.echo("The database is busy or away: read it again later.", err=True)
        raise click.exceptions.Exit(TRY_AGAIN) from error
    for what, count in sorted(taken.items()):
        click.echo(f"{what}: {count}")
    # In a mailbox it waits for the next round by itself.
    if stream is not None and any(taken[one.value] for one in reading.again):
        raise click.exceptions.Exit(TRY_AGAIN)


@click.command("create-admin")
@click.option("--username", prompt="User name", help="What they log in with.")
@click.option("--email", prompt="Email address", help="Their address.")
@click.option("--first-name", prompt="First name")
@click.option("--last-name", prompt="Last name")
@click.password_option("--password", help="Twelve characters or more.")
@with_appcontext
def create_admin(username: str, email: str, first_name: str, last_name: str, password: str) -> None:
    """Make the first administrator."""
    from flask_appbuilder.exceptions import PasswordComplexityValidationError

    from app.access.passwords import check_password

    manager = current_app.appbuilder.sm  # type: ignore[attr-defined]
    try:
        check_password(password)
    except PasswordComplexityValidationError as error:
        raise click.ClickException(str(error)) from error
    if manager.find_user(username=username) or manager.find_user(email=email):
        raise click.ClickException("There is a user with this name or address already.")
    role = manager.find_role(Role.ADMIN.value)
    if not manager.add_user(username, first_name, last_name, email, role, password=password):
        raise click.ClickException("The user could not be made; see the log.")
    click.echo(f"{username} can log in as an administrator.")


@click.command()
@with_appcontext
def demo() -> None:
    """Fill an empty database with sample data, and print its users and their password."""
    from app.demo import fill

    for line in fill():
        click.echo(line)


@click.command()
@with_appcontext
def reindex() -> None:
    """Make the search index anew, after rows were loaded past the program."""
    from app.core import search_index
    from app.core.unit_of_work import unit_of_work
    from app.extensions import db

    with unit_of_work(db.session) as session:
        counts = search_index.reindex(session)
    for resource, count in sorted(counts.items()):
        click.echo(f"{resource}: {count:,} in the index.")


@click.command()
@click.option("--older-than", "days", type=click.IntRange(0), required=True, help="Deleted more than so many days ago.")
@click.option("--resource", "resources", multiple=True, help="Only this kind, such as contact; may be given again.")
@click.option("--reason", prompt="Reason", help="Why; it stays in the audit trail.")
@click.option("--as", "username", prompt="Administrator", help="The user name of the administrator who does it.")
@click.option("--dry-run", is_flag=True, help="Say what would be purged, and change nothing.")
@with_appcontext
def purge(*, days: int, resources: tuple[str, ...], reason: str, username: str, dry_run: bool) -> None:
    """Purge for good what has been in the trash for longer than some days."""
    from app.core.errors import DomainError
    from app.extensions import db
    from app.web.current import actor_named
    from app.web.trash_jobs import purge_old

    try:
        actor = actor_named(username)
        for result in purge_old(db.session, actor, days=days, reason=reason, resources=resources, dry_run=dry_run):
            click.echo(f"{result.resource.plural}: {result.purged} {'to purge' if dry_run else 'purged'}.")
            for line in result.kept:
                click.echo(f"  Kept: {line}")
    except DomainError as error:
        raise click.ClickException(error.message) from error
