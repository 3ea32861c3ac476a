"""The figures of the landing page, each within the reader's sight and with the list behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.access.ask import may
from app.access.table import Operation
from app.contacts import queries as contacts
from app.contacts.models import Contact
from app.core import clock
from app.core.actor import Actor
from app.core.words import say
from app.customers import queries as customers
from app.customers.models import Customer
from app.inbound import queries as incoming
from app.inbound.models import InboundMail
from app.invoices import queries as invoices
from app.invoices.models import Invoice
from app.mailer.suppressions import queries as suppressions
from app.mailer.suppressions.models import Suppression
from app.mailer.suppressions.rules import BOUNCES
from app.mailer.watching import queries as watching
from app.tickets import queries as tickets
from app.tickets.models import Ticket


@dataclass(frozen=True, slots=True)
class Figure:
    """A count, what it counts, and the list that it leads to; `capped` is set where there are more."""

    label: str
    count: int
    url: str
    hint: str = ""
    capped: bool = False


def figures(session: Session, actor: Actor) -> list[Figure]:
    """Return how much there is of what the actor may see."""
    found = []
    if may(actor, Operation.READ, "customer"):
        found.append(
            Figure(say("Customers"), _count(session, customers.customers(actor), Customer.id), "/customers/list/")
        )
    if may(actor, Operation.READ, "contact"):
        found.append(Figure(say("Contacts"), _count(session, contacts.contacts(actor), Contact.id), "/contacts/list/"))
    if may(actor, Operation.READ, "invoice"):
        drafts = invoices.invoices(actor).where(Invoice.status == "draft")
        found.append(Figure(say("Draft invoices"), _count(session, drafts, Invoice.id), "/invoices/list/?status=draft"))
    if may(actor, Operation.UPDATE, "ticket"):
        mine = tickets.tickets(actor).where(tickets.is_mine(actor), tickets.is_closed(closed=False))
        url = "/tickets/list/?mine=yes&state=open"
        found.append(Figure(say("My open tickets"), _count(session, mine, Ticket.id), url))
    if may(actor, Operation.READ, "message"):
        sent = watching.counts(session, actor, now=clock.now(), only=("sent",))["sent"]
        url = "/messages/list/?state=sent"
        found.append(Figure(say("Copies sent"), sent.number, url, capped=sent.capped))
    return found


def needs_a_hand(session: Session, actor: Actor) -> list[Figure]:
    """Return what somebody should look at: copies that are stuck, addresses that bounced, and invoices for nobody."""
    found = _copies(session, actor) if may(actor, Operation.READ, "message") else []
    found += _bounced(session, actor) if may(actor, Operation.READ, "suppression") else []
    found += _incoming(session, actor) if may(actor, Operation.UPDATE, "inbound_mail") else []
    found += _lanes(session, actor) if may(actor, Operation.READ, "message") else []
    if may(actor, Operation.READ, "invoice"):
        count = _count(session, invoices.invoices(actor).where(invoices.reaching_nobody()), Invoice.id)
        hint = say("Nobody has them, and sending them would reach nobody; the plan of each says why.")
        if count:
            found.append(Figure(say("Invoices that reach nobody"), count, "/invoices/list/?reaches_nobody=yes", hint))
    return found


def _incoming(session: Session, actor: Actor) -> list[Figure]:
    count = _count(session, incoming.waiting(actor), InboundMail.id)
    hint = say("They belong to no ticket by themselves. Add each to its ticket, or be done with it.")
    return [Figure(say("Mails that wait"), count, "/inbound-mails/list/?state=waiting", hint)] if count else []


def _lanes(session: Session, actor: Actor) -> list[Figure]:
    count = len(watching.waiting_lanes(session, actor, now=clock.now()))
    hint = say("They are tried again by themselves; the list of messages says what the servers said.")
    return [Figure(say("Mail servers that wait"), count, "/messages/list/", hint)] if count else []


def _copies(session: Session, actor: Actor) -> list[Figure]:
    found = []
    counts = watching.counts(session, actor, now=clock.now(), only=("failed", "held", "uncertain"))
    for state, label, hint in (
        ("failed", say("Copies that failed"), say("The mail server refused them for good; the message says why.")),
        ("held", say("Copies that are held"), say("Something must be put right first; the message says what.")),
        ("uncertain", say("Copies whose delivery is uncertain"), say("A worker stopped while it was sending.")),
    ):
        count = counts[state]
        if count.number:
            found.append(Figure(label, count.number, f"/messages/list/?state={state}", hint, capped=count.capped))
    return found


def _bounced(session: Session, actor: Actor) -> list[Figure]:
    bounced = suppressions.suppressions(actor).where(Suppression.kind.in_(BOUNCES))
    count = _count(session, bounced, Suppression.id)
    hint = say("They get nothing any more. Put them right at the customer or contact, or lift them.")
    return [Figure(say("Addresses that bounced"), count, "/suppressions/list/?bounced=yes", hint)] if count else []


def _count(session: Session, statement: Select[Any], column: Any) -> int:  # noqa: ANN401  any id column
    return session.scalar(select(func.count()).select_from(statement.with_only_columns(column).subquery())) or 0
