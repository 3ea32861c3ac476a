"""What sending asks of an invoice, and leaves on it: the same for one and for many at once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.core.audit import Changes
from app.core.errors import Conflict, Invalid
from app.core.words import say
from app.invoices.models import Invoice
from app.invoices.particulars import keep_particulars
from app.invoices.rules import InvoiceStatus, approval_error, may_send


def ensure_sendable(actor: Actor, *, status: str, line_count: int) -> None:
    """Raise unless the actor may send an invoice of this status: Conflict (`not_approved`), Invalid (no lines)."""
    if not may_send(status, sender_may_approve=may(actor, Operation.APPROVE, "invoice")):
        raise Conflict(say("This invoice is not approved yet."), code="not_approved")
    ensure_complete(line_count)


def ensure_complete(line_count: int) -> None:
    """Raise Invalid for an invoice without lines."""
    error = approval_error(line_count)
    if error:
        raise Invalid(error, field="lines")


def mark_sent(session: Session, invoices: Sequence[Invoice]) -> dict[int, Changes]:
    """Mark invoices of which copies are in the outbox as sent; return what has changed on each, by its id."""
    before = {one.id: one.status for one in invoices}
    first = [one for one in invoices if one.status != InvoiceStatus.SENT]
    keep_particulars(session, *first)
    for one in first:
        one.status = InvoiceStatus.SENT.value
    return {
        one.id: {"status": (before[one.id], one.status)} if before[one.id] != one.status else {} for one in invoices
    }
