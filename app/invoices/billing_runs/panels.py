"""The tabs of a billing run's page: its plan and progress, which looks again by itself, and its invoices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import abort, request, url_for
from sqlalchemy.orm import Session

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.core.bill_format import BillFormat
from app.core.whole_numbers import MAX_ID
from app.core.words import Words, say, say_count
from app.invoices.billing_runs import outcomes, progress, queries
from app.invoices.billing_runs.buttons import buttons_of
from app.invoices.billing_runs.models import BillingRun, RunInvoice
from app.invoices.billing_runs.outcomes import OUTCOMES, REACHES_NOBODY, Row
from app.invoices.billing_runs.progress import Sums
from app.invoices.billing_runs.rules import PAUSE_WORDS, REASON_WORDS, PauseReason, RowReason, RowState, RunStatus
from app.invoices.billing_runs.views import status_tag
from app.mailer.message_states import STATE_LABELS, STATES, MessageState
from app.mailer.planning.plan_model import Skip
from app.mailer.planning.reasons import explain
from app.mailer.sending_defaults import sending_defaults
from app.web.panels import Tab, register_tab
from app.web.request_filters import whole_number

# While invoices go into the outbox, and while their messages leave it, the page looks again by itself.
FAST_SECONDS, SLOW_SECONDS = 2, 15
MAX_NOBODY = 10
_UNDER_WAY = (MessageState.QUEUED, MessageState.SENDING, MessageState.WAITING, MessageState.UNCERTAIN)
_TONES = {
    RowState.WAITING: "neutral",
    RowState.UNTICKED: "neutral",
    RowState.SENT: "success",
    RowState.NOTHING_TO_SEND: "info",
    RowState.CHANGED: "warning",
    RowState.FAILED: "danger",
}
_TROUBLE = (RowState.CHANGED, RowState.FAILED, RowState.NOTHING_TO_SEND)


def register() -> None:
    """Put the tabs in place; that of the history comes after them."""
    register_tab(
        "billing_run",
        Tab(
            "overview",
            say("Plan and progress"),
            "billing_run",
            "invoices/billing_run_overview.html",
            count=lambda *_: None,
            context=_overview,
        ),
    )
    register_tab(
        "billing_run",
        Tab(
            "invoices",
            say("Invoices"),
            "billing_run",
            "invoices/billing_run_invoices.html",
            count=lambda _session, _actor, run: run.invoice_count,
            context=_invoices,
        ),
    )


def _overview(session: Session, actor: Actor, run: BillingRun) -> dict[str, Any]:
    states = progress.states(session, run.id)
    messages = progress.message_states(session, actor, run.id)
    total = run.invoice_count - states[RowState.UNTICKED]
    return {
        **_plan(session, actor, run),
        "run": run,
        "status": status_tag(run),
        "is_planned": run.status == RunStatus.PLANNED,
        "total": total,
        "done": total - states[RowState.WAITING],
        "words": _words(run, states),
        "states": [
            {"label": one.words, "count": states[one], "url": _invoices_url(run, state=one.value)}
            for one in RowState
            if states[one]
        ],
        "messages": [{"label": STATE_LABELS[one], "count": messages[one.value]} for one in STATES if messages.get(one)],
        "trouble": _trouble(session, run),
        "paused_because": PAUSE_WORDS[PauseReason(run.pause_reason)] if run.pause_reason else None,
        "buttons": buttons_of(actor, run, again=states[RowState.CHANGED] + states[RowState.FAILED]),
        "refresh_url": url_for("BillingRunView.show", pk=run.id, tab="overview"),
        "refresh_seconds": _refresh_seconds(run, messages),
    }


def _plan(session: Session, actor: Actor, run: BillingRun) -> dict[str, Any]:
    """Return what the page says of a run's plan."""
    sums = progress.sums(session, run)
    nobody = queries.rows(actor, run.id).where(*progress.taken(run), RunInvoice.reaches_nobody.is_(True))
    may_leave_out = run.status == RunStatus.PLANNED and may(actor, Operation.UPDATE, "billing_run")
    return {
        "sums": sums,
        "formats": [
            say("{format}: {count}", format=BillFormat(name).words if name else say("Plain"), count=f"{number:,}")
            for name, number in sums.by_format.items()
        ],
        "skipped": _skipped(run, sums),
        "nobody": [_named(row) for row in session.scalars(nobody.order_by(RunInvoice.id).limit(MAX_NOBODY))],
        "nobody_url": _invoices_url(run, outcome=REACHES_NOBODY),
        "leave_out_url": url_for("BillingRunView.leave_out", pk=run.id) if may_leave_out else None,
    }


def _refresh_seconds(run: BillingRun, messages: Mapping[str, int]) -> int | None:
    if run.status == RunStatus.RUNNING:
        return FAST_SECONDS
    return SLOW_SECONDS if any(messages.get(one) for one in _UNDER_WAY) else None


