"""What `flask bounces` runs: mails that came back are taken in, each in a transaction of its own."""

from __future__ import annotations

from flask import Flask

from app.core.actor import Actor, Door
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.mailer.bounces.reading import MAX_OCTETS, read
from app.mailer.bounces.service import Taken, take_in
from app.mailer.incoming.mailbox import Mailbox, Take
from app.mailer.incoming.ways import Reading

INBOUND = Actor.system(Door.INBOUND)
# What a mailbox keeps: mails for people, and reports that come again.
LEFT = frozenset({Taken.UNKNOWN, Taken.EARLY})


def taking(app: Flask) -> Take:
    """Return what takes in one mail and commits."""
    secret, suppressing = app.config["SECRET_KEY"], app.config["SETTINGS"].redirect_all is None

    def take(data: bytes) -> Taken:
        mail = read(data)
        with unit_of_work(db.session) as session:
            return take_in(session, INBOUND, mail=mail, secret=secret, suppressing=suppressing)

    return take


def reading(app: Flask) -> Reading:
    """Return how bounces are read by the settings of an application."""
    settings = app.config["SETTINGS"]
    again = frozenset({Taken.EARLY})
    return Reading(taking(app), lambda: Mailbox(settings, octets=MAX_OCTETS, stays=LEFT, again=again), again)
