"""Which ticket a mail answers: the signed token of the address that it was sent to says so, and nothing else does."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.inbound import queries
from app.inbound.reading import Mail
from app.inbound.rules import CAP, Unmatched
from app.mailer.bounces import verp
from app.mailer.bounces.verp import Purpose
from app.mailer.models import Message
from app.mailer.planning.plan_model import DocumentKind
from app.tickets.models import Ticket, TicketUpdate

_LIKE_A_TOKEN = re.compile(r"\+[0-9]{1,19}-[a-z2-7]{16}@", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a mail answers, as far as it is known; `reason` says why it becomes no update by itself, if it doesn't."""

    reason: Unmatched | None = None
    message: Message | None = None
    ticket: Ticket | None = None


def answered_message_id(mail: Mail, *, secret: str) -> int | None:
    """Return the id of the message that the token of one of a mail's addresses names; None where none is ours."""
    return verp.message_among(mail.delivered_to, secret=secret, purpose=Purpose.ANSWER)


def match(session: Session, mail: Mail, *, answered_id: int | None, says_something: bool) -> Match:
    """Return what a mail answers, and why it becomes no update of it, if it doesn't.

    `says_something` tells that it has words of its own, or files.
    """
    if answered_id is None:
        return Match(reason=_without_token(mail))
    message = session.scalar(select(Message).where(Message.id == answered_id))
    if message is None or message.purged_at is not None:
        return Match(reason=Unmatched.MESSAGE_GONE)
    ticket = _ticket_of(session, message)
    if ticket is None:
        return Match(reason=Unmatched.NO_TICKET, message=message)
    reason = _against(session, mail, ticket, answered_id)
    if reason is None and not says_something:
        reason = Unmatched.EMPTY
    return Match(reason=reason, message=message, ticket=ticket)


def _without_token(mail: Mail) -> Unmatched:
    if mail.is_automatic:
        return Unmatched.AUTOMATIC
    return Unmatched.FOREIGN_TOKEN if _is_like_a_token(mail.delivered_to) else Unmatched.NO_TOKEN


def _is_like_a_token(addresses: Iterable[str]) -> bool:
    return any(_LIKE_A_TOKEN.search(address) for address in addresses)


def _ticket_of(session: Session, message: Message) -> Ticket | None:
    if message.document_kind != DocumentKind.TICKET_UPDATE:
        return None
    statement = select(Ticket).join(TicketUpdate, TicketUpdate.ticket_id == Ticket.id)
    found: Ticket | None = session.scalar(
        statement.where(TicketUpdate.id == message.document_id, Ticket.purged_at.is_(None))
    )
    return found


def _against(session: Session, mail: Mail, ticket: Ticket, answered_id: int) -> Unmatched | None:
    """Return the first thing that speaks against a proven answer becoming an update by itself."""
    found = (
        (ticket.deleted_at is not None, Unmatched.TICKET_DELETED),
        (mail.is_automatic, Unmatched.AUTOMATIC),
        (mail.is_too_large, Unmatched.TOO_LARGE),
        (not mail.is_readable, Unmatched.UNREADABLE),
        (queries.has_same_id(session, mail.message_id, answered_id=answered_id), Unmatched.SAME_ID),
        (queries.answers_lately(session, ticket_id=ticket.id) >= CAP, Unmatched.TOO_MANY),
    )
    return next((reason for speaks, reason in found if speaks), None)
