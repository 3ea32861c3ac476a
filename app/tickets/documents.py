"""Ticket updates as a plan asks for them: written ones, and those that somebody is about to write."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.models import StaffUser
from app.core.actor import Actor
from app.mailer.planning.plan_model import Document, DocumentKind
from app.tickets.models import Ticket, TicketUpdate
from app.tickets.rules import UPDATE_VERSION

# What an update is called before it is written: its plan is looked at first.
DRAFT_ID = 0


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes an update: the name that readers see, and the address that gets no copy of it.

    `sent_from` is the address that their mail claims to be from, where it is another one: it gets no copy either.
    """

    name: str = ""
    address: str | None = None
    sent_from: str | None = None


def author_of(session: Session, actor: Actor) -> Author:
    """Return who an actor is to the readers of an update; the program itself has neither name nor address."""
    if actor.user_id is None:
        return Author()
    columns = select(StaffUser.first_name, StaffUser.last_name, StaffUser.email)
    row = session.execute(columns.where(StaffUser.id == actor.user_id)).one_or_none()
    if row is None:
        return Author(actor.username)
    return Author(f"{row.first_name or ''} {row.last_name or ''}".strip() or actor.username, row.email or None)


def document_of(update: TicketUpdate) -> Document:
    """Return a written update as a plan asks for it."""
    ticket = update.ticket
    return Document(
        kind=DocumentKind.TICKET_UPDATE,
        id=update.id,
        number=update.number,
        version=UPDATE_VERSION,
        type_id=ticket.ticket_type_id,
        internal=update.internal,
        author_address=update.author_address,
        sent_from=update.sent_from,
        requester_email=ticket.requester_email,
        thread_id=ticket.id,
    )


def draft_of(document: Document) -> Document:
    """Return a written update as it was looked at before: the same, with the id of none."""
    return replace(document, id=DRAFT_ID)


def draft_below(ticket: Ticket, *, author: Author, internal: bool = False) -> Document:
    """Return an update that is about to be written on a ticket."""
    return Document(
        kind=DocumentKind.TICKET_UPDATE,
        id=DRAFT_ID,
        number=ticket.number,
        version=UPDATE_VERSION,
        type_id=ticket.ticket_type_id,
        internal=internal,
        author_address=author.address,
        sent_from=author.sent_from,
        requester_email=ticket.requester_email,
        thread_id=ticket.id,
    )


def draft_of_ticket(*, author: Author, type_id: int | None, requester_email: str | None) -> Document:
    """Return the first text of a ticket that is about to be opened."""
    return Document(
        kind=DocumentKind.TICKET_UPDATE,
        id=DRAFT_ID,
        number="",
        version=UPDATE_VERSION,
        type_id=type_id,
        author_address=author.address,
        sent_from=author.sent_from,
        requester_email=requester_email,
    )
