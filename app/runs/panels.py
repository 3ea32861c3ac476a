"""The tabs of a run's page: its plan and progress, which looks again by itself, and its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import abort, request, url_for
from sqlalchemy.orm import Session

from app.access.table import Operation
from app.core.actor import Actor
from app.core.whole_numbers import MAX_ID
from app.core.words import Words, say, say_count
from app.mailer.message_states import STATE_LABELS, STATES, MessageState
from app.mailer.planning.plan_model import Skip
from app.mailer.planning.reasons import explain
from app.mailer.sending_defaults import sending_defaults
from app.runs import progress
from app.runs.outcomes import Row
from app.runs.pages import RunPages, allowed, buttons_of
from app.runs.queries import REACHES_NOBODY
from app.runs.rules import AGAIN, AnyState, RunStatus
from app.web.display import tag
from app.web.panels import Tab, register_tab
from app.web.request_filters import whole_number

# While rows are under way, and while their messages leave the outbox, the page looks again by itself.
FAST_SECONDS, SLOW_SECONDS = 2, 15
MAX_NOBODY = 10
# So many who get none are named in a row.
MOST_SKIPPED = 10
STATUS_TONES = {"planned": "neutral", "running": "info", "paused": "warning", "finished": "success"}
_UNDER_WAY = (MessageState.QUEUED, MessageState.SENDING, MessageState.WAITING, MessageState.UNCERTAIN)
_TICKABLE = (AnyState.WAITING.value, AnyState.UNTICKED.value)


def register_run_tabs(pages: RunPages) -> None:
    """Put the tabs of a kind of run in place; that of the history comes after them."""
    name = pages.kind.name
    overview = Tab(
        "overview",
        say("Plan and progress"),
        name,
        "runs/overview.html",
        count=lambda *_: None,
        context=lambda session, actor, run: overview_of(pages, session, actor, run),
    )
    rows = Tab(
        pages.tab,
        pages.words.plural,
        name,
        "runs/rows.html",
        count=lambda _session, _actor, run: pages.kind.count(run),
        context=lambda session, actor, run: rows_of(pages, session, actor, run),
    )
    for tab in (overview, rows):
        register_tab(name, tab)


def status_tag(run: Any) -> Any:
    """Return the mark of a run's status."""
    return tag(RunStatus(run.status).words, STATUS_TONES[run.status])


def states_of(pages: RunPages, session: Session, run: Any) -> dict[str, int]:
    """Return how many rows of a run are in each state of its kind."""
    return progress.states(pages.kind, session, run.id, known=[str(one) for one in pages.states])


def overview_of(pages: RunPages, session: Session, actor: Actor, run: Any) -> dict[str, Any]:
    """Return what the tab with a run's plan and progress says."""
    states = states_of(pages, session, run)
    messages = progress.message_states(pages.kind, session, actor, run.id)
    total = pages.kind.count(run) - states[AnyState.UNTICKED]
    sums = pages.sums(session, run)
    return {
        **_plan(pages, session, actor, run, sums),
        "run": run,
        "words": pages.words,
        "status": status_tag(run),
        "is_planned": run.status == RunStatus.PLANNED,
        "total": total,
        "done": total - states[AnyState.WAITING],
        "progress": _progress(pages, run, states),
        "states": [
            {"label": one.words, "count": states[one], "url": pages.rows_url(run, state=one.value)}
            for one in pages.states
            if states[one]
        ],
        "messages": [{"label": STATE_LABELS[one], "count": messages[one.value]} for one in STATES if messages.get(one)],
        "trouble": _trouble(pages, session, run),
        "paused_because": pages.pause_words[run.pause_reason] if run.pause_reason else None,
        "buttons": buttons_of(pages, actor, run, again=sum(states[one] for one in AGAIN)),
        "refresh_url": pages.url("show", run, tab="overview"),
        "refresh_seconds": _refresh_seconds(run, messages),
        **pages.more(session, actor, run, sums),
    }


def _plan(pages: RunPages, session: Session, actor: Actor, run: Any, sums: progress.Sums) -> dict[str, Any]:
    """Return what the page says of a run's plan."""
    row, words = pages.kind.row, pages.words
    nobody = pages.rows(actor, run.id).where(*progress.taken(pages.kind, run), row.reaches_nobody.is_(True))
    may_leave_out = run.status == RunStatus.PLANNED and allowed(pages.kind, actor, Operation.UPDATE, run)
    return {
        "counted": words.counted(sums.rows),
        "copies": say_count("{count} copy", "{count} copies", sums.copies),
        "left_out": words.left_out(sums.unticked) if sums.unticked else None,
        "skipped": _skipped(pages, run, sums),
        "reaching_nobody": words.reach_nobody(sums.reaching_nobody) if sums.reaching_nobody else None,
        "nobody": [pages.named(one) for one in session.scalars(nobody.order_by(row.id).limit(MAX_NOBODY))],
        "nobody_url": pages.rows_url(run, outcome=REACHES_NOBODY),
        "leave_out_url": pages.url("leave_out", run) if may_leave_out else None,
    }


