"""`flask outbox`: how the outbox is, and its pause switch, from the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from flask.cli import AppGroup

from app.core import clock
from app.core.errors import DomainError
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.mailer.watching import queries, service
from app.mailer.watching.figures import figures
from app.web.current import actor_named

outbox = AppGroup("outbox", help="Say how the outbox is, pause it, resume it.")
_reason = click.option("--reason", prompt="Reason", help="Why; it stays in the audit trail.")
_as = click.option("--as", "username", prompt="Administrator", help="The user name of the administrator who does it.")


@outbox.command("status")
def status() -> None:
    """Say whether the outbox is paused, what is due, and how many messages there are of each state."""
    session = db.session()
    pause = queries.pause(session)
    if pause is not None:
        click.echo(f"Paused since {pause.paused_at:%Y-%m-%d %H:%M} UTC by {pause.username}: {pause.reason}")
    else:
        click.echo("Not paused.")
    found = figures(session, now=clock.now())
    click.echo(f"Due: {found.due:,}; the oldest for {found.oldest_due:.0f} s.")
    for state, number in found.states.items():
        click.echo(f"{state}: {number:,}")


@outbox.command("pause")
@_reason
@_as
def pause(reason: str, username: str) -> None:
    """Have no mail leave any more until the outbox is resumed."""
    _run(service.pause_outbox, reason, username)
    click.echo("The outbox is paused.")


@outbox.command("resume")
@_reason
@_as
def resume(reason: str, username: str) -> None:
    """Let leave what has become due meanwhile."""
    _run(service.resume_outbox, reason, username)
    click.echo("The outbox is resumed.")


def _run(verb: Callable[..., Any], reason: str, username: str) -> None:
    try:
        actor = actor_named(username)
        with unit_of_work(db.session) as session:
            verb(session, actor, reason=reason)
    except DomainError as error:
        raise click.ClickException(error.message) from error
