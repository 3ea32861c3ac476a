"""What the mailer shows: a plan before sending, and the messages of a customer, a contact or a document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import url_for
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.addresses import normalise
from app.mailer import queries
from app.mailer.documents import DocumentSource, source_of
from app.mailer.holding import MISSING, Wait, wait_for
from app.mailer.message_states import MessageState
from app.mailer.models import Message
from app.mailer.rules import Message as Planned
from app.mailer.rules import Plan, explain
from app.web.display import moment, tag
from app.web.panels import Tab, first_rows, register_tab

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
_COLUMNS = {"address": "Address", "document_number": "Document", "format": "Format", "state": "State", "at": "When"}


def register() -> None:
    """Put the Messages tabs in place."""
    for resource, statement in (("customer", _of_customer), ("contact", _of_contact)):
        register_tab(resource, messages_tab(statement))


def state_tag(message: Message) -> Any:
    """Return the mark of a message's state."""
    return tag(message.state.capitalize(), TONES[message.state])


def plan_context(plan: Plan, *, untick: tuple[str, ...]) -> dict[str, Any]:
    """Return what the page of a plan shows."""
    unticked = {normalise(address) for address in untick}
    source = source_of(plan.document.kind.value)
    return {
        "noun": source.noun,
        "plan": plan,
        "fingerprint": plan.fingerprint,
        "planned": [_planned(message, source) for message in plan.messages],
        "skipped": [
            {
                "address": skip.address,
                "name": skip.name,
                "reason": explain(skip.reason),
                "detail": skip.detail,
                "unticked": skip.key in unticked and skip.reason == "unticked",
            }
            for skip in plan.skipped
        ],
        "reaches_nobody": plan.reaches_nobody,
    }


def _planned(message: Planned, source: DocumentSource) -> dict[str, Any]:
    """Return a row of a plan's page; `waits` says what keeps the copy from leaving at once, or is empty."""
    wait = _wait(message, source)
    return {
        "address": message.address,
        "name": message.name,
        "format": message.format.value.capitalize() if message.format else None,
        "usage_reports": len(message.usage_reports),
        "waits": f"Waits: {MISSING[wait.code]} not available yet." if wait else "",
        "looked_at": f"{message.format or ''} {message.address}",
        "reasons": [f"{way.name}: {explain(way.reason)}" for way in message.recipients],
    }


def _wait(message: Planned, source: DocumentSource) -> Wait | None:
    return wait_for(source, format_=message.format, usage_reports=message.usage_reports)


def sending_summary(done: Plan) -> str:
    """Say what became of the copies of a plan that was executed: how many are on the way, how many are held, and why.

    A plan without messages has nothing to say: the text is empty.
    """
    source = source_of(done.document.kind.value)
    held = [message for message in done.messages if message.state == MessageState.HELD]
    away = len(done.messages) - len(held)
    parts = []
    if away:
        parts.append(f"{away} {'copy is' if away == 1 else 'copies are'} on the way")
    if held:
        waits = [wait for message in held if (wait := _wait(message, source))]
        what = " or ".join(sorted({MISSING[wait.code] for wait in waits}))
        copies = "" if away else (" copy" if len(held) == 1 else " copies")
        verb, whose = ("is", "its") if len(held) == 1 else ("are", "their")
        parts.append(f"{len(held)}{copies} {verb} held until {whose} {what} can be made")
    return f"{', '.join(parts)}." if parts else ""


def plan_changes(looked_at: list[str], plan: Plan) -> list[str]:
    """Say in sentences how a plan differs from the one that was looked at.

    `looked_at` holds what its page posted for each message: the format, a space, and the address.
    """
    before = {normalise(address): (address, form) for form, _, address in (one.partition(" ") for one in looked_at)}
    after = {message.key: (message.address, message.format or "") for message in plan.messages}
    changes = [
        f"{address} gets a copy, and did not before." for key, (address, _) in after.items() if key not in before
    ]
    for key, (address, form) in before.items():
        if key not in after:
            why = next((explain(skip.reason) for skip in plan.skipped if skip.key == key), "Nothing leads there.")
            changes.append(f"{address} no longer gets a copy. {why}")
        elif after[key][1] != form:
            changes.append(f"{address} gets the {after[key][1] or 'plain'} format instead of {form or 'plain'}.")
    return changes or ["The document itself, or a reason, has changed; the same addresses get it."]


def _of_customer(actor: Actor, record: Any) -> Select[Any]:
    return queries.messages(actor).where(Message.customer_id == record.id)


def _of_contact(actor: Actor, record: Any) -> Select[Any]:
    return queries.messages(actor).where(Message.address_normalised == (record.email_normalised or ""))


def messages_tab(statement: Callable[[Actor, Any], Select[Any]]) -> Tab:
    """Return a tab with the messages that `statement` selects for an actor and a record."""

    def count(session: Session, actor: Actor, record: Any) -> int:
        ids = statement(actor, record).with_only_columns(Message.id).order_by(None)
        return session.scalar(select(func.count()).select_from(ids.subquery())) or 0

    def context(session: Session, actor: Actor, record: Any) -> dict[str, Any]:
        rows, more = first_rows(session, statement(actor, record).order_by(Message.id.desc()))
        return {
            "columns": [{"key": key, "label": label} for key, label in _COLUMNS.items()],
            "rows": [_row(message) for message in rows],
            "more": more,
            "empty": {
                "title": "No messages yet",
                "text": "Each copy that is sent is kept here, with the reason why it went.",
            },
        }

    return Tab("messages", "Messages", "message", "mailer/tab.html", count=count, context=context)


def _row(message: Message) -> dict[str, Any]:
    values = {
        "address": message.address,
        "document_number": message.document_number,
        "format": message.format.capitalize() if message.format else None,
        "state": state_tag(message),
        "at": moment(message.sent_at or message.created_at),
    }
    return {
        "pk": message.id,
        "url": url_for("MessageView.show", pk=message.id),
        "cells": [{"key": key, "label": label, "value": values[key]} for key, label in _COLUMNS.items()],
    }
