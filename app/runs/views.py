"""The screens of runs that are alike for each kind: leave out, choose, plan again, start, pause and resume."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from flask import abort, redirect, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from sqlalchemy.orm import Session

from app.access.table import Operation
from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.unit_of_work import unit_of_work
from app.core.words import in_a_row, say, say_count
from app.extensions import db
from app.mailer.sending_defaults import sending_defaults
from app.runs.fields import split_account_numbers
from app.runs.forms import LeaveOutForm
from app.runs.kind import RunKind
from app.runs.panels import status_tag
from app.runs.progress import Sums
from app.runs.rules import ensure_may_delete, ensure_may_start
from app.web.admin_view import AdminView, Answer
from app.web.current import current_actor
from app.web.forms import PickerField, RecordForm
from app.web.pickers import chosen_options
from app.web.request_filters import id_or_404, ids_of
from app.web.words import tell

# So many account numbers are named on a page; the rest are counted.
MAX_NAMED = 20


class RunView(AdminView, ABC):
    """Runs of a kind: the list, and each with its plan, its progress and its rows. `verbs` is its service."""

    # Once it is planned, what a run was chosen by can't be edited: another one is planned.
    exclude_route_methods = AdminView.exclude_route_methods | {"edit"}
    method_permission_name = {
        "leave_out": "update",
        "choose": "update",
        "plan_again": "update",
        "start": "send",
        "pause": "pause",
        "resume": "resume",
    }
    search_hint = say("The number of a run, or the name of whoever made it.")
    kind: ClassVar[RunKind[Any]]
    verbs: ClassVar[Any]
    chooser: ClassVar[Any]
    leave_out_text: ClassVar[str]
    start_text: ClassVar[str]

    def cell(self, record: Any, name: str) -> Any:
        """Show the run by its number, the status as a mark, and account numbers, of which some are named."""
        if name == "id":
            return self.record_title(record)
        if name == "status":
            return status_tag(record)
        if name == "account_numbers":
            return _few(record.account_numbers)
        return super().cell(record, name)

    def editable(self, record: Any) -> bool:
        """Tell whether a run may be deleted: not while it is under way."""
        return allows(ensure_may_delete, record)

    # What subclasses say of their own.

    @abstractmethod
    def leave_out_title(self, number: int) -> str:
        """Return how the page that leaves customers out is headed."""

    @abstractmethod
    def start_title(self, number: int) -> str:
        """Return how the page that asks before the start is headed."""

    @abstractmethod
    def started(self, number: int) -> str:
        """Return what is said once it is started."""

    def start_verb(self) -> Callable[..., Any]:
        """Return the verb that starts a run."""
        verb: Callable[..., Any] = self.verbs.start_run
        return verb

    def resume_verb(self) -> Callable[..., Any]:
        """Return the verb that resumes a run."""
        verb: Callable[..., Any] = self.verbs.resume_run
        return verb

    @abstractmethod
    def new_run(self, session: Session, actor: Actor, form: Any) -> Any:
        """Plan what was chosen in a form."""

    @abstractmethod
    def choose_form(self, actor: Actor) -> Any:
        """Return the form by which a run is chosen."""

    @abstractmethod
    def choose_sections(self, actor: Actor) -> Sequence[dict[str, Any]]:
        """Return the sections of that form."""

    def choose_extra(self) -> dict[str, Any]:
        """Return what else that form's page is given."""
        return {}

    @abstractmethod
    def sums(self, run: Any) -> Sums:
        """Return a run's plan summed up."""

    @abstractmethod
    def what_starts(self, run: Any, sums: Sums) -> list[str]:
        """Return what starting a run does, line by line."""

    # The pages.

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> Answer:
        """Ask by what to choose; plan what was chosen, or say at its field what is wrong with it."""
        actor = current_actor()
        form = self.choose_form(actor)
        error: DomainError | None = None
        if request.method == "POST":
            try:
                with unit_of_work(db.session) as session:
                    number = self.new_run(session, actor, form).id
            except DomainError as refusal:
                error = refusal
                form.show_errors(refusal)
            else:
                return redirect(self.show_url(number))
        return self._choose_page(actor, form, error)

    @expose("/<pk>/leave-out", methods=["GET", "POST"])
    @has_access
    def leave_out(self, pk: str) -> Answer:
        """Ask for account numbers, and leave those customers out."""
        actor, number = current_actor(), id_or_404(pk)
        run = self.resource.get(db.session(), actor, number)
        self.kind.ensure_on(actor, Operation.UPDATE, run)
        form = LeaveOutForm(data={"version": run.version})
        error: DomainError | None = None
        if request.method == "POST":
            numbers = split_account_numbers(form.account_numbers.data or "")
            try:
                with unit_of_work(db.session) as session:
                    self.chooser(session, actor, run_id=number, untick_accounts=numbers, version=form.opened_version())
            except DomainError as refusal:
                error = refusal
                form.show_errors(refusal)
            else:
                tell(say("These customers are left out."))
                return redirect(self.show_url(number))
        page = self.render_template(
            "web/confirm.html",
            title=self.leave_out_title(number),
            text=self.leave_out_text,
            touches=[],
            submit_label=say("Leave out"),
            cancel_url=self.show_url(number),
            form=form,
            error=error.message if error else None,
        )
        return page if error is None else (page, error.status)

    @expose("/<pk>/choose", methods=["POST"])
    @has_access
    def choose(self, pk: str) -> Answer:
        """Leave out what was unticked on a page of the run's rows, and take in what was ticked there."""
        shown, kept = (set(ids_of(request.form.getlist(name))) for name in ("shown", "keep"))
        number = id_or_404(pk)
        return self._act(
            number,
            lambda session, actor, _version: self.chooser(
                session, actor, run_id=number, tick=sorted(kept & shown), untick=sorted(shown - kept)
            ),
            say("The choice is kept."),
            back=self._back_to_rows(number),
        )

    @expose("/<pk>/plan-again", methods=["POST"])
    @has_access
    def plan_again(self, pk: str) -> Answer:
        """Plan anew what has not left."""
        number = id_or_404(pk)
        return self._act(
            number,
            lambda session, actor, version: self.verbs.plan_run_again(
                session, actor, run_id=number, defaults=sending_defaults(), version=version
            ),
            say("Planned again. Look at it, then start it."),
        )

    @expose("/<pk>/start", methods=["GET", "POST"])
    @has_access
    def start(self, pk: str) -> Answer:
        """Ask, saying what it does, and start the run."""
        actor, number = current_actor(), id_or_404(pk)
        run = self.resource.get(db.session(), actor, number)
        self.kind.ensure_on(actor, Operation.SEND, run)
        return self.confirmed(
            title=self.start_title(number),
            text=self.start_text,
            submit_label=say("Start"),
            record=run,
            run=lambda session, version: self.start_verb()(session, actor, run_id=number, version=version),
            done=self.started(number),
            after=self.show_url(number),
            touches=self.what_starts(run, self.sums(run)) if allows(ensure_may_start, run) else (),
        )

    @expose("/<pk>/pause", methods=["POST"])
    @has_access
    def pause(self, pk: str) -> Answer:
        """Pause the run; resuming takes one click."""
        return self._set(pk, self.verbs.pause_run, say("Paused. What is in the outbox already leaves."))

    @expose("/<pk>/resume", methods=["POST"])
    @has_access
    def resume(self, pk: str) -> Answer:
        """Have the run go on."""
        return self._set(pk, self.resume_verb(), say("It goes on."))

    def _set(self, pk: str, verb: Callable[..., Any], done: str) -> Answer:
        number = id_or_404(pk)
        return self._act(
            number, lambda session, actor, version: verb(session, actor, run_id=number, version=version), done
        )

    def _act(
        self, number: int, act: Callable[[Any, Actor, int | None], Any], done: str, *, back: str | None = None
    ) -> Answer:
        """Run a verb that a button of the run's page stands for, and lead back to the page, with a refusal or not."""
        actor = current_actor()
        version = request.form.get("version", "")
        if version and not (version.isascii() and version.isdigit() and len(version) < 10):  # noqa: PLR2004  an int's digits
            abort(400)
        try:
            with unit_of_work(db.session) as session:
                act(session, actor, int(version) if version else None)
        except DomainError as refusal:
            if refusal.status not in (409, 412, 422):
                raise
            tell(refusal.message, "warning")
        else:
            tell(done)
        return redirect(back or self.show_url(number))

    def _choose_page(self, actor: Actor, form: RecordForm, error: DomainError | None) -> Answer:
        for one in form:
            if isinstance(one, PickerField):
                one.texts = chosen_options(db.session(), actor, one.source, one.values())
        page = self.render_template(
            "web/form.html",
            title=self.resource.add_label,
            form=form,
            sections=self.choose_sections(actor),
            submit_label=say("Plan"),
            cancel_url=self.list_url(),
            error=error.message if error else None,
            **self.choose_extra(),
        )
        return page if error is None else (page, error.status)

    def _back_to_rows(self, number: int) -> str:
        """Return the page of the run's rows that a choice was made on."""
        place: dict[str, Any] = {name: request.form.get(name) or None for name in ("state", "outcome", "after")}
        return self.rows_url(number, **place)

    @abstractmethod
    def rows_url(self, number: int, **place: Any) -> str:
        """Return the address of the tab with a run's rows."""


def _few(numbers: Sequence[str]) -> Any:
    if not numbers:
        return None
    named = ", ".join(numbers[:MAX_NAMED])
    more = len(numbers) - MAX_NAMED
    return in_a_row([named, say_count("and {count} other", "and {count} others", more)]) if more > 0 else named


def allows(rule: Callable[[str], None], run: Any) -> bool:
    """Tell whether a rule about statuses lets something happen to a run."""
    try:
        rule(run.status)
    except DomainError:
        return False
    return True
