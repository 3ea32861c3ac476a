"""A ticket's updates as the screens show them: a conversation, its links made clickable, nothing else of it markup."""

from __future__ import annotations

from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from app.core.words import say, say_count
from app.mailer.screens.file_fields import listed_files
from app.tickets import queries
from app.tickets.models import Ticket, TicketUpdate
from app.tickets.rules import UpdateKind, pieces


def conversation(session: Session, ticket: Ticket) -> list[dict[str, Any]]:
    """Return a ticket's updates, oldest first, each with what its copies came to."""
    updates = queries.updates_of(session, ticket_id=ticket.id)
    copies = queries.copies_of(session, [one.id for one in updates])
    return [_shown(ticket, one, copies.get(one.id, 0)) for one in updates]


def _shown(ticket: Ticket, update: TicketUpdate, copies: int) -> dict[str, Any]:
    kind = UpdateKind(update.kind)
    return {
        "id": update.id,
        "author": update.author_name or say("Counterpart"),
        "at": update.created_at,
        "happened": None if kind is UpdateKind.TEXT else kind.words,
        "internal": update.internal,
        "files": listed_files(
            update.attachments,
            lambda one: url_for("TicketView.attachment", pk=ticket.id, attachment_pk=one.id),
        ),
        "pieces": pieces(update.body or ""),
        "copies": None if update.internal else say_count("{count} copy", "{count} copies", copies),
        "why_url": None if update.internal else url_for("TicketUpdateView.send", pk=update.id),
        "label": say("Update {number}", number=f"{ticket.number}/{update.position}"),
    }
