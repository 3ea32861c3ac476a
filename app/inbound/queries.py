"""Reads of the mails that came in, within the actor's sight."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Select, func, or_, select, true
from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import Operation
from app.core import clock
from app.core.actor import Actor, Door
from app.core.addresses import normalise
from app.core.errors import NotFound
from app.core.words import say
from app.customers import queries as customers
from app.customers.models import Customer
from app.inbound.models import InboundMail
from app.inbound.rules import WITHIN, MailState
from app.mailer.models import Content
from app.tickets.models import Ticket, TicketUpdate


def inbound_mails(actor: Actor) -> Select[InboundMail]:
    """Select the living mails in sight. Raises Forbidden."""
    ensure(actor, Operation.READ, "inbound_mail")
    return select(InboundMail).where(InboundMail.deleted_at.is_(None), _in_sight(actor))


def inbound_mail(session: Session, actor: Actor, *, mail_id: int, lock: bool = False) -> InboundMail:
    """Return one living mail in sight. Raises NotFound, Forbidden."""
    statement = inbound_mails(actor).where(InboundMail.id == mail_id)
    found: InboundMail | None = session.scalar(_locked(statement) if lock else statement)
    if found is None:
        raise NotFound(say("There is no incoming mail with this id."))
    return found


def trash(actor: Actor) -> Select[InboundMail]:
    """Select the deleted mails in sight. Raises Forbidden."""
    ensure(actor, Operation.TRASH, "inbound_mail")
    return select(InboundMail).where(
        InboundMail.deleted_at.is_not(None), InboundMail.purged_at.is_(None), _in_sight(actor)
    )


def deleted_mail(session: Session, actor: Actor, *, mail_id: int) -> InboundMail:
    """Return one in sight, deleted or not, yet not purged, locked. Raises NotFound."""
    statement = select(InboundMail).where(InboundMail.id == mail_id, InboundMail.purged_at.is_(None), _in_sight(actor))
    found: InboundMail | None = session.scalar(_locked(statement))
    if found is None:
        raise NotFound(say("There is no incoming mail with this id."))
    return found


def waiting(actor: Actor) -> Select[InboundMail]:
    """Select the mails in sight that somebody has to look at. Raises Forbidden."""
    return inbound_mails(actor).where(InboundMail.state == MailState.WAITING.value)


def matching(text: str) -> ColumnElement[bool]:
    """Return the condition that a mail's sender or subject holds a text."""
    return or_(
        InboundMail.from_normalised.contains(normalise(text), autoescape=True),
        InboundMail.from_name.icontains(text, autoescape=True),
        InboundMail.subject.icontains(text, autoescape=True),
    )


def mails_of_updates(session: Session, update_ids: Collection[int]) -> Sequence[InboundMail]:
    """Return the mails that some updates came by. That their ticket is in sight is for the caller to see."""
    if not update_ids:
        return []
    statement = select(InboundMail).where(
        InboundMail.ticket_update_id.in_(update_ids), InboundMail.deleted_at.is_(None)
    )
    return session.scalars(statement).all()


def raw_of(session: Session, mail: InboundMail) -> bytes:
    """Return a mail as it came. Raises NotFound where nothing of it is kept."""
    content = session.get(Content, mail.content_digest) if mail.content_digest else None
    if content is None:
        raise NotFound(say("Nothing of this mail is kept."))
    return content.data


def is_known(session: Session, identity: str) -> bool:
    """Tell whether a mail was taken in before, whatever became of it."""
    return session.scalar(select(InboundMail.id).where(InboundMail.identity == identity)) is not None


def has_same_id(session: Session, message_id: str, *, answered_id: int) -> bool:
    """Tell whether another mail with a Message-ID has answered the same message."""
    if not message_id:
        return False
    statement = select(InboundMail.id).where(
        InboundMail.message_id == message_id, InboundMail.answered_id == answered_id
    )
    return session.scalar(statement.limit(1)) is not None


def answers_lately(session: Session, *, ticket_id: int) -> int:
    """Return how many answers by mail a ticket got lately."""
    statement = select(func.count()).where(
        TicketUpdate.ticket_id == ticket_id,
        TicketUpdate.door == Door.INBOUND.value,
        TicketUpdate.created_at > clock.now() - WITHIN,
    )
    return session.scalar(statement) or 0


def _in_sight(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that a mail is in sight: any, or those of the tickets of the dealer's customers."""
    if actor.dealer_code is None:
        return true()
    of_dealer = (
        select(Ticket.id)
        .join(Customer, Customer.id == Ticket.customer_id)
        .where(Ticket.deleted_at.is_(None), customers.in_sight(actor))
    )
    return InboundMail.ticket_id.in_(of_dealer)


def _locked(statement: Select[InboundMail]) -> Select[InboundMail]:
    return statement.with_for_update(of=InboundMail).execution_options(populate_existing=True)
