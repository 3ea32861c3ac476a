"""What `flask inbound` runs: whatever comes by mail is taken in, each mail in a transaction of its own."""

from __future__ import annotations

from enum import StrEnum

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from app.core.actor import Actor, Door
from app.core.errors import Conflict, DomainError
from app.core.events import Event, log_event
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.inbound import reading as mails
from app.inbound.rules import MAX_OCTETS, Became
from app.inbound.service import Arrival, take_in
from app.mailer.bounces import reading as reports
from app.mailer.bounces.service import Taken
from app.mailer.incoming.mailbox import Mailbox, Take
from app.mailer.incoming.ways import Reading
from app.mailer.sending_defaults import sending_defaults

INBOUND = Actor.system(Door.INBOUND)
AGAIN: frozenset[StrEnum] = frozenset({Taken.EARLY, Became.TROUBLE})


def taking(app: Flask) -> Take:
    """Return what takes in one mail and commits; trouble with one mail keeps none of the others from coming in."""
    secret, suppressing = app.config["SECRET_KEY"], app.config["SETTINGS"].redirect_all is None
    defaults = sending_defaults()

    def taken(arrival: Arrival) -> StrEnum:
        with unit_of_work(db.session) as session:
            return take_in(session, INBOUND, arrival=arrival, secret=secret, defaults=defaults, suppressing=suppressing)

    def take(data: bytes) -> StrEnum:
        try:
            arrival = Arrival(mail=mails.read(data), report=reports.read(data), data=data)
            try:
                return taken(arrival)
            except Conflict as conflict:
                if conflict.code != "duplicate":
                    raise
                # Another reader was faster: by now this one sees what it has made of the mail.
                return taken(arrival)
        except (SQLAlchemyError, DomainError):
            # The database is busy or away: the others would fare no better.
            raise
        except Exception as error:  # noqa: BLE001  whatever it is, the next mail is another one
            log_event(Event.MAIL_NOT_TAKEN_IN, error=error)
            return Became.TROUBLE

    return take


def reading(app: Flask) -> Reading:
    """Return how mails are read by the settings of an application."""
    settings = app.config["SETTINGS"]
    # An octet more than is read of a mail, so that a larger one shows.
    return Reading(taking(app), lambda: Mailbox(settings, octets=MAX_OCTETS + 1, stays=AGAIN, again=AGAIN), AGAIN)
