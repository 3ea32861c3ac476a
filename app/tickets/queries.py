"""Reads of tickets and their updates, within the actor's sight."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Select, SelectBase, false, func, select
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from app.access.ask import ensure
from app.access.table import Operation
from app.core import search_index
from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.words import say
from app.customers import queries as customers
from app.lookups.models import TicketStatus
from app.mailer.message_states import MessageState
from app.mailer.models import Message
from app.mailer.planning.plan_model import DocumentKind
from app.tickets.models import Ticket, TicketUpdate, UpdateFile
from app.tickets.rules import Status


def tickets(actor: Actor) -> Select[Ticket]:
    """Select the living tickets of the customers in sight, each with its customer. Raises Forbidden."""
    ensure(actor, Operation.READ, "ticket")
    return (
        select(Ticket)
        .join(Ticket.customer)
        .options(contains_eager(Ticket.customer))
        .where(Ticket.deleted_at.is_(None), customers.in_sight(actor))
    )


def ticket(session: Session, actor: Actor, *, ticket_id: int, lock: bool = False) -> Ticket:
    """Return one ticket in sight. Raises NotFound, Forbidden."""
    statement = tickets(actor).where(Ticket.id == ticket_id)
    if lock:
        statement = statement.with_for_update(of=Ticket).execution_options(populate_existing=True)
    found: Ticket | None = session.scalar(statement)
    if found is None:
        raise NotFound(say("There is no ticket with this id."))
    return found


def update(session: Session, actor: Actor, *, update_id: int, ticket_id: int | None = None) -> TicketUpdate:
    """Return one update of a ticket in sight, of that very ticket where one is named. Raises NotFound, Forbidden."""
    statement = _updates(actor).where(TicketUpdate.id == update_id)
    if ticket_id is not None:
        statement = statement.where(TicketUpdate.ticket_id == ticket_id)
    found: TicketUpdate | None = session.scalar(statement)
    if found is None:
        raise NotFound(say("There is no update with this id."))
    return found


def update_numbered(session: Session, actor: Actor, *, number: str) -> TicketUpdate:
    """Return one update of a ticket in sight by its number. Raises NotFound, Forbidden."""
    of_ticket, _, position = number.strip().rpartition("/")
    statement = _updates(actor).where(Ticket.number == of_ticket)
    if position.isascii() and position.isdigit() and len(position) < 10:  # noqa: PLR2004  an int's digits
        found: TicketUpdate | None = session.scalar(statement.where(TicketUpdate.position == int(position)))
        if found is not None:
            return found
    raise NotFound(say("There is no ticket update with this number."))


def _updates(actor: Actor) -> Select[TicketUpdate]:
    in_sight = tickets(actor).with_only_columns(Ticket.id).subquery()
    statement = select(TicketUpdate).join(TicketUpdate.ticket).options(contains_eager(TicketUpdate.ticket))
    return statement.where(TicketUpdate.ticket_id.in_(select(in_sight.c.id)))


def updates_of(session: Session, *, ticket_id: int) -> list[TicketUpdate]:
    """Return a ticket's updates, oldest first. That it is in sight is for the caller to see."""
    statement = select(TicketUpdate).where(TicketUpdate.ticket_id == ticket_id).order_by(TicketUpdate.position)
    files = selectinload(TicketUpdate.attachments).joinedload(UpdateFile.content)
    return list(session.scalars(statement.options(files)))


def attachments_of(session: Session, *, update_id: int) -> list[UpdateFile]:
    """Return the files of an update in their order, each with what is known of its bytes."""
    statement = select(UpdateFile).where(UpdateFile.ticket_update_id == update_id).order_by(UpdateFile.position)
    return list(session.scalars(statement.options(joinedload(UpdateFile.content))))


def attachment(session: Session, actor: Actor, *, ticket_id: int, file_id: int) -> UpdateFile:
    """Return one file of a ticket in sight. Raises NotFound, Forbidden."""
    own = select(TicketUpdate.id).where(TicketUpdate.ticket_id == ticket(session, actor, ticket_id=ticket_id).id)
    statement = select(UpdateFile).where(UpdateFile.id == file_id, UpdateFile.ticket_update_id.in_(own))
    found: UpdateFile | None = session.scalar(statement.options(joinedload(UpdateFile.content)))
    if found is None:
        raise NotFound(say("There is no file with this id on this ticket."))
    return found


