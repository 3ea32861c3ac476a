"""Many messages tried again or cancelled at once: asked first, some at a time, with a result for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access
from sqlalchemy.orm import Session

from app.access.table import Operation
from app.core.actor import Actor
from app.core.errors import DomainError, Invalid, Unreadable
from app.core.unit_of_work import unit_of_work
from app.core.whole_numbers import MAX_ID, is_whole
from app.core.words import Words, said, say, say_count
from app.extensions import db
from app.mailer import service
from app.mailer.models import Message
from app.mailer.resource import MESSAGE
from app.web.bulk import BulkAction, Selection, read_selection, register_bulk_action
from app.web.current import current_actor
from app.web.form_pages import Answer

MAX_ROWS = 10_000
# So many in one unit of work, and in one answer: a person sees them pass.
CHUNK = 50


@dataclass(frozen=True, slots=True)
class BulkTask:
    """Retrying or cancelling many: its words, its verb, and what is said of each that it was done to."""

    name: str
    button: Words
    question: Callable[[int], Words]
    verb: Callable[..., Any]
    done: Words
    danger: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one message: its label, its page, what is said, and whether anything was changed."""

    message_id: int
    label: str
    text: str
    changed: bool

    @property
    def url(self) -> str:
        """Return the address of the message's page."""
        return url_for("MessageView.show", pk=self.message_id)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it has come: the last id that was done, the last that is to be, how many of how many, and changed."""

    after: int
    until: int
    total: int
    done: int = 0
    changed: int = 0

    def fields(self) -> list[tuple[str, str]]:
        """Return it as names and values of hidden inputs."""
        return [(name, str(getattr(self, name))) for name in self.__slots__]


RETRY = BulkTask(
    name="retry",
    button=say("Retry"),
    question=lambda count: say_count("Try {count} message again?", "Try {count} messages again?", count),
    verb=service.retry_message,
    done=say("Tried again"),
    danger=False,
)
CANCEL = BulkTask(
    name="cancel",
    button=say("Cancel messages"),
    question=lambda count: say_count("Cancel {count} message?", "Cancel {count} messages?", count),
    verb=service.cancel_message,
    done=say("Cancelled"),
    danger=True,
)


def register() -> None:
    """Put both tasks into the menu for the chosen messages."""
    for task, operation, icon in ((RETRY, Operation.RETRY, "refresh"), (CANCEL, Operation.CANCEL, "ban")):
        register_bulk_action("message", _action(task, operation, icon))


def _action(task: BulkTask, operation: Operation, icon: str) -> BulkAction:
    return BulkAction(
        name=task.name,
        label=task.button,
        resource="message",
        operation=operation,
        url=lambda: url_for(f"ManyMessagesView.{task.name}"),
        icon=icon,
        danger=task.danger,
    )


class ManyMessagesView(BaseView):
    """Retry and cancel, for the messages that were chosen in their list."""

    route_base = "/messages"
    class_permission_name = "message"
    method_permission_name = {"retry": "retry", "cancel": "cancel"}
    default_view = "retry"

    @expose("/many/retry", methods=["POST"])
    @has_access
    def retry(self) -> Answer:
        """Have the chosen messages tried at once."""
        return self._page(RETRY)

    @expose("/many/cancel", methods=["POST"])
    @has_access
    def cancel(self) -> Answer:
        """Keep the chosen messages from leaving."""
        return self._page(CANCEL)

    def _page(self, task: BulkTask) -> Answer:
        """Ask, then do some at a time; each step carries the choice along, and how far it has come."""
        actor, session = current_actor(), db.session()
        selection = read_selection(MESSAGE, actor)
        if not request.form.get("confirmed"):
            return self._question(task, session, selection)
        progress = _progress()
        ids = _chosen(session, selection, progress, CHUNK)
        outcomes = _run(actor, task, ids)
        ended = len(ids) < CHUNK or ids[-1] >= progress.until
        changed = progress.changed + sum(one.changed for one in outcomes)
        after = ids[-1] if ids else progress.until
        progress = Progress(after, progress.until, progress.total, progress.done + len(ids), changed)
        return self.render_template(
            "mailer/many_results.html",
            title=task.button,
            outcomes=outcomes,
            progress=progress,
            ended=ended,
            summary=say("{changed} of {all} changed.", changed=f"{changed:,}", all=f"{progress.done:,}"),
            action=request.path,
            fields=[*selection.fields(), *progress.fields()],
            list_url=_list_url(selection),
        )

    def _question(self, task: BulkTask, session: Session, selection: Selection) -> Answer:
        progress = _whole(session, selection)
        return self.render_template(
            "mailer/many.html",
            title=task.button,
            question=task.question(progress.total),
            submit_label=task.button,
            danger=task.danger,
            fields=[*selection.fields(), *progress.fields()],
            cancel_url=_list_url(selection),
        )


def _whole(session: Session, selection: Selection) -> Progress:
    """Return the whole of what was chosen, nothing of it done. Raises Invalid for too many, or none."""
    statement = selection.rows(session).with_only_columns(Message.id).order_by(None).order_by(Message.id)
    ids = session.scalars(statement.limit(MAX_ROWS + 1)).all()
    if not ids:
        raise Invalid(say("Choose at least one row."), field="rowid")
    if len(ids) > MAX_ROWS:
        raise Invalid(
            say("This is done to {most} messages at most. Narrow the list first.", most=f"{MAX_ROWS:,}"),
            code="too_many_rows",
        )
    return Progress(0, ids[-1], len(ids))


def _progress() -> Progress:
    """Read how far it has come. Raises Unreadable."""
    given = {name: request.form.get(name, "") for name in Progress.__slots__}
    if not all(is_whole(text, digits=10) and int(text) <= MAX_ID for text in given.values()):
        raise Unreadable(say("This request can't be read."))
    return Progress(**{name: int(text) for name, text in given.items()})


def _chosen(session: Session, selection: Selection, progress: Progress, size: int) -> Sequence[int]:
    """Return the ids that come next; messages that were made since it began are not among them."""
    statement = selection.rows(session).with_only_columns(Message.id).order_by(None).order_by(Message.id)
    window = statement.where(Message.id > progress.after, Message.id <= progress.until)
    return session.scalars(window.limit(size)).all()


def _run(actor: Actor, task: BulkTask, ids: Sequence[int]) -> list[Outcome]:
    """Do it for some messages in one unit of work; what is refused for one is undone for that one alone."""
    outcomes = []
    with unit_of_work(db.session) as session:
        for number in ids:
            try:
                with session.begin_nested():
                    message = task.verb(session, actor, message_id=number)
                outcomes.append(Outcome(number, message.label, task.done, changed=True))
            except DomainError as refusal:
                found = session.get(Message, number)
                label = found.label if found is not None and refusal.status != 404 else str(number)  # noqa: PLR2004  out of sight
                outcomes.append(Outcome(number, label, said(refusal), changed=False))
    return outcomes


def _list_url(selection: Selection) -> str:
    query = selection.state.query()
    return url_for("MessageView.list") + (f"?{query}" if query else "")