def _refresh_seconds(run: Any, messages: Mapping[str, int]) -> int | None:
    if run.status == RunStatus.RUNNING:
        return FAST_SECONDS
    return SLOW_SECONDS if any(messages.get(one) for one in _UNDER_WAY) else None


def _progress(pages: RunPages, run: Any, states: Mapping[str, int]) -> Words:
    """Say in a sentence how far a run is."""
    total = pages.kind.count(run) - states[AnyState.UNTICKED]
    done = f"{total - states[AnyState.WAITING]:,}"
    match RunStatus(run.status):
        case RunStatus.RUNNING:
            return pages.words.running(done, f"{total:,}")
        case RunStatus.PAUSED:
            return pages.words.paused(done, f"{total:,}")
        case RunStatus.FINISHED:
            return pages.words.finished(total)
        case _:
            return pages.words.not_started


def _skipped(pages: RunPages, run: Any, sums: progress.Sums) -> list[dict[str, Any]]:
    return [
        {
            "words": explain(reason),
            "roads": number,
            "rows": sums.rows_by_reason[reason],
            "url": pages.rows_url(run, outcome=reason),
        }
        for reason, number in sums.by_reason.items()
    ]


def _trouble(pages: RunPages, session: Session, run: Any) -> list[dict[str, Any]]:
    """Say for each way in which rows came to another end what happened, and what to do."""
    found = []
    for state, reason, count in progress.reasons(pages.kind, session, run.id, pages.trouble):
        advice = pages.advice.get(reason)
        if advice is not None:
            label = next(one.words for one in pages.states if one == state)
            found.append(
                {
                    "state": label,
                    "tone": pages.tones[state],
                    "what": advice[0],
                    "todo": advice[1],
                    "show": pages.words.show(count),
                    "url": pages.rows_url(run, state=state),
                }
            )
    return found


def rows_of(pages: RunPages, session: Session, actor: Actor, run: Any) -> dict[str, Any]:
    """Return what the tab with a run's rows says."""
    given = {name: request.args.get(name) or None for name in ("state", "outcome")}
    if given["state"] not in (None, *pages.states) or given["outcome"] not in (None, *pages.outcomes):
        abort(400)
    after = whole_number(request.args.get("after", "0"))
    if after is None or after > MAX_ID:
        abort(400)
    page = pages.page(session, actor, run, **given, after=after, defaults=sending_defaults())
    may_choose = run.status == RunStatus.PLANNED and allowed(pages.kind, actor, Operation.UPDATE, run)
    states = states_of(pages, session, run)
    return {
        "words": pages.words,
        "rows": [_row(pages, row) for row in page.rows],
        "may_choose": may_choose and any(row.kept.state in _TICKABLE for row in page.rows),
        "choose_url": pages.url("choose", run),
        "given": {name: value or "" for name, value in {**given, "after": after}.items()},
        "outcome_words": pages.outcomes.get(given["outcome"] or ""),
        "states": [
            {
                "label": one.words,
                "count": states[one],
                "url": pages.rows_url(run, state=one.value),
                "current": given["state"] == one,
            }
            for one in pages.states
            if states[one]
        ],
        "all_url": pages.rows_url(run),
        "is_narrowed": bool(given["state"] or given["outcome"]),
        "first_url": pages.rows_url(run, **given) if after else None,
        "next_url": pages.rows_url(run, **given, after=page.next) if page.next else None,
    }


def _row(pages: RunPages, row: Row) -> dict[str, Any]:
    kept = row.kept
    named = pages.named(kept)
    return {
        **named,
        "subject_id": getattr(kept, pages.kind.subject),
        "copies": kept.copies,
        "state": next(one.words for one in pages.states if one == kept.state),
        "tone": pages.tones[kept.state],
        "tickable": kept.state in _TICKABLE,
        "ticked": kept.state != AnyState.UNTICKED,
        "why": pages.advice[kept.reason][0] if kept.reason else None,
        "nobody": kept.reaches_nobody,
        "skipped": _skipped_lines(row.skipped),
        "take": pages.words.take(named["number"]),
        "plan_of": pages.words.plan_of(named["number"]),
        **pages.shown(row),
    }


def _skipped_lines(skipped: Sequence[Skip]) -> list[str]:
    """Name a few who get none; all of them stand in the plan to which the row leads."""
    lines: list[str] = [
        say("{name}: {reason}", name=skip.address or skip.name, reason=explain(skip.reason))
        for skip in skipped[:MOST_SKIPPED]
    ]
    more = len(skipped) - len(lines)
    return [*lines, say_count("and {count} other", "and {count} others", more)] if more else lines


def customer_named(customer: Any) -> dict[str, Any]:
    """Return what a customer is known by in a row, with its page while it lives."""
    living = customer.deleted_at is None
    url = url_for("CustomerView.show", pk=customer.id) if living else None
    return {"customer": customer.label, "customer_url": url}
