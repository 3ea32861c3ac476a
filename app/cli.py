"""The `flask` commands of the product."""

from __future__ import annotations

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from app.access.table import Role


def init_app(app: Flask) -> None:
    """Put the commands in place."""
    for command in (worker, create_admin, demo):
        app.cli.add_command(command)


@click.command()
@click.option("--once", is_flag=True, help="Send what is due, then stop.")
@with_appcontext
def worker(*, once: bool) -> None:
    """Drain the outbox until stopped by SIGTERM or Ctrl-C."""
    from app.mailer.jobs import run_worker

    tried = run_worker(current_app._get_current_object(), once=once)  # type: ignore[attr-defined]  # noqa: SLF001  Flask's own idiom
    if once:
        click.echo(f"{tried} messages tried.")


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
