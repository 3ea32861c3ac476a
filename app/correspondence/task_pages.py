"""The tasks of a letter's page: files attached and taken off, and the letter marked as delivered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, redirect, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from sqlalchemy.orm import Session
from wtforms import FileField, TextAreaField

from app.access.ask import ensure
from app.access.table import Operation
from app.core.errors import DomainError
from app.core.unit_of_work import unit_of_work
from app.core.words import say
from app.correspondence import attachments, dispatch, queries
from app.correspondence.models import Attachment
from app.extensions import db
from app.mailer.attaching import KINDS, MAX_FILE, MAX_TOTAL
from app.mailer.file_calls import file_answer
from app.web.current import current_actor
from app.web.form_pages import Answer
from app.web.forms import RecordForm
from app.web.request_filters import id_or_404
from app.web.words import tell


class DeliveredForm(RecordForm):
    """Asks how a letter was handed over."""

    note = TextAreaField(say("Note"), description=say("How, by whom and to whom; it stays in the history."))


class AttachForm(RecordForm):
    """Asks for a file."""

    content = FileField(
        say("File"),
        description=say(
            "{kinds}; {each} MB at most, and {all} MB for all files together.",
            kinds=", ".join(KINDS),
            each=MAX_FILE // 1024**2,
            all=MAX_TOTAL // 1024**2,
        ),
    )


class LetterTasks:
    """The pages of a letter's tasks, which stand beside FAB's view in a class."""

    render_template: Callable[..., str]
    show_url: Callable[[Any], str]

    @expose("/<pk>/attachments/<attachment_pk>", methods=["GET"])
    @has_access
    def attachment(self, pk: str, attachment_pk: str) -> Response:
        """Hand out a file that goes along."""
        return file_answer(_file(id_or_404(pk), id_or_404(attachment_pk)))

    @expose("/<pk>/attach", methods=["GET", "POST"])
    @has_access
    def attach(self, pk: str) -> Answer:
        """Ask for a file, and have it go along."""
        number = id_or_404(pk)
        posted = request.files.get("content")

        def run(session: Session, form: RecordForm) -> None:
            attachments.attach(
                session,
                current_actor(),
                letter_id=number,
                filename=posted.filename if posted else "",
                data=posted.read(MAX_FILE + 1) if posted else b"",
                version=form.opened_version(),
            )

        words = (say("Attach a file"), say("It goes along with each copy of the letter."), say("Attach"))
        return self._asked(number, AttachForm, words, Operation.UPDATE, run, done=say("The file goes along."))

    @expose("/<pk>/attachments/<attachment_pk>/detach", methods=["GET", "POST"])
    @has_access
    def detach(self, pk: str, attachment_pk: str) -> Answer:
        """Ask, and take a file off."""
        number, file_number = id_or_404(pk), id_or_404(attachment_pk)

        def run(session: Session, form: RecordForm) -> None:
            attachments.detach(
                session,
                current_actor(),
                letter_id=number,
                attachment_id=file_number,
                version=form.opened_version(),
            )

        row = _file(number, file_number)
        words = (say("Take a file off"), say("Take {name} off the letter?", name=row.filename), say("Take it off"))
        return self._asked(number, RecordForm, words, Operation.UPDATE, run, done=say("The file was taken off."))

    @expose("/<pk>/delivered", methods=["GET", "POST"])
    @has_access
    def delivered(self, pk: str) -> Answer:
        """Ask for a note, and mark the letter as delivered."""
        number = id_or_404(pk)

        def run(session: Session, form: RecordForm) -> None:
            dispatch.mark_delivered(
                session, current_actor(), letter_id=number, note=form["note"].data, version=form.opened_version()
            )

        words = (
            say("Mark as delivered"),
            say("For a letter that went by post, or was handed over: it can't be changed after that."),
            say("Mark as delivered"),
        )
        done = say("The letter is marked as delivered.")
        return self._asked(number, DeliveredForm, words, Operation.SEND, run, done=done)

    def _asked(
        self,
        number: int,
        kind: type[RecordForm],
        words: tuple[str, str, str],
        operation: Operation,
        run: Callable[[Session, RecordForm], None],
        *,
        done: str,
    ) -> Answer:
        """Show a small form, and run a verb when it is posted; a refusal comes back in it."""
        record = queries.letter(db.session(), current_actor(), letter_id=number)
        ensure(current_actor(), operation, record.resource)
        form = kind(data={"version": record.version})
        error: DomainError | None = None
        if request.method == "POST":
            try:
                with unit_of_work(db.session) as session:
                    run(session, form)
            except DomainError as refusal:
                error = refusal
                elsewhere = form.show_errors(refusal)
                if "filename" in elsewhere and "content" in form:
                    form["content"].errors = elsewhere["filename"]
            else:
                tell(done)
                return redirect(self.show_url(number))
        title, text, submit_label = words
        page = self.render_template(
            "correspondence/ask.html",
            title=title,
            text=text,
            touches=[],
            submit_label=submit_label,
            cancel_url=self.show_url(number),
            form=form,
            error=error.message if error else None,
        )
        return page if error is None else (page, error.status)


def _file(letter_id: int, number: int) -> Attachment:
    """Return a file of a letter in sight. Raises NotFound."""
    return queries.attachment(db.session(), current_actor(), letter_id=letter_id, attachment_id=number)
