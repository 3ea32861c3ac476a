"""The screens of billing runs: choose, look at the plan, leave out, start, and watch it come to its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flask import url_for
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.words import say, say_count
from app.extensions import db
from app.invoices.billing_runs import progress, service
from app.invoices.billing_runs.forms import SECTIONS, ChooseForm, choose_form
from app.invoices.billing_runs.kind import KIND
from app.invoices.billing_runs.labels import filter_lines
from app.invoices.billing_runs.models import BillingRun
from app.invoices.billing_runs.resource import BILLING_RUN
from app.mailer.sending_defaults import sending_defaults
from app.runs.progress import Sums
from app.runs.views import RunView


class BillingRunView(RunView):
    """Billing runs: the list, and each with its plan, its progress and its invoices."""

    resource = BILLING_RUN
    route_base = "/billing-runs"
    kind = KIND
    verbs: ClassVar[Any] = service
    chooser: ClassVar[Any] = staticmethod(service.choose_invoices)
    list_columns = ["id", "status", "invoice_count", "created_by", "created_at", "started_at", "finished_at"]
    list_choices = ["planned_at", "started_by"]
    sections = (
        (say("Chosen by"), ("filters", "account_numbers", "invoice_count")),
        (say("Run"), ("created_by", "created_at", "planned_at", "started_by", "started_at")),
    )
    empty_text = say("Choose invoices, look at who would get them, and send them all together.")
    leave_out_text = say("All of their invoices in this run are left out. Each can be ticked again under Invoices.")
    start_text = say(
        "Send these? Drafts are approved by it. What has changed since it was planned is named, and not sent."
    )

    def cell(self, record: BillingRun, name: str) -> Any:
        """Show what it was chosen by in words."""
        return filter_lines(record.filters) if name == "filters" else super().cell(record, name)

    def record_title(self, record: BillingRun) -> str:
        """Return the number."""
        return say("Billing run {number}", number=record.id)

    def leave_out_title(self, number: int) -> str:
        """Return how the page that leaves customers out is headed."""
        return say("Leave customers out of billing run {number}", number=number)

    def start_title(self, number: int) -> str:
        """Return how the page that asks before the start is headed."""
        return say("Start billing run {number}", number=number)

    def started(self, number: int) -> str:
        """Return what is said once it is started."""
        return say("Billing run {number} is under way.", number=number)

    def new_run(self, session: Session, actor: Actor, form: ChooseForm) -> BillingRun:
        """Plan what was chosen in a form."""
        return service.create_run(session, actor, values=form.values(), defaults=sending_defaults())

    def choose_form(self, actor: Actor) -> ChooseForm:
        """Return the form by which invoices are chosen."""
        return choose_form(actor)

    def choose_sections(self, _actor: Actor) -> Sequence[dict[str, Any]]:
        """Return the sections of that form."""
        return SECTIONS

    def sums(self, run: BillingRun) -> Sums:
        """Return a run's plan summed up."""
        return progress.sums(db.session(), run)

    def what_starts(self, _run: BillingRun, sums: Sums) -> list[str]:
        """Return what leaves, and what reaches nobody."""
        lines: list[str] = [
            say_count("{count} invoice", "{count} invoices", sums.rows),
            say_count("{count} copy", "{count} copies", sums.copies),
        ]
        if sums.reaching_nobody:
            lines.append(
                say_count("{count} invoice reaches nobody", "{count} invoices reach nobody", sums.reaching_nobody)
            )
        return lines

    def rows_url(self, number: int, **place: Any) -> str:
        """Return the address of the tab with the run's invoices."""
        return url_for("BillingRunView.show", pk=number, tab="invoices", **place)
