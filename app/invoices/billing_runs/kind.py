"""What a billing run is among runs: its tables, who sees it, and that it sends invoices."""

from __future__ import annotations

from sqlalchemy import ColumnElement, true

from app.access.ask import ensure
from app.access.table import Operation
from app.core.actor import Actor
from app.core.words import say
from app.invoices.billing_runs.models import BillingRun, RunInvoice, RunOutcome
from app.mailer.planning.plan_model import DocumentKind
from app.runs.kind import RunKind


def _of_dealer(actor: Actor, _operation: Operation) -> ColumnElement[bool]:
    return true() if actor.dealer_code is None else BillingRun.dealer_code == actor.dealer_code


def _ensure_on(actor: Actor, operation: Operation, _run: BillingRun) -> None:
    """Have nobody start or resume a run who may not send invoices."""
    if operation in (Operation.SEND, Operation.RESUME):
        ensure(actor, Operation.SEND, "invoice")


KIND = RunKind(
    name="billing_run",
    none_with_id=say("There is no billing run with this id."),
    run=BillingRun,
    row=RunInvoice,
    outcome=RunOutcome,
    subject="invoice_id",
    size="invoice_count",
    document="invoice_id",
    document_kind=DocumentKind.INVOICE,
    is_seen=_of_dealer,
    ensure_on=_ensure_on,
)
