"""What `flask bounces` runs: mails that came back are taken in, each in a transaction of its own."""

from __future__ import annotations

import logging
import re
import threading
from collections import Counter

from flask import Flask

from app.core.actor import Actor, Door
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.mailer.bounces.mailbox import Mailbox, MailboxTroubleError, Take
from app.mailer.bounces.reading import read
from app.mailer.bounces.service import Taken, take_in
from app.mailer.delivery import loop

log = logging.getLogger(__name__)

INBOUND = Actor.system(Door.INBOUND)
# sysexits.h EX_TEMPFAIL: a mail server that pipes to us keeps the mail, and comes again.
TRY_AGAIN = 75
# RFC 4155: each mail of an mbox begins with such a line, with an empty one before it.
_FROM_LINE = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\n]*\n")


def taking(app: Flask) -> Take:
    """Return what takes in one mail and commits."""
    secret, suppressing = app.config["SECRET_KEY"], app.config["SETTINGS"].redirect_all is None

    def take(data: bytes) -> Taken:
        mail = read(data)
        with unit_of_work(db.session) as session:
            return take_in(session, INBOUND, mail=mail, secret=secret, suppressing=suppressing)

    return take


def read_mails(app: Flask, data: bytes) -> Counter[str]:
    """Take in one mail, or those of an mbox; return how many became what."""
    take = taking(app)
    return Counter(take(mail).value for mail in mails_in(data))


def read_mailbox(app: Flask) -> Counter[str]:
    """Read the mailbox once; return how many became what. Raises MailboxTroubleError."""
    return Mailbox(app.config["SETTINGS"]).read(taking(app))


def watch_mailbox(app: Flask, *, every: float) -> None:
    """Read the mailbox every so many seconds until told to stop; trouble is logged, and the next round tries again."""
    mailbox, take = Mailbox(app.config["SETTINGS"]), taking(app)

    def round_(_stop: threading.Event) -> int:
        try:
            taken = mailbox.read(take)
        except MailboxTroubleError as error:
            log.warning("%s", error)
        else:
            if taken:
                log.info("mails that came in: %s", dict(taken))
        # Always a rest after a round: nothing here is in a hurry.
        return 0

    loop.run(round_, poll_seconds=every)


def mails_in(data: bytes) -> list[bytes]:
    """Return the mails of an mbox (RFC 4155), or the one mail that it is."""
    if not data.startswith(b"From "):
        return [data] if data.strip() else []
    return [re.sub(rb"(?m)^>(>*From )", rb"\1", mail) for mail in _FROM_LINE.split(data) if mail.strip()]
