"""Makers of tickets for their tests, a server that takes their mails, and what arrived there."""

from __future__ import annotations

import email
import threading
from email.policy import default as mail_policy

from app.extensions import db
from app.mailer.delivery import sending as delivery
from app.mailer.planning.choices import Choices
from app.mailer.smtp.connection import connect
from app.tickets import planning, queries
from app.tickets.rules import UpdateKind
from app.tickets.service import Copies, Wording, add_update, open_ticket
from tests.conftest import actor
from tests.core import making
from tests.mailer.smtp_servers import Server, running

MAIN = "main@acme.example"


class Desk:
    """The lists of a desk, a customer, and the verbs with what they need."""

    def __init__(self, **customer):
        self.fault = making.lookup("ticket_type", "Fault", position=1)
        self.question = making.lookup("ticket_type", "Question", position=2)
        self.open = making.lookup("ticket_status", "Open", position=1)
        self.waiting = making.lookup("ticket_status", "Waiting", position=2)
        self.closed = making.lookup("ticket_status", "Closed", closed=True, position=3)
        self.customer = making.customer(email=MAIN, **customer)

    def values(self, **values):
        return {
            "customer_id": self.customer,
            "ticket_type": self.fault,
            "subject": "No dial tone",
            "body": "The line is dead.",
            **values,
        }

    def ticket(self, who=None, *, untick=(), fingerprint=None, files=(), **values):
        """Open a ticket; return its id."""
        copies = Copies(defaults=making.DEFAULTS, choices=Choices(untick=tuple(untick)), fingerprint=fingerprint)
        return making.run(open_ticket, who, values=self.values(**values), copies=copies, files=files).id

    def write(self, ticket_id, body="We are on it.", who=None, *, kind="text", version=None, files=(), **given):
        """Add an update; return its id and the plan."""
        copies = Copies(
            defaults=making.DEFAULTS,
            choices=Choices(untick=tuple(given.pop("untick", ()))),
            fingerprint=given.pop("fingerprint", None),
        )
        wording = Wording(kind=UpdateKind(kind), body=body, **given)
        update, plan = making.run(
            add_update, who, ticket_id=ticket_id, wording=wording, copies=copies, files=files, version=version
        )
        return update.id, plan

    def note(self, ticket_id, body="Between us.", who=None, *, files=()):
        """Add an internal note; return its id."""
        return self.write(ticket_id, body, who, internal=True, files=files)[0]

    def plan(self, ticket_id, who=None, **choices):
        """Return the plan of the next update."""
        ticket = queries.ticket(db.session(), who or actor(), ticket_id=ticket_id)
        chosen = Choices(**choices)
        return planning.plan_next(db.session(), who or actor(), ticket=ticket, choices=chosen, defaults=making.DEFAULTS)

    def person(self, address, **values):
        """Make a contact of the customer who gets copies of faults; return its id."""
        values = {"copy_ticket_updates": [self.fault], **values}
        return making.contact(self.customer, email=address, **values)


def deliver(app):
    """Send what is due to a real server; return the mails that arrived, each with its envelope's recipient."""
    server = Server()
    with running(server) as port:
        state = app.extensions["mail"]
        state.server, state.port = "127.0.0.1", port
        with connect(app) as connection:
            delivery.drain(db.session, connection, worker="test", sender=None, stop=threading.Event())
    return [(to[0], email.message_from_bytes(data, policy=mail_policy)) for _, to, data in server.mails]


def text_of(mail):
    """Return the plain text of a mail."""
    return mail.get_body(("plain",)).get_content()


def outcome(plan):
    """Return who gets it, and who does not and why."""
    return sorted(one.address for one in plan.messages), sorted((one.address, str(one.reason)) for one in plan.skipped)
