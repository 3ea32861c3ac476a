"""The commands `flask send` and `flask send-again`: the same verbs as the screens' and REST's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click
from flask.cli import with_appcontext

from app.core.actor import Actor
from app.core.errors import DomainError, NotFound
from app.core.unit_of_work import unit_of_work
from app.core.words import say
from app.extensions import db
from app.mailer.planning.choices import Again, Choices
from app.mailer.planning.plan_output import as_dict
from app.mailer.planning.reasons import explain
from app.mailer.planning.rules import Plan
from app.mailer.sending_kinds import Sending, sending_of, sent_kinds
from app.web.current import actor_named

_KIND = click.argument("kind")
_NUMBER = click.argument("number")
_AS = click.option("--as", "username", required=True, help="The user name of whoever sends it; their rights hold.")


@click.command()
@_KIND
@_NUMBER
@_AS
@click.option("--fingerprint", help="Send only if this is still the plan's fingerprint.")
@click.option("--to", "recipients", multiple=True, help="To this address instead of the plan's; may be given again.")
@click.option("--untick", multiple=True, help="Leave this address out; may be given again.")
@click.option("--dry-run", is_flag=True, help="Show the plan and its fingerprint, and send nothing.")
@with_appcontext
def send(
    *,
    kind: str,
    number: str,
    username: str,
    fingerprint: str | None,
    recipients: tuple[str, ...],
    untick: tuple[str, ...],
    dry_run: bool,
) -> None:
    """Send a document, such as: flask send invoice ACME/4 --as finance.

    To those who have it already, it does nothing, and says so.
    """
    with _refusals():
        sending, actor, record = _document(kind, number, username)
        choices = Choices.checked(recipients=list(recipients) or None, untick=list(untick) or None)
        if dry_run:
            _tell(sending.plan(db.session(), actor, record, choices), sent=False)
            return
        # It ends the reading transaction: the verb reads afresh, under its own locks.
        record_id = record.id
        db.session.rollback()
        with unit_of_work(db.session):
            done = sending.send(db.session(), actor, record_id, choices, fingerprint, None)
        _tell(done, sent=True)


@click.command("send-again")
@_KIND
@_NUMBER
@_AS
@click.option("--to", "addresses", multiple=True, required=True, help="An address that has had it; may be given again.")
@click.option("--reason", required=True, help="Why; it stays in the audit trail.")
@with_appcontext
def send_again(*, kind: str, number: str, username: str, addresses: tuple[str, ...], reason: str) -> None:
    """Send a document once more to addresses that have had it, for a reason."""
    with _refusals():
        sending, actor, record = _document(kind, number, username)
        again = Again.checked(addresses=list(addresses), reason=reason)
        record_id = record.id
        db.session.rollback()
        with unit_of_work(db.session):
            done = sending.send_again(db.session(), actor, record_id, again, None)
        _tell(done, sent=True)


def _document(kind: str, number: str, username: str) -> tuple[Sending, Actor, Any]:
    sending = sending_of(kind)
    if sending is None:
        raise NotFound(say("There is no such kind of document; there is: {kinds}.", kinds=", ".join(sent_kinds())))
    actor = actor_named(username)
    return sending, actor, sending.numbered(db.session(), actor, number)


@contextmanager
def _refusals() -> Iterator[None]:
    """Say a refusal as a command does: its sentence, and a status that isn't 0; a changed plan as it is."""
    try:
        yield
    except DomainError as error:
        fields = [text for texts in error.errors.values() for text in texts if text != error.message]
        lines = [error.message, *fields, *_plan_lines(error.detail.get("result"))]
        raise click.ClickException("\n".join(lines)) from error


def _plan_lines(plan: Mapping[str, Any] | None) -> list[str]:
    """Return the lines of a plan as REST gives it: who gets it, who does not, and its fingerprint."""
    if plan is None:
        return []
    lines = []
    for message in plan["messages"]:
        state = f" ({message['state']}, message {message['message_id']})" if message["message_id"] else ""
        lines.append(f"{message['address']}: {message['format'] or 'plain'}{state}")
    for skip in plan["skipped"]:
        why = f"{explain(skip['reason'])} {skip['detail']}".rstrip()
        lines.append(f"{skip['address'] or skip['name']}: not sent. {why}")
    return [*lines, f"Fingerprint: {plan['fingerprint']}"]


def _tell(plan: Plan, *, sent: bool) -> None:
    """Print who gets it and who does not."""
    if sent and not plan.messages:
        click.echo("Nothing was sent.")
    for line in _plan_lines(as_dict(plan)):
        click.echo(line)
