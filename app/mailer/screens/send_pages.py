"""The pages Send and Send Again, as the screens of every kind of document that is sent have them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from flask import redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access

from app.access.ask import ensure, may
from app.access.table import Operation
from app.core.actor import Actor
from app.core.errors import Conflict, DomainError
from app.core.unit_of_work import unit_of_work
from app.core.words import say
from app.extensions import db
from app.mailer.attaching import NewFile
from app.mailer.documents import noun_of
from app.mailer.extra_files import FIELD
from app.mailer.planning.choices import Again, Choices
from app.mailer.screens.again_page import again_context
from app.mailer.screens.file_fields import files_field, posted_files
from app.mailer.screens.plan_page import plan_changes, plan_context, sending_summary
from app.mailer.sending_kinds import Sending, answer_about, right_of
from app.web.current import current_actor
from app.web.form_pages import Answer
from app.web.forms import RecordForm
from app.web.request_filters import id_or_404
from app.web.words import tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What the page of a plan brought: the addresses typed in, those that its plan was made with, and the unticked.

    `unticked` are those of the plan's own addresses, kept while a plan with typed in ones is shown.
    """

    typed: tuple[str, ...] = ()
    previewed: tuple[str, ...] = ()
    unticked: tuple[str, ...] = ()
    typed_unticked: tuple[str, ...] = ()

    def choices(self) -> Choices:
        """Return what was chosen. Raises Invalid."""
        if self.typed:
            return Choices.checked(recipients=list(self.typed), untick=list(self.typed_unticked))
        return Choices.checked(recipients=None, untick=list(self.unticked))


class SendingForm(RecordForm):
    """What a page that sends asks for beside its plan."""

    extra_attachments = files_field(
        say("Extra attachments"),
        say(
            "They go along with the copies that you send now, and with these when they are sent again; not with others."
        ),
    )


