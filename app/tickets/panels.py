"""What tickets put on pages: tabs of a ticket and of a customer, and entries of their menus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.core.words import Words, say
from app.customers.models import Customer
from app.mailer.message_states import SENT_AGAIN
from app.mailer.models import Message
from app.mailer.planning.plan_model import DocumentKind
from app.mailer.screens.panels import messages_of_many_tab
from app.tickets import queries
from app.tickets.conversation import conversation
from app.tickets.models import Ticket, TicketUpdate
from app.tickets.views import status_tag
from app.web.display import moment
from app.web.panels import Action, Tab, first_rows, register_action, register_add, register_tab

_COLUMNS = {
    "number": say("Number"),
    "subject": say("Subject"),
    "status": say("Ticket status"),
    "at": say("Last Modified"),
}


def register() -> None:
    """Put the tabs and the menu entries in place."""
    register_tab(
        "ticket",
        Tab(
            "conversation",
            say("Conversation"),
            "ticket",
            "tickets/conversation_tab.html",
            count=lambda session, _actor, ticket: queries.last_position(session, ticket_id=ticket.id),
            context=_conversation,
        ),
    )
    register_tab("ticket", messages_of_many_tab(DocumentKind.TICKET_UPDATE, _updates_of))
    register_tab("customer", Tab("tickets", say("Tickets"), "ticket", "tickets/tab.html", count=_count, context=_rows))
    register_add("customer", Action(say("Ticket"), "ticket", Operation.CREATE, _add_url, icon="ticket"))
    _register_writing(say("Answer"), "answer", "send")
    _register_writing(say("Add internal note"), "note", "edit")
    _register_writing(say("Close"), "close", "check", applies=lambda ticket: not ticket.ticket_status.closed)
    _register_writing(say("Reopen"), "reopen", "history", applies=lambda ticket: ticket.ticket_status.closed)
    register_action(
        "message",
        Action(
            say("Send Again"),
            "ticket",
            Operation.SEND,
            lambda one: url_for("TicketUpdateView.send_again", pk=one.document_id, address=one.address),
            icon="send",
            applies=_is_sent_copy,
            key="send_ticket_update_again",
        ),
    )


def _register_writing(
    label: Words, page: str, icon: str, *, applies: Callable[[Ticket], bool] = lambda _ticket: True
) -> None:
    register_action(
        "ticket",
        Action(
            label,
            "ticket",
            Operation.UPDATE,
            lambda ticket: url_for(f"TicketView.{page}", pk=ticket.id),
            icon=icon,
            applies=applies,
        ),
    )


def _updates_of(ticket: Ticket) -> Any:
    return select(TicketUpdate.id).where(TicketUpdate.ticket_id == ticket.id)


def _is_sent_copy(message: Message) -> bool:
    left = message.state in SENT_AGAIN and message.purged_at is None
    return message.document_kind == DocumentKind.TICKET_UPDATE and left


def _add_url(customer: Customer) -> str:
    return url_for("TicketView.add", customer_id=customer.id)


def _conversation(session: Session, actor: Actor, ticket: Ticket) -> dict[str, Any]:
    pages = ("answer", "note", "reopen" if ticket.ticket_status.closed else "close")
    urls = {page: url_for(f"TicketView.{page}", pk=ticket.id) for page in pages}
    return {
        "conversation": conversation(session, ticket),
        "urls": urls if may(actor, Operation.UPDATE, "ticket") else {},
    }


def _count(session: Session, actor: Actor, customer: Customer) -> int:
    ids = queries.tickets_of_customer(actor, customer_id=customer.id).with_only_columns(Ticket.id)
    return session.scalar(select(func.count()).select_from(ids.subquery())) or 0


def _rows(session: Session, actor: Actor, customer: Customer) -> dict[str, Any]:
    statement = queries.tickets_of_customer(actor, customer_id=customer.id).options(joinedload(Ticket.ticket_status))
    rows, more = first_rows(session, statement.order_by(Ticket.series.desc()))
    add_url = _add_url(customer) if may(actor, Operation.CREATE, "ticket") else None
    return {
        "columns": [{"key": key, "label": label} for key, label in _COLUMNS.items()],
        "rows": [_row(ticket) for ticket in rows],
        "more": more,
        "list_url": url_for("TicketView.list", customer_id=customer.id),
        "add_url": add_url,
        "empty": {
            "title": say("No tickets yet"),
            "text": say("What this customer asks, and what was answered, stands here."),
            "action_url": add_url,
            "action_label": say("Add ticket"),
        },
    }


def _row(ticket: Ticket) -> dict[str, Any]:
    values = {
        "number": ticket.number,
        "subject": ticket.subject,
        "status": status_tag(ticket),
        "at": moment(ticket.last_modified_at),
    }
    return {
        "pk": ticket.id,
        "url": url_for("TicketView.show", pk=ticket.id),
        "cells": [{"key": key, "label": label, "value": values[key]} for key, label in _COLUMNS.items()],
    }
