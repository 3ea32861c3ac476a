"""What is left of a ticket that is purged."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import object_session

from app.core.purging import Wiping, blank, register_need, register_trace, register_wiping
from app.mailer.delivery.contents import drop_contents, register_use
from app.mailer.own_documents import register_documents
from app.mailer.planning.plan_model import DocumentKind
from app.mailer.purging import DOCUMENT, under_way
from app.tickets.models import Ticket, TicketUpdate, UpdateFile

# Who asked what goes, with every update; the number stays taken, and the ticket stays counted.
KEPT = ("number", "series", "customer_id", "ticket_type_id", "ticket_status_id")


def register() -> None:
    """Put it in place."""
    register_documents(
        Ticket, DocumentKind.TICKET_UPDATE, lambda ids: select(TicketUpdate.id).where(TicketUpdate.ticket_id.in_(ids))
    )
    register_use(UpdateFile.digest)
    register_wiping(Ticket, Wiping(_number, wipe))
    register_trace(Ticket, DOCUMENT)
    register_need(Ticket, under_way)


def wipe(ticket: Ticket) -> None:
    """Leave a ticket's number, type and status; what was said, and its files, go."""
    digests = [one.digest for update in ticket.updates for one in update.attachments]
    blank(ticket, keep=KEPT, instead={"subject": ""})
    session = object_session(ticket)
    if session is not None:
        drop_contents(session, digests)


def _number(ticket: Ticket) -> str:
    return ticket.number
