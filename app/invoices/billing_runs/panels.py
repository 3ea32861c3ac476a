"""The tabs of a billing run's page: its plan and progress, and its invoices."""

from __future__ import annotations

from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.bill_format import BillFormat
from app.core.words import say, say_count
from app.invoices.billing_runs import outcomes, progress, queries
from app.invoices.billing_runs.kind import KIND
from app.invoices.billing_runs.models import BillingRun, RunInvoice
from app.invoices.billing_runs.rules import PAUSE_WORDS, REASON_WORDS, RowState
from app.runs.outcomes import Row
from app.runs.pages import RunPages, RunWords
from app.runs.panels import customer_named, register_run_tabs
from app.runs.progress import Sums

WORDS = RunWords(
    plural=say("Invoices"),
    one=say("Invoice"),
    rows_of_run=say("Invoices of this run"),
    counted=lambda count: say_count("{count} invoice", "{count} invoices", count),
    left_out=lambda count: say_count("{count} invoice is left out.", "{count} invoices are left out.", count),
    reach_nobody=lambda count: say_count("{count} invoice reaches nobody", "{count} invoices reach nobody", count),
    show=lambda count: say_count("Show {count} invoice", "Show {count} invoices", count),
    finished=lambda count: say_count("Finished: {count} invoice done.", "Finished: {count} invoices done.", count),
    running=lambda done, total: say("{done} of {total} invoices done.", done=done, total=total),
    paused=lambda done, total: say("Paused: {done} of {total} invoices done.", done=done, total=total),
    not_started=say("Nothing of this is sent before it is started."),
    messages=say("Messages of the invoices sent"),
    trouble=say("What was not sent, and what to do"),
    nothing_matches=say("No invoice of this run is of this kind."),
    take=lambda number: say("Take invoice {number}", number=number),
    plan_of=lambda number: say("Plan of invoice {number}", number=number),
)


def register() -> None:
    """Put the tabs in place; that of the history comes after them."""
    register_run_tabs(PAGES)


def _named(row: RunInvoice) -> dict[str, Any]:
    invoice = row.invoice
    living = invoice.deleted_at is None and invoice.customer.deleted_at is None
    customer = customer_named(invoice.customer)
    return {
        "number": invoice.number,
        "url": url_for("InvoiceView.show", pk=invoice.id) if living else None,
        "customer": customer["customer"],
        "customer_url": customer["customer_url"] if living else None,
    }


def _shown(row: Row) -> dict[str, Any]:
    invoice = row.kept.invoice
    living = invoice.deleted_at is None and invoice.customer.deleted_at is None
    return {"plan_url": url_for("InvoiceView.send", pk=invoice.id) if living else None, "plan_label": say("Plan")}


def _formats(_session: Session, _actor: Actor, _run: BillingRun, sums: Sums) -> dict[str, Any]:
    return {
        "formats": [
            say("{format}: {count}", format=BillFormat(name).words if name else say("Plain"), count=f"{number:,}")
            for name, number in sums.by_format.items()
        ]
    }


PAGES = RunPages(
    kind=KIND,
    view="BillingRunView",
    words=WORDS,
    states=tuple(RowState),
    tones={
        RowState.WAITING: "neutral",
        RowState.UNTICKED: "neutral",
        RowState.SENT: "success",
        RowState.NOTHING_TO_SEND: "info",
        RowState.CHANGED: "warning",
        RowState.FAILED: "danger",
    },
    trouble=(RowState.CHANGED, RowState.FAILED, RowState.NOTHING_TO_SEND),
    advice=REASON_WORDS,
    pause_words=PAUSE_WORDS,
    outcomes=outcomes.OUTCOMES,
    rows=queries.rows,
    page=outcomes.page,
    sums=progress.sums,
    named=_named,
    tab="invoices",
    shown=_shown,
    more=_formats,
)
