"""What is left of a ticket that is purged."""

from __future__ import annotations

from sqlalchemy import select

from app.core.purging import Wiping, blank, register_need, register_trace, register_wiping
from app.mailer.own_documents import register_documents
from app.mailer.planning.plan_model import DocumentKind
from app.mailer.purging import DOCUMENT, under_way
from app.tickets.models import Ticket, TicketUpdate

# Who asked what goes, with every update; the number stays taken, and the ticket stays counted.
KEPT = ("number", "series", "customer_id", "ticket_type_id", "ticket_status_id")


def register() -> None:
    """Put it in place."""
    register_documents(
        Ticket, DocumentKind.TICKET_UPDATE, lambda ids: select(TicketUpdate.id).where(TicketUpdate.ticket_id.in_(ids))
    )
    register_wiping(Ticket, Wiping(_number, wipe))
    register_trace(Ticket, DOCUMENT)
    register_need(Ticket, under_way)


def wipe(ticket: Ticket) -> None:
    """Leave a ticket's number, type and status."""
    blank(ticket, keep=KEPT, instead={"subject": ""})


def _number(ticket: Ticket) -> str:
    return ticket.number
