"""What the mailer shows on other pages: who got a copy and who did not, of a customer, a contact or a document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import url_for
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from app.access.ask import may
from app.access.table import Operation
from app.contacts.models import Contact
from app.core.actor import Actor
from app.core.words import Words, in_a_row, say
from app.mailer.documents import pages_of
from app.mailer.holding import because
from app.mailer.message_states import STATE_LABELS, MessageState
from app.mailer.models import Message, SkippedRoad
from app.mailer.planning.reasons import explain
from app.mailer.screens import who_got
from app.mailer.screens.who_got import Missed
from app.web.display import link, moment, tag
from app.web.panels import TAB_ROWS, Tab, first_rows, register_tab

TONES = {
    "held": "warning",
    "queued": "info",
    "sending": "info",
    "waiting": "warning",
    "uncertain": "warning",
    "sent": "success",
    "failed": "danger",
    "bounced": "danger",
    "cancelled": "neutral",
}
_COLUMNS = {
    "who": say("Name"),
    "address": say("Address"),
    "document": say("Document"),
    "customer": say("Customer"),
    "format": say("Format"),
    "state": say("State"),
    "why": say("Why"),
    "at": say("When"),
}
_OF_CUSTOMER = ("who", "address", "document", "format", "state", "why", "at")
_OF_CONTACT = ("document", "customer", "address", "format", "state", "why", "at")
_OF_MANY = ("who", "address", "document", "state", "why", "at")
_OF_DOCUMENT = ("who", "address", "format", "state", "why", "at")

# Which messages a record's tab shows; the same is asked of the roads that were skipped.
Which = Callable[[type[Message] | type[SkippedRoad], Any], ColumnElement[bool]]


def register() -> None:
    """Put the Messages tabs of customers and contacts in place."""
    of_customer = _tab(
        lambda model, record: model.customer_id == record.id,
        _OF_CUSTOMER,
        listed=lambda record: {"customer_id": record.id},
    )
    register_tab("customer", of_customer)
    of_contact = _tab(
        who_got.of_contact, _OF_CONTACT, missed=who_got.missed, listed=lambda record: {"contact_id": record.id}
    )
    register_tab("contact", of_contact)


def messages_tab(kind: str, *, asked_at: Callable[[Any], str]) -> Tab:
    """Return the Messages tab of a kind of document: who got it, and who did not.

    `asked_at` gives the address of the page that says why an address got none.
    """
    return _tab(
        lambda model, record: (model.document_kind == kind) & (model.document_id == record.id),
        _OF_DOCUMENT,
        listed=lambda record: {"document_kind": kind, "q": record.number},
        asked_at=asked_at,
    )


def messages_of_many_tab(kind: str, documents: Callable[[Any], Any]) -> Tab:
    """Return the Messages tab of a record that holds documents: `documents` gives the selection of their ids."""
    return _tab(
        lambda model, record: (model.document_kind == kind) & model.document_id.in_(documents(record)),
        _OF_MANY,
        listed=lambda record: {"document_kind": kind, "q": record.number},
    )


def state_tag(message: Message) -> Any:
    """Return the mark of a message's state."""
    return tag(STATE_LABELS[message.state], TONES[message.state])


def _tab(
    which: Which,
    columns: Sequence[str],
    *,
    listed: Callable[[Any], dict[str, Any]],
    missed: Callable[[Session, Actor, Contact], list[Missed]] | None = None,
    asked_at: Callable[[Any], str] | None = None,
) -> Tab:
    def count(session: Session, actor: Actor, record: Any) -> int:
        ids = who_got.messages(actor).where(which(Message, record)).with_only_columns(Message.id).order_by(None)
        return session.scalar(select(func.count()).select_from(ids.subquery())) or 0

    def context(session: Session, actor: Actor, record: Any) -> dict[str, Any]:
        contact = record if isinstance(record, Contact) else None
        rows, more = _rows(session, actor, which, record)
        lines = [_line(row, contact) for row in rows]
        if missed is not None:
            lines += [_missed_line(one) for one in missed(session, actor, record)]
        lines.sort(key=lambda line: line["sort"], reverse=True)
        return {
            "columns": [{"key": key, "label": _COLUMNS[key]} for key in columns],
            "rows": _cells_of(session, actor, lines[:TAB_ROWS], columns),
            "more": more or len(lines) > TAB_ROWS,
            "list_url": url_for("MessageView.list", **listed(record)),
            "asked_at": asked_at(record) if asked_at else None,
            "empty": {
                "title": say("No messages yet"),
                "text": say("Each copy that is sent is kept here, with the reason why it went, or did not."),
            },
        }

    return Tab("messages", say("Messages"), "message", "mailer/tab.html", count=count, context=context)