class SendPages:
    """Send, with the plan first, Send Again, with a reason, and the question why an address did not get it."""

    sending: ClassVar[Sending]
    # FAB's view and the page of a record, which this stands beside in a class.
    render_template: Callable[..., str]
    show_url: Callable[[Any], str]

    @expose("/<pk>/send", methods=["GET", "POST"])
    @has_access
    def send(self, pk: str) -> Answer:
        """Show the plan; execute that very plan, or refuse and show what has changed.

        Who may read a document may look at its plan; only who may send it may post anything here.
        """
        actor, number = current_actor(), id_or_404(pk)
        if request.method == "POST":
            ensure(actor, Operation.SEND, self.sending.resource)
        record = self.sending.load(db.session(), actor, number)
        if request.method == "POST":
            ensure(actor, Operation.SEND, right_of(self.sending, record))
        posted = _posted()
        wants_to_send = request.method == "POST" and request.form.get("action") == "send"
        error: DomainError | None = None
        choices = Choices(untick=posted.unticked)
        try:
            choices = replace(posted.choices(), files=self._files())
            if wants_to_send and posted.typed == posted.previewed:
                return self._sent(actor, number, choices)
        except DomainError as refusal:
            error = refusal
        return self._plan_page(actor, number, posted, choices, error=error, unseen=wants_to_send and error is None)

    @expose("/<pk>/send-again", methods=["GET", "POST"])
    @has_access
    def send_again(self, pk: str) -> Answer:
        """Offer the addresses that have had it, and send it once more to those that are ticked, for a reason."""
        actor, number = current_actor(), id_or_404(pk)
        record = self.sending.load(db.session(), actor, number)
        error: DomainError | None = None
        ticked = request.form.getlist("addresses") if request.method == "POST" else request.args.getlist("address")
        if request.method == "POST":
            try:
                again = Again.checked(addresses=ticked, reason=request.form.get("reason", ""))
                again = replace(again, files=self._files())
                with unit_of_work(db.session) as session:
                    done = self.sending.send_again(session, actor, number, again, None)
            except DomainError as refusal:
                error = refusal
                record = self.sending.load(db.session(), actor, number)
            else:
                tell(sending_summary(done))
                return redirect(f"{self.show_url(number)}?tab=messages")
        page = self.render_template(
            "mailer/send_again.html",
            title=self.sending.again_title(record),
            form=self._sending_form(record, error),
            cancel_url=self.show_url(number),
            error=error,
            reason=request.form.get("reason", ""),
            **again_context(
                db.session(),
                self.sending.document(record),
                lambda addresses: self.sending.plan_again(db.session(), actor, record, addresses),
                ticked=ticked,
            ),
        )
        return page if error is None else (page, error.status)

    @expose("/<pk>/why", methods=["GET"])
    @has_access
    def why(self, pk: str) -> Answer:
        """Ask for an address, and say what it has of the document, and why."""
        actor, number = current_actor(), id_or_404(pk)
        record = self.sending.load(db.session(), actor, number)
        error: DomainError | None = None
        answered = None
        if "address" in request.args:
            try:
                answered = answer_about(self.sending, actor, record, request.args["address"])
            except DomainError as refusal:
                error = refusal
        page = self.render_template(
            "mailer/asked.html",
            title=say("Why did they get it, or not? {document}", document=self.sending.document(record).number),
            document_url=f"{self.show_url(number)}?tab=messages",
            message_url=url_for("MessageView.show", pk=answered.message.id, tab="why")
            if answered and answered.message
            else None,
            asked_at=request.path,
            address=request.args.get("address", ""),
            answered=answered,
            error=error,
        )
        return page if error is None else (page, error.status)

    def _plan_page(
        self, actor: Actor, number: int, posted: Posted, choices: Choices, *, error: DomainError | None, unseen: bool
    ) -> Answer:
        record = self.sending.load(db.session(), actor, number)
        plan = self.sending.plan(db.session(), actor, record, choices)
        changed = error is not None and error.code == "plan_changed"
        shown = plan_context(plan, untick=choices.untick)
        if plan.reaches_nobody:
            # The page says what it is that nobody gets.
            shown["noun"] = noun_of(db.session(), kind=plan.document.kind.value, document_id=plan.document.id)
        page = self.render_template(
            "mailer/plan.html",
            title=self.sending.title(record),
            form=self._sending_form(record, error),
            cancel_url=self.show_url(number),
            error=error,
            may_send=may(actor, Operation.SEND, right_of(self.sending, record)),
            typed_in=request.form.get("recipients", ""),
            previewed=", ".join(choices.recipients),
            unseen=unseen,
            # Not on this plan, and not forgotten: they hold again when the addresses typed in are taken out.
            unticked=posted.unticked if choices.recipients else (),
            changes=plan_changes(request.form.getlist("looked_at"), plan) if changed else [],
            **shown,
        )
        return page if error is None else (page, error.status)

    def _files(self) -> tuple[NewFile, ...]:
        return tuple(posted_files(FIELD)) if self.sending.takes_files else ()

    def _sending_form(self, record: Any, error: DomainError | None) -> RecordForm:  # noqa: ANN401  of any kind
        """Return the form of a page that sends; files that were chosen are asked for again."""
        if not self.sending.takes_files:
            return RecordForm(data={"version": record.version})
        form = SendingForm(data={"version": record.version})
        if error is not None and FIELD in error.errors:
            form.extra_attachments.errors = list(error.errors[FIELD])
        if request.method == "POST":
            form.tell_of_files(form.extra_attachments)
        return form

    def _sent(self, actor: Actor, number: int, choices: Choices) -> Answer:
        fingerprint = request.form.get("fingerprint", "")
        if not fingerprint:
            raise Conflict(say("Look at the plan first, then send it."), code="plan_changed")
        with unit_of_work(db.session) as session:
            done = self.sending.send(session, actor, number, choices, fingerprint, None)
        summary = sending_summary(done)
        if summary:
            tell(summary)
        else:
            tell(say("Nobody is left to get this; nothing was sent."), "warning")
        return redirect(f"{self.show_url(number)}?tab=messages")


def _posted() -> Posted:
    """Read what was chosen on the page of a plan."""
    if request.method == "GET":
        return Posted()
    typed, previewed = (_split(request.form.get(name, "")) for name in ("recipients", "previewed"))
    kept = set(request.form.getlist("keep"))
    missing = tuple(address for address in request.form.getlist("planned") if address not in kept)
    if not previewed:
        return Posted(typed=typed, unticked=missing)
    remembered = tuple(request.form.getlist("unticked"))
    return Posted(typed=typed, previewed=previewed, unticked=remembered, typed_unticked=missing)


def _split(text: str) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[,;\s]+", text) if part)
