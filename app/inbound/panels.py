"""What mails that came in put on pages: the tab with the text, the tasks, and what staff are told of an update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import url_for
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor, Door
from app.core.words import Words, say
from app.inbound import queries
from app.inbound.files import why_not
from app.inbound.models import InboundMail
from app.inbound.rules import MAX_OCTETS, MailState
from app.tickets.conversation import register_update_notes
from app.tickets.models import TicketUpdate
from app.web.current import current_actor
from app.web.display import link
from app.web.panels import Action, Tab, register_action, register_tab
from app.web.words import translated


def register() -> None:
    """Put them in place."""
    resource = "inbound_mail"
    register_tab(
        resource,
        Tab("text", say("Text"), resource, "inbound/mail_tab.html", count=lambda *_: None, context=_text),
    )
    register_action(
        resource,
        Action(
            say("Add to ticket"),
            resource,
            Operation.UPDATE,
            lambda mail: url_for("InboundMailView.add_to_ticket", pk=mail.id),
            icon="ticket",
            applies=lambda mail: mail.state != MailState.ADDED,
        ),
    )
    register_action(
        resource,
        Action(
            say("Done"),
            resource,
            Operation.UPDATE,
            lambda mail: url_for("InboundMailView.finish", pk=mail.id),
            icon="check",
            applies=lambda mail: mail.state in (MailState.WAITING, MailState.AUTOMATIC),
        ),
    )
    register_update_notes(notes)


def notes(session: Session, updates: Sequence[TicketUpdate]) -> Mapping[int, Sequence[Markup]]:
    """Return what staff are told of the updates that came by mail: who sent it, what is missing, and the mail."""
    by_id = {one.id: one for one in updates}
    actor = current_actor()
    found = queries.mails_of_updates(session, list(by_id))
    pairs = [(by_id[mail.ticket_update_id], mail) for mail in found if mail.ticket_update_id is not None]
    return {update.id: _lines(actor, update, mail) for update, mail in pairs}


def _lines(actor: Actor, update: TicketUpdate, mail: InboundMail) -> list[Markup]:
    lines: list[Words] = []
    if update.sent_from:
        lines.append(say("Sent from {address}, which is not where our mail went.", address=update.sent_from))
    if update.door != Door.INBOUND:
        sender = mail.from_address or say("an unknown address")
        lines.append(say("Added from a mail of {address}: nothing proves who sent it.", address=sender))
    if mail.is_cut:
        lines.append(say("It is longer than an update may be, and was cut; the mail has all of it."))
    lines += [say("Not taken: {name}. {why}", name=one["name"], why=why_not(one)) for one in mail.not_taken]
    told = [Markup("{}").format(translated(one)) for one in lines]
    raw = link(say("The mail as it came"), url_for("TicketMailView.mail", pk=update.id))
    if may(actor, Operation.READ, "inbound_mail"):
        page = link(say("Incoming mail"), url_for("InboundMailView.show", pk=mail.id))
        return [*told, Markup("{} · {}").format(page, raw)]
    return [*told, raw]


def _text(_session: Session, _actor: Actor, mail: InboundMail) -> dict[str, Any]:
    return {
        "text": mail.text,
        "quoted": mail.answer != mail.text,
        "too_large": mail.size > MAX_OCTETS,
        "kept": mail.content_digest is not None,
        "url": url_for("InboundMailView.source", pk=mail.id),
    }
