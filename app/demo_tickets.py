"""Sample tickets: conversations as a support desk has them, some still open, with an internal note among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.models import StaffUser
from app.access.table import Role
from app.core.actor import Actor, Door
from app.core.unit_of_work import unit_of_work
from app.customers.models import Customer
from app.extensions import db
from app.lookups.models import TicketType
from app.mailer.sending_defaults import sending_defaults
from app.tickets.rules import UpdateKind
from app.tickets.service import Copies, Wording, add_update, open_ticket


@dataclass(frozen=True, slots=True)
class Line:
    """What somebody wrote: who, what, and whether it closed or reopened the ticket or stays among staff."""

    who: str
    text: str | None
    kind: UpdateKind = UpdateKind.TEXT
    internal: bool = False


@dataclass(frozen=True, slots=True)
class Talk:
    """A ticket with all that was written on it."""

    kind: str
    subject: str
    lines: Sequence[Line]


TALKS = (
    Talk(
        "Fault",
        "No dial tone on the main number",
        (
            Line("support", "Since eight this morning the main number has no dial tone. Mobile calls work."),
            Line("support", "The exchange reports a fault in this street.", internal=True),
            Line("support", "An engineer is on the way, and will be there before noon.\n\nYou can follow the work at "
                 "https://status.pennine.example/faults."),
            Line("support", "The line works again; the cable was damaged by roadworks.", UpdateKind.CLOSED),
        ),
    ),
    Talk(
        "Question",
        "Which calls are in the tariff?",
        (
            Line("support", "The customer asks which numbers the tariff covers."),
            Line("admin", "Calls to landlines and mobiles in the United Kingdom are included; others are itemised."),
        ),
    ),
    Talk(
        "Order",
        "Two more seats from the first of next month",
        (
            Line("support", "Two more hosted seats are wanted, with the numbers that end in 220 and 221."),
            Line("support", "Both numbers are reserved. Please confirm the delivery address for the telephones."),
        ),
    ),
    Talk(
        "Complaint",
        "Speed drops every evening",
        (
            Line("support", "Between seven and nine in the evening the line is slow."),
            Line("support", "We have moved the line to another port.", UpdateKind.CLOSED),
            Line("support", "It was slow again last night.", UpdateKind.REOPENED),
            Line("admin", "Let us offer the faster line for the price of this one.", internal=True),
        ),
    ),
)  # fmt: skip


def converse() -> None:
    """Open the sample tickets of the first customers, and write on them; each in a unit of work of its own."""
    session = db.session()
    types = dict(session.execute(select(TicketType.name, TicketType.id)).all())
    people = dict(session.execute(select(StaffUser.username, StaffUser.id)).all())
    # The first one has the accountant's invoices to show; its page stays short.
    customers = session.scalars(select(Customer.id).order_by(Customer.id).offset(1).limit(len(TALKS))).all()
    for talk, customer_id in zip(TALKS, customers, strict=True):
        with unit_of_work(db.session) as work:
            _hold(work, talk, customer_id=customer_id, type_id=types[talk.kind], people=people)


def _hold(session: Session, talk: Talk, *, customer_id: int, type_id: int, people: Mapping[str, int]) -> None:
    first, *others = talk.lines
    copies = Copies(defaults=sending_defaults())
    values = {"customer_id": customer_id, "ticket_type": type_id, "subject": talk.subject, "body": first.text}
    ticket = open_ticket(session, _as(first.who, people), values=values, copies=copies)
    for line in others:
        wording = Wording(kind=line.kind, body=line.text, internal=line.internal)
        add_update(session, _as(line.who, people), ticket_id=ticket.id, wording=wording, copies=copies)


def _as(name: str, people: Mapping[str, int]) -> Actor:
    role = next(one.value for one in Role if one.value.lower() == name)
    return Actor(door=Door.CLI, roles=frozenset({role}), user_id=people[name], username=name)