def _rows(session: Session, actor: Actor, which: Which, record: Any) -> tuple[list[Message | SkippedRoad], bool]:
    sent: Select[Any] = who_got.messages(actor).where(which(Message, record)).order_by(Message.id.desc())
    skips: Select[Any] = who_got.skipped(actor).where(which(SkippedRoad, record)).order_by(SkippedRoad.id.desc())
    messages, more_messages = first_rows(session, sent)
    skipped, more_skipped = first_rows(session, skips)
    return [*messages, *who_got.latest(skipped)], more_messages or more_skipped


def _line(row: Message | SkippedRoad, contact: Contact | None) -> dict[str, Any]:
    """Return what a row shows; `contact` is whose page it stands on."""
    if isinstance(row, Message):
        own = {
            "who": row.recipient_name,
            "format": who_got.format_words(row),
            "state": state_tag(row),
            "why": _why(row, contact),
            "url": url_for("MessageView.show", pk=row.id),
            "time": row.sent_at or row.created_at,
        }
    else:
        own = {
            "who": row.name,
            "format": None,
            "state": tag(say("Not sent")),
            "why": in_a_row([explain(row.reason), *([row.detail] if row.detail else [])]),
            "url": None,
            "time": row.created_at,
        }
    return {
        **own,
        "address": row.address,
        "document": row.document_number,
        "kind": row.document_kind,
        "document_id": row.document_id,
        "record": row.customer,
        "sort": row.created_at,
    }


def _missed_line(one: Missed) -> dict[str, Any]:
    return {
        "who": None,
        "address": None,
        "document": one.document_number,
        "kind": one.document_kind,
        "document_id": one.document_id,
        "record": one.customer,
        "format": None,
        "state": tag(say("Not sent")),
        "why": explain(one.reason),
        "url": None,
        "time": one.at,
        "sort": one.at,
    }


def _why(message: Message, contact: Contact | None) -> Words:
    """Say why an address got a copy, and what has come in between."""
    theirs = [one for one in message.reasons if contact is None or one["contact_id"] == contact.id]
    texts: list[str] = []
    if not theirs:
        texts.append(say("Their address had it for another reason."))
    texts += list(dict.fromkeys(explain(one["reason"]) for one in theirs or message.reasons))
    if message.state == MessageState.HELD:
        texts.append(because(message))
    if message.lost_reasons:
        texts.append(say("Cancelled, because this has gone:"))
        texts += list(dict.fromkeys(explain(one) for one in message.lost_reasons))
    return in_a_row(texts)


def _cells_of(
    session: Session, actor: Actor, lines: Sequence[dict[str, Any]], columns: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the rows of a tab; one of a copy that never was leads to the document, if there is a page of it."""
    pages = pages_of(session, actor, ((line["kind"], line["document_id"]) for line in lines))
    return [_cells(line, columns, actor, page=pages[line["kind"], line["document_id"]]) for line in lines]


def _cells(line: dict[str, Any], columns: Sequence[str], actor: Actor, *, page: str | None) -> dict[str, Any]:
    values = {
        **line,
        "at": moment(line["time"]),
        "customer": customer_link(line["record"], actor),
    }
    if columns[0] != "document":
        values["document"] = link(line["document"], page) if page else line["document"]
    url = line["url"] or page
    return {
        "pk": url,
        "url": url,
        "cells": [{"key": key, "label": _COLUMNS[key], "value": values[key]} for key in columns],
    }


def customer_link(customer: Any, actor: Actor) -> Any:
    """Return a customer's name, as a link where there is a page that the actor may see."""
    if customer.deleted_at is not None or not may(actor, Operation.READ, "customer"):
        return customer.label
    return link(customer.label, url_for("CustomerView.show", pk=customer.id))