def last_position(session: Session, *, ticket_id: int) -> int:
    """Return how many updates a ticket has."""
    return session.scalar(select(func.max(TicketUpdate.position)).where(TicketUpdate.ticket_id == ticket_id)) or 0


def copies_of(session: Session, ids: Collection[int]) -> dict[int, int]:
    """Return how many copies of each of some updates were made and are not cancelled, by the update's id."""
    statement = (
        select(Message.document_id, func.count())
        .where(
            Message.document_kind == DocumentKind.TICKET_UPDATE.value,
            Message.document_id.in_(ids),
            Message.state != MessageState.CANCELLED.value,
        )
        .group_by(Message.document_id)
    )
    return {number: count for number, count in session.execute(statement)}  # noqa: C416  dict() of rows has no type


def mails_before(session: Session, message: Message) -> list[str]:
    """Return the Message-IDs of the copies of a ticket that an address was sent before a message, oldest first."""
    statement = select(Message.message_id).where(
        Message.thread_id == message.thread_id,
        Message.document_kind == message.document_kind,
        Message.address_normalised == message.address_normalised,
        Message.state != MessageState.CANCELLED.value,
        Message.id < message.id,
    )
    return list(session.scalars(statement.order_by(Message.id)))


def trash(actor: Actor) -> Select[Ticket]:
    """Select the deleted tickets of the customers of the actor's dealer, each with its customer. Raises Forbidden."""
    ensure(actor, Operation.TRASH, "ticket")
    return (
        select(Ticket)
        .join(Ticket.customer)
        .options(contains_eager(Ticket.customer))
        .where(Ticket.deleted_at.is_not(None), Ticket.purged_at.is_(None), customers.of_dealer(actor))
    )


def deleted_ticket(session: Session, actor: Actor, *, ticket_id: int, lock: bool = True) -> Ticket:
    """Return one ticket of the actor's dealer, deleted or not, yet not purged. Raises NotFound."""
    ensure(actor, Operation.READ, "ticket")
    statement = select(Ticket).join(Ticket.customer)
    statement = statement.where(Ticket.id == ticket_id, Ticket.purged_at.is_(None), customers.of_dealer(actor))
    if lock:
        statement = statement.with_for_update(of=Ticket).execution_options(populate_existing=True)
    found: Ticket | None = session.scalar(statement)
    if found is None:
        raise NotFound(say("There is no ticket with this id."))
    return found


def tickets_of_customer(actor: Actor, *, customer_id: int) -> Select[Ticket]:
    """Select a customer's living tickets."""
    return tickets(actor).where(Ticket.customer_id == customer_id)


def last_series(session: Session, *, customer_id: int) -> int:
    """Return how many numbers a customer's series has used, deleted tickets included."""
    return session.scalar(select(func.max(Ticket.series)).where(Ticket.customer_id == customer_id)) or 0


def statuses(session: Session) -> list[Status]:
    """Return the living rows of the list of ticket statuses, in its order."""
    statement = select(TicketStatus).where(TicketStatus.deleted_at.is_(None))
    rows = session.scalars(statement.order_by(TicketStatus.position, TicketStatus.id))
    return [Status(id=row.id, closed=row.closed, active=row.active) for row in rows]


def status(session: Session, status_id: int) -> Status:
    """Return one row of the list of ticket statuses; one in use may be deleted."""
    row = session.get_one(TicketStatus, status_id)
    return Status(id=row.id, closed=row.closed, active=row.active)


def is_closed(*, closed: bool) -> ColumnElement[bool]:
    """Return the condition that a ticket is closed, or is not."""
    return Ticket.ticket_status_id.in_(select(TicketStatus.id).where(TicketStatus.closed.is_(closed)))


def is_mine(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that the actor opened a ticket, or has written on it."""
    if actor.user_id is None:
        return false()
    return Ticket.id.in_(select(TicketUpdate.ticket_id).where(TicketUpdate.user_id == actor.user_id))


def matching(text: str) -> ColumnElement[bool]:
    """Return the condition that number, subject, requester or customer is what `text` asks for."""
    return search_index.among(Ticket.id, findings(text))


def findings(text: str) -> list[SelectBase]:
    """Return selections of the ids that `matching` is about."""
    ways = list(search_index.findings("ticket", text))
    ways += [select(Ticket.id).where(Ticket.customer_id.in_(ids)) for ids in search_index.findings("customer", text)]
    return ways
