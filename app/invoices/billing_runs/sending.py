"""The verb of the worker: the next invoices of a run into the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import Operation
from app.core import audit
from app.core.actor import Actor
from app.core.audit import Touch, Verb
from app.core.errors import DomainError
from app.invoices import queries as invoices
from app.invoices.billing_runs import queries
from app.invoices.billing_runs.kind import KIND
from app.invoices.billing_runs.models import BillingRun, RunInvoice
from app.invoices.billing_runs.rules import Came, RowReason, RowState, state_after
from app.invoices.models import Invoice
from app.invoices.sent import ensure_sendable, mark_sent
from app.mailer.planning.facts import Defaults
from app.mailer.planning.many import lock_customers
from app.mailer.planning.plan_model import Document, DocumentKind, Plan
from app.mailer.planning.reasons import Reason
from app.mailer.sending_many import Executed, ToSend, send_documents

_REASONS = {one.value: one for one in RowReason}


def send_next(session: Session, actor: Actor, *, run_id: int, size: int, defaults: Defaults) -> int | None:
    """Send the next invoices of a run by the plans that were looked at; return how many had their turn.

    All of it is one unit of work: whoever is killed in it has done nothing. None means that the run isn't anybody's to
    advance just now: another worker holds it, or it isn't under way. Raises Forbidden.
    """
    ensure(actor, Operation.SEND, "invoice")
    run = queries.in_turn(session, run_id)
    if run is None:
        return None
    rows = queries.waiting(session, run.id, limit=size)
    if not rows:
        return 0
    found = _held(session, actor, rows)
    lines = queries.line_counts(session, list(found))
    sendable = []
    for row in rows:
        refused = _refused(actor, found.get(row.invoice_id), lines.get(row.invoice_id, 0))
        if refused is None:
            sendable.append(row)
        else:
            row.state, row.reason = RowState.FAILED.value, refused.value
    executed = send_documents(
        session, wanted=[_to_send(row, found[row.invoice_id]) for row in sendable], defaults=defaults
    )
    _note(session, actor, run, list(zip(sendable, executed, strict=True)))
    return len(rows)


def _held(session: Session, actor: Actor, rows: Sequence[RunInvoice]) -> dict[int, Any]:
    """Lock the invoices of some rows, and their customers before them; return those in sight, by id.

    A row of them has id, number, version, status and customer_id.
    """
    ids = [row.invoice_id for row in rows]
    lock_customers(session, session.scalars(select(Invoice.customer_id).where(Invoice.id.in_(ids))).all())
    columns = (Invoice.id, Invoice.number, Invoice.version, Invoice.status, Invoice.customer_id)
    seen = invoices.invoices(actor).options().with_only_columns(*columns).where(Invoice.id.in_(ids))
    return {one.id: one for one in session.execute(seen.order_by(Invoice.id).with_for_update(of=Invoice))}


def _refused(actor: Actor, invoice: Any, line_count: int) -> RowReason | None:  # noqa: ANN401  a row, or None
    """Return why an invoice can't be sent, or None where it can."""
    if invoice is None:
        return RowReason.GONE
    try:
        ensure_sendable(actor, status=invoice.status, line_count=line_count)
    except DomainError as refusal:
        return _REASONS.get(refusal.code, RowReason.NO_LINES)
    return None


def _to_send(row: RunInvoice, invoice: Any) -> ToSend:  # noqa: ANN401  a row
    return ToSend(
        document=Document(kind=DocumentKind.INVOICE, id=invoice.id, number=invoice.number, version=invoice.version),
        customer_id=invoice.customer_id,
        fingerprint=row.fingerprint,
        seen_version=row.seen_version,
        seen_until=row.seen_until,
    )


def _note(session: Session, actor: Actor, run: BillingRun, done: Sequence[tuple[RunInvoice, Executed]]) -> None:
    """Note what came of each invoice; mark those sent, and leave one audit entry for all of them."""
    for row, one in done:
        state, reason = state_after(_came(one))
        row.state, row.reason = state.value, reason.value if reason else None
    made = {one.plan.document.id: one.touched for _, one in done if one.touched}
    if not made:
        return
    statement = invoices.invoices(actor).where(Invoice.id.in_(made)).order_by(Invoice.id)
    sent = session.scalars(statement.execution_options(populate_existing=True)).all()
    changes = mark_sent(session, sent)
    touched = [KIND.touch(run)]
    for one in sent:
        touched += [Touch("invoice", one.id, one.label, changes[one.id]), *made[one.id]]
    audit.record(session, actor, verb=Verb.INVOICE_SENT, touched=touched)


def _came(one: Executed) -> Came:
    return Came(
        is_same=one.is_same,
        only_sent=one.only_sent,
        copies=len(one.plan.messages),
        have_it=_have_it(one.plan),
    )


def _have_it(plan: Plan) -> bool:
    return any(skip.reason == Reason.ALREADY_SENT for skip in plan.skipped)
