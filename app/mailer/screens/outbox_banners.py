"""What stands on top of pages while mails don't go where they usually go: all to one address, or nowhere."""

from __future__ import annotations

from flask import current_app, request

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.core.words import Words, say
from app.extensions import db
from app.mailer.screens.outbox_panel import paused_words
from app.mailer.watching import queries

# Where somebody looks at what leaves, or is about to send: the start page, messages, and the plans of documents.
_VIEWS = ("HomeView", "MessageView", "OutboxView", "ManyMessagesView")
_TASKS = ("send", "send_again", "plan")


def banners(actor: Actor) -> list[Words]:
    """Return what the page of this request is to be headed by."""
    found = []
    redirect_all = current_app.config["SETTINGS"].redirect_all
    if redirect_all:
        found.append(say("Every mail goes to {address} instead of its recipient.", address=redirect_all))
    view, _, method = (request.endpoint or "").partition(".")
    if (view in _VIEWS or method in _TASKS) and may(actor, Operation.READ, "outbox"):
        pause = queries.pause(db.session())
        if pause is not None:
            found.append(paused_words(pause))
    return found
