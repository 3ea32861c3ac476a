"""Plans of ticket updates: of written ones, of the one that is being typed, and of the first text of a new ticket."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import Operation
from app.core.actor import Actor
from app.customers.models import Customer
from app.mailer import service as mailer
from app.mailer.planning.choices import Choices
from app.mailer.planning.facts import Defaults
from app.mailer.planning.rules import Plan
from app.tickets.documents import Author, author_of, document_of, draft_below, draft_of_ticket
from app.tickets.models import Ticket, TicketUpdate


def plan_update(session: Session, actor: Actor, *, update: TicketUpdate, choices: Choices, defaults: Defaults) -> Plan:
    """Return who would get a written update, who has it, and who would not. Raises Forbidden."""
    ensure(actor, Operation.READ, "ticket")
    return mailer.plan_document(
        session, document=document_of(update), customer=update.customer, choices=choices, defaults=defaults
    )


def plan_update_again(
    session: Session, actor: Actor, *, update: TicketUpdate, addresses: tuple[str, ...], defaults: Defaults
) -> Plan:
    """Return what addresses that have had an update would get if it was sent again. Raises Forbidden."""
    ensure(actor, Operation.READ, "ticket")
    return mailer.plan_document_again(
        session, document=document_of(update), customer=update.customer, addresses=addresses, defaults=defaults
    )


def plan_next(
    session: Session,
    actor: Actor,
    *,
    ticket: Ticket,
    choices: Choices,
    defaults: Defaults,
    internal: bool = False,
    author: Author | None = None,
) -> Plan:
    """Return who would get what the actor, or another author, is about to write on a ticket. Raises Forbidden."""
    ensure(actor, Operation.READ, "ticket")
    document = draft_below(ticket, author=author or author_of(session, actor), internal=internal)
    return mailer.plan_document(
        session, document=document, customer=ticket.customer, choices=choices, defaults=defaults
    )


def plan_opening(
    session: Session,
    actor: Actor,
    *,
    customer: Customer,
    type_id: int | None,
    requester_email: str | None,
    choices: Choices,
    defaults: Defaults,
) -> Plan:
    """Return who would get the first text of a ticket that the actor is about to open. Raises Forbidden."""
    ensure(actor, Operation.CREATE, "ticket")
    document = draft_of_ticket(author=author_of(session, actor), type_id=type_id, requester_email=requester_email)
    return mailer.plan_document(session, document=document, customer=customer, choices=choices, defaults=defaults)
