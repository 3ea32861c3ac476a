"""The pause switch of the outbox: pages that ask why, and pause or resume it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import redirect, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access
from wtforms import StringField

from app.core.errors import DomainError
from app.core.unit_of_work import unit_of_work
from app.core.words import say
from app.extensions import db
from app.mailer.screens.outbox_panel import paused_words
from app.mailer.watching import queries, service
from app.web.current import current_actor
from app.web.form_pages import Answer
from app.web.forms import Needed, RecordForm
from app.web.words import tell


class ReasonForm(RecordForm):
    """Why the outbox is paused or resumed."""

    reason = StringField(
        say("Reason"),
        description=say("It is shown while the outbox is paused, and stays in the audit trail."),
        validators=[Needed()],
        render_kw={"maxlength": service.MAX_REASON, "autocomplete": "off"},
    )


class OutboxView(BaseView):
    """Pause the whole outbox, and resume it."""

    route_base = "/messages"
    class_permission_name = "outbox"
    method_permission_name = {"pause": "pause", "resume": "resume"}
    default_view = "pause"

    @expose("/pause", methods=["GET", "POST"])
    @has_access
    def pause(self) -> Answer:
        """Ask why, and pause the outbox."""
        return self._page(
            service.pause_outbox,
            title=say("Pause the outbox"),
            text=say("No mail leaves any more, not even one that is due, until somebody resumes the outbox."),
            touches=[
                say("Documents can be sent as ever: their mails wait in the outbox."),
                say("What a worker has in hand still leaves: a hundred mails at most."),
            ],
            done=say("The outbox is paused."),
            danger=True,
        )

    @expose("/resume", methods=["GET", "POST"])
    @has_access
    def resume(self) -> Answer:
        """Ask why, and resume the outbox."""
        pause = queries.pause(db.session())
        return self._page(
            service.resume_outbox,
            title=say("Resume the outbox"),
            text=say("Whatever has become due meanwhile leaves at once."),
            touches=[paused_words(pause)] if pause else [],
            done=say("The outbox is resumed."),
            danger=False,
        )

    def _page(self, verb: Callable[..., Any], *, title: str, done: str, danger: bool, **words: Any) -> Answer:
        form = ReasonForm()
        error: DomainError | None = None
        list_url = url_for("MessageView.list")
        if request.method == "POST":
            try:
                with unit_of_work(db.session) as session:
                    verb(session, current_actor(), reason=form.reason.data)
            except DomainError as refusal:
                error = refusal
                form.show_errors(refusal)
            else:
                tell(done)
                return redirect(list_url)
        page = self.render_template(
            "web/confirm.html",
            title=title,
            submit_label=title,
            danger=danger,
            cancel_url=list_url,
            form=form,
            error=error.message if error else None,
            **words,
        )
        return page if error is None else (page, error.status)