def _words(run: BillingRun, states: Mapping[str, int]) -> Words:
    """Say in a sentence how far a run is."""
    total = run.invoice_count - states[RowState.UNTICKED]
    done = f"{total - states[RowState.WAITING]:,}"
    match RunStatus(run.status):
        case RunStatus.RUNNING:
            return say("{done} of {total} invoices done.", done=done, total=f"{total:,}")
        case RunStatus.PAUSED:
            return say("Paused: {done} of {total} invoices done.", done=done, total=f"{total:,}")
        case RunStatus.FINISHED:
            return say_count("Finished: {count} invoice done.", "Finished: {count} invoices done.", total)
        case _:
            return say("Nothing of this is sent before it is started.")


def _skipped(run: BillingRun, sums: Sums) -> list[dict[str, Any]]:
    return [
        {
            "words": explain(reason),
            "roads": number,
            "invoices": sums.invoices_by_reason[reason],
            "url": _invoices_url(run, outcome=reason),
        }
        for reason, number in sums.by_reason.items()
    ]


def _trouble(session: Session, run: BillingRun) -> list[dict[str, Any]]:
    """Say for each way in which invoices were not sent what happened, and what to do."""
    found = []
    for state, reason, count in progress.reasons(session, run.id, _TROUBLE):
        what, todo = REASON_WORDS[RowReason(reason)]
        tone = _TONES[RowState(state)]
        label = RowState(state).words
        url = _invoices_url(run, state=state)
        found.append({"state": label, "tone": tone, "what": what, "todo": todo, "count": count, "url": url})
    return found


def _invoices(session: Session, actor: Actor, run: BillingRun) -> dict[str, Any]:
    given = {name: request.args.get(name) or None for name in ("state", "outcome")}
    if given["state"] not in (None, *outcomes.STATES) or given["outcome"] not in (None, *OUTCOMES):
        abort(400)
    after = whole_number(request.args.get("after", "0"))
    if after is None or after > MAX_ID:
        abort(400)
    page = outcomes.page(session, actor, run, **given, after=after, defaults=sending_defaults())
    may_choose = run.status == RunStatus.PLANNED and may(actor, Operation.UPDATE, "billing_run")
    states = progress.states(session, run.id)
    return {
        "rows": [_row(row) for row in page.rows],
        "may_choose": may_choose and any(row.kept.state in _TICKABLE for row in page.rows),
        "choose_url": url_for("BillingRunView.choose", pk=run.id),
        "given": {name: value or "" for name, value in {**given, "after": after}.items()},
        "outcome_words": OUTCOMES.get(given["outcome"] or ""),
        "states": [
            {
                "label": one.words,
                "count": states[one],
                "url": _invoices_url(run, state=one.value),
                "current": given["state"] == one,
            }
            for one in RowState
            if states[one]
        ],
        "all_url": _invoices_url(run),
        "is_narrowed": bool(given["state"] or given["outcome"]),
        "first_url": _invoices_url(run, **given) if after else None,
        "next_url": _invoices_url(run, **given, after=page.next) if page.next else None,
    }


# So many who get none are named in a row.
MOST_SKIPPED = 10
_TICKABLE = (RowState.WAITING.value, RowState.UNTICKED.value)


def _row(row: Row) -> dict[str, Any]:
    kept = row.kept
    state = RowState(kept.state)
    return {
        **_named(kept),
        "copies": kept.copies,
        "state": state.words,
        "tone": _TONES[state],
        "tickable": kept.state in _TICKABLE,
        "ticked": state is not RowState.UNTICKED,
        "why": REASON_WORDS[RowReason(kept.reason)][0] if kept.reason else None,
        "nobody": kept.reaches_nobody,
        "plan_url": url_for("InvoiceView.send", pk=kept.invoice_id),
        "skipped": _skipped_lines(row.skipped),
    }


def _skipped_lines(skipped: Sequence[Skip]) -> list[str]:
    """Name a few who get none; all of them stand in the invoice's plan, to which the row leads."""
    lines: list[str] = [
        say("{name}: {reason}", name=skip.address or skip.name, reason=explain(skip.reason))
        for skip in skipped[:MOST_SKIPPED]
    ]
    more = len(skipped) - len(lines)
    return [*lines, say_count("and {count} other", "and {count} others", more)] if more else lines


def _named(row: RunInvoice) -> dict[str, Any]:
    invoice = row.invoice
    living = invoice.deleted_at is None and invoice.customer.deleted_at is None
    return {
        "id": invoice.id,
        "number": invoice.number,
        "url": url_for("InvoiceView.show", pk=invoice.id) if living else None,
        "customer": invoice.customer.label,
        "customer_url": url_for("CustomerView.show", pk=invoice.customer_id) if living else None,
    }


def _invoices_url(run: BillingRun, **filters: Any) -> str:
    return url_for("BillingRunView.show", pk=run.id, tab="invoices", **{k: v for k, v in filters.items() if v})
