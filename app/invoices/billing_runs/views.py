"""The screens of billing runs: choose, look at the plan, leave out, start, and watch it come to its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import abort, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access

from app.access.ask import ensure
from app.access.table import Operation
from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.unit_of_work import unit_of_work
from app.core.words import in_a_row, say, say_count
from app.extensions import db
from app.invoices.billing_runs import progress, queries, service
from app.invoices.billing_runs.fields import split_account_numbers
from app.invoices.billing_runs.forms import SECTIONS, ChooseForm, LeaveOutForm, choose_form
from app.invoices.billing_runs.labels import filter_lines
from app.invoices.billing_runs.models import BillingRun
from app.invoices.billing_runs.resource import BILLING_RUN
from app.invoices.billing_runs.rules import RunStatus, ensure_may_delete, ensure_may_start
from app.mailer.sending_defaults import sending_defaults
from app.web.admin_view import AdminView, Answer
from app.web.current import current_actor
from app.web.display import tag
from app.web.forms import PickerField
from app.web.pickers import chosen_options
from app.web.request_filters import id_or_404, ids_of
from app.web.words import tell

TONES = {"planned": "neutral", "running": "info", "paused": "warning", "finished": "success"}
# So many account numbers are named on a page; the rest are counted.
MAX_NAMED = 20


class BillingRunView(AdminView):
    """Billing runs: the list, and each with its plan, its progress and its invoices."""

    resource = BILLING_RUN
    route_base = "/billing-runs"
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
    list_columns = ["id", "status", "invoice_count", "created_by", "created_at", "started_at", "finished_at"]
    list_choices = ["planned_at", "started_by"]
    sections = (
        (say("Chosen by"), ("filters", "account_numbers", "invoice_count")),
        (say("Run"), ("created_by", "created_at", "planned_at", "started_by", "started_at")),
    )
    search_hint = say("The number of a run, or the name of whoever made it.")
    empty_text = say("Choose invoices, look at who would get them, and send them all together.")

    def cell(self, record: BillingRun, name: str) -> Any:
        """Show the run by its number, the status as a mark, and what it was chosen by in words."""
        if name == "id":
            return self.record_title(record)
        if name == "status":
            return status_tag(record)
        if name == "filters":
            return filter_lines(record.filters)
        if name == "account_numbers":
            return _few(record.account_numbers)
        return super().cell(record, name)

    def record_title(self, record: BillingRun) -> str:
        """Return the number."""
        return say("Billing run {number}", number=record.id)

    def editable(self, record: BillingRun) -> bool:
        """Tell whether a run may be deleted: not while it is under way."""
        return _allows(ensure_may_delete, record)

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> Answer:
        """Ask by what to choose; plan what was chosen, or say at its field what is wrong with it."""
        actor = current_actor()
        form = choose_form(actor)
        error: DomainError | None = None
        if request.method == "POST":
            try:
                with unit_of_work(db.session) as session:
                    values = form.values()
                    number = service.create_run(session, actor, values=values, defaults=sending_defaults()).id
            except DomainError as refusal:
                error = refusal
                form.show_errors(refusal)
            else:
                return redirect(self.show_url(number))
        return self._choose_page(actor, form, error)

    @expose("/<pk>/leave-out", methods=["GET", "POST"])
    @has_access
    def leave_out(self, pk: str) -> Answer:
        """Ask for account numbers, and leave the invoices of those customers out."""
        actor, number = current_actor(), id_or_404(pk)
        ensure(actor, Operation.UPDATE, self.resource.name)
        run = queries.run(db.session(), actor, run_id=number)
        form = LeaveOutForm(data={"version": run.version})
        error: DomainError | None = None
        if request.method == "POST":
            try:
                with unit_of_work(db.session) as session:
                    service.choose_invoices(
                        session,
                        actor,
                        run_id=number,
                        untick_accounts=split_account_numbers(form.account_numbers.data or ""),
                        version=form.opened_version(),
                    )
            except DomainError as refusal:
                error = refusal
                form.show_errors(refusal)
            else:
                tell(say("These customers are left out."))
                return redirect(self.show_url(number))
        page = self.render_template(
            "web/confirm.html",
            title=say("Leave customers out of billing run {number}", number=number),
            text=say("All of their invoices in this run are left out. Each can be ticked again under Invoices."),
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
        """Leave out what was unticked on a page of the run's invoices, and take in what was ticked there."""
        shown, kept = (set(ids_of(request.form.getlist(name))) for name in ("shown", "keep"))
        number = id_or_404(pk)
        return self._act(
            number,
            lambda session, actor, _version: service.choose_invoices(
                session, actor, run_id=number, tick=sorted(kept & shown), untick=sorted(shown - kept)
            ),
            say("The choice is kept."),
            back=_back_to_invoices(number),
        )

    @expose("/<pk>/plan-again", methods=["POST"])
    @has_access
    def plan_again(self, pk: str) -> Answer:
        """Plan anew what has not left."""
        number = id_or_404(pk)
        return self._act(
            number,
            lambda session, actor, version: service.plan_run_again(
                session, actor, run_id=number, defaults=sending_defaults(), version=version
            ),
            say("Planned again. Look at it, then start it."),
        )

    @expose("/<pk>/start", methods=["GET", "POST"])
    @has_access
    def start(self, pk: str) -> Answer:
        """Ask, saying how many copies leave, and start the run."""
        actor, number = current_actor(), id_or_404(pk)
        run = queries.run(db.session(), actor, run_id=number)
        sums = progress.sums(db.session(), run)
        touches = [say_count("{count} invoice", "{count} invoices", sums.invoices)]
        touches.append(say_count("{count} copy", "{count} copies", sums.copies))
        if sums.reaching_nobody:
            touches.append(
                say_count("{count} invoice reaches nobody", "{count} invoices reach nobody", sums.reaching_nobody)
            )
        return self.confirmed(
            title=say("Start billing run {number}", number=number),
            text=say(
                "Send these? Drafts are approved by it. What has changed since it was planned is named, and not sent."
            ),
            submit_label=say("Start"),
            record=run,
            run=lambda session, version: service.start_run(session, actor, run_id=number, version=version),
            done=say("Billing run {number} is under way.", number=number),
            after=self.show_url(number),
            touches=touches if _allows(ensure_may_start, run) else (),
        )

    @expose("/<pk>/pause", methods=["POST"])
    @has_access
    def pause(self, pk: str) -> Answer:
        """Pause the run; resuming takes one click."""
        return self._set(pk, service.pause_run, say("Paused. What is in the outbox already leaves."))

    @expose("/<pk>/resume", methods=["POST"])
    @has_access
    def resume(self, pk: str) -> Answer:
        """Have the run go on."""
        return self._set(pk, service.resume_run, say("It goes on."))

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

    def _choose_page(self, actor: Actor, form: ChooseForm, error: DomainError | None) -> Answer:
        for one in form:
            if isinstance(one, PickerField):
                one.texts = chosen_options(db.session(), actor, one.source, one.values())
        page = self.render_template(
            "web/form.html",
            title=self.resource.add_label,
            form=form,
            sections=SECTIONS,
            submit_label=say("Plan"),
            cancel_url=self.list_url(),
            error=error.message if error else None,
        )
        return page if error is None else (page, error.status)


def status_tag(run: BillingRun) -> Any:
    """Return the mark of a run's status."""
    return tag(RunStatus(run.status).words, TONES[run.status])


def _few(numbers: Sequence[str]) -> Any:
    if not numbers:
        return None
    named = ", ".join(numbers[:MAX_NAMED])
    more = len(numbers) - MAX_NAMED
    return in_a_row([named, say_count("and {count} other", "and {count} others", more)]) if more > 0 else named


def _allows(rule: Callable[[str], None], run: BillingRun) -> bool:
    try:
        rule(run.status)
    except DomainError:
        return False
    return True


def _back_to_invoices(number: int) -> str:
    """Return the page of the run's invoices that a choice was made on."""
    place: dict[str, Any] = {name: request.form.get(name) or None for name in ("state", "outcome", "after")}
    return url_for("BillingRunView.show", pk=number, tab="invoices", **place)
