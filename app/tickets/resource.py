"""What the screens and REST of tickets have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session, joinedload, raiseload, selectinload

from app.core.actor import Actor
from app.core.errors import Invalid
from app.core.words import say
from app.mailer.file_calls import given_files
from app.mailer.planning.choices import Choices
from app.mailer.sending_defaults import sending_defaults
from app.tickets import queries, service
from app.tickets.fields import TICKET_FIELDS, TICKET_LABELS
from app.tickets.list_filters import TICKET_FILTERS
from app.tickets.models import Ticket
from app.tickets.service import Copies
from app.web.resource import Resource

# What opening a ticket takes beside the ticket's own fields.
_BESIDE = ("fingerprint", "untick", "attachments")


def copies_from(given: Mapping[str, object]) -> Copies:
    """Return how copies go, from what a form or a program gave: `fingerprint` and `untick`. Raises Invalid."""
    fingerprint = given.get("fingerprint")
    if fingerprint is not None and not isinstance(fingerprint, str):
        raise Invalid(say("The fingerprint is a text."), field="fingerprint")
    choices = Choices.checked(recipients=None, untick=given.get("untick"))
    return Copies(defaults=sending_defaults(), choices=choices, fingerprint=fingerprint)


def _open(session: Session, actor: Actor, given: Mapping[str, object]) -> Ticket:
    values = {name: value for name, value in given.items() if name not in _BESIDE}
    files = given_files(given.get("attachments"))
    return service.open_ticket(session, actor, values=values, copies=copies_from(given), files=files)


def _closed(ticket: Any) -> bool:
    closed: bool = ticket.ticket_status.closed
    return closed


TICKET = Resource(
    name="ticket",
    label=say("Ticket"),
    plural=say("Tickets"),
    add_label=say("Add ticket"),
    none_yet=say("No tickets yet"),
    labels=TICKET_LABELS,
    model=Ticket,
    fields=TICKET_FIELDS,
    rows=queries.tickets,
    get=lambda session, actor, number: queries.ticket(session, actor, ticket_id=number),
    orders={
        "id": Ticket.id,
        "number": Ticket.number,
        "created_at": Ticket.created_at,
        "last_modified_at": Ticket.last_modified_at,
    },
    default_order="-last_modified_at",
    list_filters=TICKET_FILTERS,
    filters={
        "id": Ticket.id,
        "number": Ticket.number,
        "customer_id": Ticket.customer_id,
        "ticket_type": Ticket.ticket_type_id,
        "ticket_status": Ticket.ticket_status_id,
        "subject": Ticket.subject,
        "requester_email": Ticket.requester_email,
        "created_at": Ticket.created_at,
        "last_modified_at": Ticket.last_modified_at,
    },
    matching=queries.matching,
    load=(
        joinedload(Ticket.ticket_type),
        joinedload(Ticket.ticket_status),
        selectinload(Ticket.first_update),
        raiseload("*"),
    ),
    read_only={"number": lambda ticket: ticket.number, "closed": _closed},
    of_owner=("customer.account_number",),
    create=_open,
    update=lambda session, actor, number, values, version: service.update_ticket(
        session, actor, ticket_id=number, values=values, version=version
    ),
    delete=lambda session, actor, number, version: service.delete_ticket(
        session, actor, ticket_id=number, version=version
    ),
    trash=queries.trash,
    restore=lambda session, actor, number, version, act: service.restore_ticket(
        session, actor, ticket_id=number, version=version, act=act
    ),
    purge=lambda session, actor, number, reason, version: service.purge_ticket(
        session, actor, ticket_id=number, reason=reason, version=version
    ),
)
