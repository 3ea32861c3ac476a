"""The tabs of a page of bulk letters: plan and progress, and the customers; and the link from the letters' list."""

from __future__ import annotations

from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.core.words import say, say_count
from app.correspondence.bulk import outcomes, progress, queries
from app.correspondence.bulk.kind import KIND
from app.correspondence.bulk.models import BulkLetter, BulkLetterRow
from app.correspondence.bulk.rules import NO_LETTER, PAUSE_WORDS, REASON_WORDS, RowReason, RowState
from app.correspondence.rules import LetterStatus
from app.runs.outcomes import Row
from app.runs.pages import RunPages, RunWords
from app.runs.panels import customer_named, register_run_tabs
from app.runs.rules import RunStatus
from app.web.bulk import ListLink, register_list_link

WORDS = RunWords(
    plural=say("Customers"),
    one=say("Letter"),
    rows_of_run=say("Customers of these letters"),
    counted=lambda count: say_count("{count} customer", "{count} customers", count),
    left_out=lambda count: say_count("{count} customer is left out.", "{count} customers are left out.", count),
    reach_nobody=lambda count: say_count(
        "{count} letter reaches nobody by mail: print it", "{count} letters reach nobody by mail: print them", count
    ),
    show=lambda count: say_count("Show {count} customer", "Show {count} customers", count),
    finished=lambda count: say_count("Finished: {count} customer done.", "Finished: {count} customers done.", count),
    running=lambda done, total: say("{done} of {total} customers done.", done=done, total=total),
    paused=lambda done, total: say("Paused: {done} of {total} customers done.", done=done, total=total),
    not_started=say("No letter is made, and nothing is sent, before these are started."),
    messages=say("Messages of the letters sent"),
    trouble=say("What came to another end, and what to do"),
    nothing_matches=say("No customer of these letters is of this kind."),
    take=lambda name: say("Write to {name}", name=name),
    plan_of=lambda name: say("Letter to {name}", name=name),
)


def register() -> None:
    """Put the tabs and the link in place; the tab of the history comes after them."""
    register_run_tabs(PAGES)
    link = ListLink(
        label=say("Bulk Letters"),
        resource=KIND.name,
        operation=Operation.READ,
        url=lambda _state: url_for("BulkLetterView.list"),
        icon="mail",
    )
    register_list_link("correspondence", link)


def _named(row: BulkLetterRow) -> dict[str, Any]:
    letter = row.letter
    living = letter is not None and letter.deleted_at is None and row.customer.deleted_at is None
    return {
        "number": letter.number if letter is not None else "",
        "url": url_for("CorrespondenceView.show", pk=row.letter_id) if living else None,
        **customer_named(row.customer),
    }


def _shown(row: Row) -> dict[str, Any]:
    kept = row.kept
    name = kept.customer.label
    made = kept.letter is not None
    return {
        "take": WORDS.take(name),
        "plan_of": WORDS.plan_of(name),
        "plan_url": None if made else url_for("BulkLetterView.preview", pk=kept.run_id, customer_id=kept.customer_id),
        "plan_label": say("Preview"),
    }


def _more(_session: Session, actor: Actor, run: BulkLetter, sums: Any) -> dict[str, Any]:
    """Return what is made and what is not, and where the letters are found."""
    made = url_for("CorrespondenceView.list", bulk_letter=run.id)
    may_write = may(actor, Operation.CREATE, run.letter_resource)
    return {
        "plan_template": "correspondence/bulk_plan.html",
        "copies": say_count("{count} mail", "{count} mails", sums.copies),
        "letters": say_count("{count} letter is made.", "{count} letters are made.", sums.letters),
        "no_letter": [
            {
                "words": REASON_WORDS[RowReason(reason)][0],
                "show": WORDS.show(number),
                "url": PAGES.rows_url(run, outcome=f"{NO_LETTER}{reason}"),
            }
            for reason, number in sums.no_letter.items()
        ],
        "preview_url": url_for("BulkLetterView.preview", pk=run.id) if run.letter_count else None,
        "anew_url": url_for("BulkLetterView.add", text_of=run.id) if may_write else None,
        "made_url": made if run.status != RunStatus.PLANNED or run.started_at else None,
        "ready_url": url_for("CorrespondenceView.list", bulk_letter=run.id, status=LetterStatus.READY.value),
    }


PAGES = RunPages(
    kind=KIND,
    view="BulkLetterView",
    words=WORDS,
    states=tuple(RowState),
    tones={
        RowState.WAITING: "neutral",
        RowState.UNTICKED: "neutral",
        RowState.SENT: "success",
        RowState.CREATED: "success",
        RowState.NO_LETTER: "info",
        RowState.CHANGED: "warning",
        RowState.FAILED: "danger",
    },
    trouble=(RowState.CHANGED, RowState.FAILED, RowState.NO_LETTER, RowState.CREATED),
    advice=REASON_WORDS,
    pause_words=PAUSE_WORDS,
    outcomes=outcomes.OUTCOMES,
    rows=queries.rows,
    page=outcomes.page,
    sums=progress.sums,
    named=_named,
    tab="customers",
    shown=_shown,
    more=_more,
)
