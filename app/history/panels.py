"""What the trail puts on pages: a History tab on every kind of record."""

from __future__ import annotations

from typing import Any

from flask import abort, request
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.whole_numbers import MAX_ID
from app.core.words import say
from app.history import queries
from app.history.queries import Wanted
from app.history.shown import shown_entries
from app.history.subjects import Subject, register_subject
from app.web.panels import Tab, register_tab
from app.web.request_filters import whole_number


def register(subject: Subject, *, with_tab: bool = True) -> None:
    """Have the trail know a kind of record, and put the History tab on its page."""
    register_subject(subject)
    if with_tab:
        register_tab(subject.name, history_tab(subject.name))


def history_tab(resource: str) -> Tab:
    """Return the tab with what was done to a record, newest first."""

    def context(session: Session, actor: Actor, record: Any) -> dict[str, Any]:
        before = place_in_address()
        page = queries.trail(session, actor, Wanted(record=(resource, record.id)), after=before)
        return {
            "entries": shown_entries(session, actor, page.entries, of=(resource, record.id)),
            "older_url": f"{request.path}?tab=history&before={page.next}" if page.next else None,
            "newest_url": f"{request.path}?tab=history" if before else None,
            "empty": {
                "title": say("Nothing older") if before else say("No history yet"),
                "text": say("Each change is kept here: who made it, when, and what it was before."),
            },
        }

    return Tab("history", say("History"), "audit", "history/tab.html", count=lambda *_: None, context=context)


def place_in_address() -> int | None:
    """Return the entry before which a page begins, or None for the newest; 400 for what is no id."""
    text = request.args.get("before", "")
    if not text:
        return None
    number = whole_number(text)
    if number is None or not 0 < number <= MAX_ID:
        abort(400)
    return number
