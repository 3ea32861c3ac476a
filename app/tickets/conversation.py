"""A ticket's updates as the screens show them: a conversation, its links made clickable, nothing else of it markup."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import url_for
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.core.words import say, say_count
from app.mailer.screens.file_fields import listed_files
from app.tickets import queries
from app.tickets.models import Ticket, TicketUpdate
from app.tickets.rules import UpdateKind, pieces

# What features above have to tell staff of some updates, by the update's id: a line each, as markup.
Notes = Callable[[Session, Sequence[TicketUpdate]], Mapping[int, Sequence[Markup]]]
_notes: list[Notes] = []


def register_update_notes(notes: Notes) -> None:
    """Have something told below each update, to staff alone; called by the wiring."""
    if notes not in _notes:
        _notes.append(notes)


def conversation(session: Session, ticket: Ticket) -> list[dict[str, Any]]:
    """Return a ticket's updates, oldest first, each with what its copies came to, and what there is to know of it."""
    updates = queries.updates_of(session, ticket_id=ticket.id)
    copies = queries.copies_of(session, [one.id for one in updates])
    told = [notes(session, updates) for notes in _notes]
    return [
        {
            **_shown(ticket, one, copies.get(one.id, 0)),
            "notes": [line for lines in told for line in lines.get(one.id, ())],
        }
        for one in updates
    ]


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
