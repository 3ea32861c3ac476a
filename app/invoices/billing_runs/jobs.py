"""What the worker does of billing runs in each of its rounds: the next hundred invoices of one that is under way."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.events import Event
from app.invoices.billing_runs import sending
from app.invoices.billing_runs.kind import KIND
from app.mailer.engines.background import register_background
from app.mailer.sending_defaults import sending_defaults
from app.runs import jobs as shared

# So many invoices are one unit of work: a second or so, after which the mails have their turn.
CHUNK = 100


def register() -> None:
    """Have the outbox's workers advance billing runs."""
    register_background("billing_runs", Advance())


def _send(session: Session, actor: Actor, run_id: int, size: int) -> int | None:
    return sending.send_next(session, actor, run_id=run_id, size=size, defaults=sending_defaults())


class Advance(shared.Advance):
    """Advances the billing runs that are under way in turn, one of them at each call."""

    def __init__(self) -> None:
        super().__init__(shared.Work(kind=KIND, chunk=lambda: CHUNK, next=_send, not_done=Event.INVOICE_NOT_SENT))
