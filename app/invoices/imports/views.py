"""The screen of imports: a file is handed over and checked, looked at, and published or discarded."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import Response, current_app, redirect, request, send_file, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access
from flask_wtf.file import FileField
from wtforms import BooleanField, StringField
from wtforms.fields.choices import SelectChoice

from app.access.ask import ensure, may
from app.access.table import Operation
from app.core.actor import Actor
from app.core.errors import DomainError, Invalid
from app.core.words import say, say_count
from app.extensions import db
from app.invoices.imports import jobs, queries
from app.invoices.imports.faults_file import write_faults
from app.invoices.imports.models import InvoiceImport
from app.invoices.imports.rules import FORMATS, MAX_REASON, SHOWN_FAULTS, ImportKind, ImportState
from app.invoices.imports.samples import SAMPLES
from app.web.bulk import ListLink, register_list_link
from app.web.current import current_actor
from app.web.display import moment, tag
from app.web.export_files import CSV_TYPE
from app.web.form_pages import Answer
from app.web.formats import amount_text, number_text
from app.web.forms import Needed, RecordForm, WordsSelect
from app.web.request_filters import id_or_404, whole_number
from app.web.words import tell, translated

LIST_PAGE = 25
_TONES = {
    ImportState.CHECKING: "info",
    ImportState.REFUSED: "danger",
    ImportState.CHECKED: "warning",
    ImportState.PUBLISHED: "success",
    ImportState.DISCARDED: "neutral",
}


class ImportForm(RecordForm):
    """What is handed over."""

    kind = WordsSelect(
        say("What is in the file"),
        choices=[SelectChoice(one.value, one.words) for one in ImportKind],
        validate_choice=False,
    )
    file = FileField(
        say("File"),
        description=say("CSV, in UTF-8. It is checked as a whole first; nothing is published before you say so."),
        validators=[Needed()],
        render_kw={"accept": ".csv,text/csv"},
    )
    approve = BooleanField(
        say("Approve the invoices"), description=say("Otherwise they are drafts, also those that were approved before.")
    )
    reason = StringField(
        say("Reason"),
        description=say("Needed only to import the very same file once more. It stays in the audit trail."),
        render_kw={"maxlength": MAX_REASON, "autocomplete": "off"},
    )


class ImportView(BaseView):
    """Imports of invoices and usage records: hand over, look, publish, discard, and what was imported before."""

    route_base = "/invoices/imports"
    class_permission_name = "invoice"
    method_permission_name: ClassVar[dict[str, str]] = {
        "list": "read",
        "add": "create",
        "show": "read",
        "publish": "create",
        "discard": "create",
        "faults": "read",
        "sample": "read",
    }
    default_view = "list"

    @expose("/list/", methods=["GET"])
    @has_access
    def list(self) -> Answer:
        """Show what was imported, newest first."""
        actor = current_actor()
        before = whole_number(request.args.get("before", ""))
        found = queries.latest(db.session(), actor, before=before, limit=LIST_PAGE + 1)
        return self.render_template(
            "invoices/imports/list.html",
            title=say("Imports"),
            rows=[_row(one) for one in found[:LIST_PAGE]],
            older_url=url_for("ImportView.list", before=found[LIST_PAGE - 1].id) if len(found) > LIST_PAGE else None,
            newest_url=url_for("ImportView.list") if before else None,
            add_url=url_for("ImportView.add") if may(actor, Operation.CREATE, "invoice") else None,
            invoices_url=url_for("InvoiceView.list"),
        )

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> Answer:
        """Take a file, and check it: all of it, within this request."""
        actor = current_actor()
        form = ImportForm()
        if not may(actor, Operation.APPROVE, "invoice"):
            del form["approve"]
        error: DomainError | None = None
        if request.method == "POST":
            try:
                return redirect(url_for("ImportView.show", pk=_checked(actor, form)))
            except DomainError as refusal:
                error = refusal
                form.show_errors(refusal)
        most = current_app.config["SETTINGS"].import_rows
        page = self.render_template(
            "invoices/imports/add.html",
            title=say("Import a file"),
            form=form,
            error=error.message if error else None,
            most=say_count(
                "This page takes {count} row at most. The command flask import takes any number.",
                "This page takes {count} rows at most. The command flask import takes any number.",
                most,
            ),
            samples=[{"label": one.words, "url": url_for("ImportView.sample", kind=one.value)} for one in ImportKind],
            columns=[(one.words, ", ".join(FORMATS[one].columns)) for one in ImportKind],
            cancel_url=url_for("ImportView.list"),
        )
        return (page, error.status) if error else page

    @expose("/show/<pk>", methods=["GET"])
    @has_access
    def show(self, pk: str) -> Answer:
        """Show what a file holds, or what is wrong with it, and what became of it."""
        return self._page(id_or_404(pk))

    @expose("/<pk>/publish", methods=["POST"])
    @has_access
    def publish(self, pk: str) -> Answer:
        """Publish a checked import."""
        actor, number = current_actor(), id_or_404(pk)
        try:
            jobs.publish(db.session, actor, import_id=number)
        except DomainError as refusal:
            return self._page(number, error=refusal)
        tell(say("The import is published."))
        return redirect(url_for("ImportView.show", pk=number))

    @expose("/<pk>/discard", methods=["POST"])
    @has_access
    def discard(self, pk: str) -> Answer:
        """Give up an import that is not published."""
        number = id_or_404(pk)
        try:
            jobs.give_up(db.session, current_actor(), import_id=number, most=jobs.PAGE_SWEEPS)
        except DomainError as refusal:
            return self._page(number, error=refusal)
        tell(say("The import was discarded. Nothing of it was published."))
        return redirect(url_for("ImportView.list"))

    @expose("/<pk>/errors", methods=["GET"])
    @has_access
    def faults(self, pk: str) -> Response:
        """Give all that is wrong with a file, as CSV."""
        run = queries.import_(db.session(), current_actor(), import_id=id_or_404(pk))
        return _attached(write_faults(db.session(), run.id), f"import-{run.id}-errors.csv")

    @expose("/sample/<kind>", methods=["GET"])
    @has_access
    def sample(self, kind: str) -> Response:
        """Give a file as it should be."""
        ensure(current_actor(), Operation.READ, "invoice")
        found = SAMPLES.get(kind)
        if found is None:
            return Response(status=404)
        answer = Response(found, content_type=CSV_TYPE)
        answer.headers["Content-Disposition"] = f'attachment; filename="{kind}.csv"'
        return answer

    def _page(self, number: int, *, error: DomainError | None = None) -> Answer:
        actor, session = current_actor(), db.session()
        run = queries.import_(session, actor, import_id=number)
        faults = session.scalars(queries.faults(number).limit(SHOWN_FAULTS)).all()
        may_write = may(actor, Operation.CREATE, "invoice")
        page = self.render_template(
            "invoices/imports/show.html",
            title=say("Import {number}", number=run.id),
            subtitle=run.filename,
            state=_state(run),
            facts=_facts(run),
            faults=faults,
            shown_faults=_shown_faults(run, len(faults)),
            faults_url=url_for("ImportView.faults", pk=number) if faults else None,
            publish_url=url_for("ImportView.publish", pk=number) if may_write and _waits(run) else None,
            discard_url=url_for("ImportView.discard", pk=number) if may_write and _waits(run) else None,
            list_url=url_for("ImportView.list"),
            error=error.message if error else None,
        )
        return (page, error.status) if error else page


def register() -> None:
    """Put the way to the imports above the list of invoices."""
    register_list_link(
        "invoice",
        ListLink(
            label=say("Imports"),
            resource="invoice",
            operation=Operation.READ,
            url=lambda _query: url_for("ImportView.list"),
            icon="file-invoice",
        ),
    )


def _checked(actor: Actor, form: Any) -> int:
    """Check what was posted, and return the import's id. Raises Invalid without a file, and what a check raises."""
    ensure(actor, Operation.CREATE, "invoice")
    if form.kind.data not in list(ImportKind):
        raise Invalid(say("Choose what is in the file."), field="kind")
    if not form.file.data or not form.file.data.filename:
        raise Invalid(say("Choose a file."), field="file")
    settings = current_app.config["SETTINGS"]
    check = jobs.Check(
        sessions=db.session,
        actor=actor,
        default_currency=settings.currency,
        approve="approve" in form and form.approve.data,
        reason=(form.reason.data or "").strip() or None,
        most_rows=settings.import_rows,
        said=translated,
    )
    return check.run(form.file.data.stream, kind=ImportKind(form.kind.data), name=form.file.data.filename)


def _attached(file: Any, name: str) -> Response:
    answer = send_file(file, mimetype=CSV_TYPE, as_attachment=True, download_name=name, max_age=0)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _waits(run: InvoiceImport) -> bool:
    return run.state == ImportState.CHECKED


def _state(run: InvoiceImport) -> Any:
    state = ImportState(run.state)
    return tag(state.words, _TONES[state])


def _sums(run: InvoiceImport) -> str:
    return ", ".join(amount_text(amount, currency) for currency, amount in run.sums.items())


def _facts(run: InvoiceImport) -> list[dict[str, Any]]:
    sums = say("Total") if run.kind == ImportKind.INVOICES else say("Cost")
    facts = [
        (say("What is in the file"), ImportKind(run.kind).words),
        (say("Rows"), number_text(run.rows)),
        (say("Invoices"), number_text(run.invoices)),
        (sums, _sums(run) or None),
        (say("Errors"), number_text(run.faults)),
        (say("Approve the invoices"), say("Yes") if run.approve else say("No")),
        (say("Handed over by"), run.username),
        (say("Handed over"), moment(run.started_at)),
        (say("Published"), moment(run.published_at) if run.published_at else None),
        (say("Reason"), run.reason),
    ]
    return [{"label": label, "value": value} for label, value in facts]


def _shown_faults(run: InvoiceImport, shown: int) -> str:
    """Say how many errors there are, and how many of them the page lists."""
    if shown < run.faults:
        return say_count(
            "The first {shown} of {count} error.", "The first {shown} of {count} errors.", run.faults, shown=shown
        )
    return say_count("{count} error", "{count} errors", run.faults)


def _row(run: InvoiceImport) -> dict[str, Any]:
    cells = {
        "number": (say("Import"), str(run.id)),
        "file": (say("File"), run.filename),
        "kind": (say("What is in the file"), ImportKind(run.kind).words),
        "invoices": (say("Invoices"), number_text(run.invoices)),
        "sums": (say("Sum"), _sums(run) or None),
        "by": (say("Handed over by"), run.username),
        "at": (say("Handed over"), moment(run.started_at)),
        "state": (say("State"), _state(run)),
    }
    return {
        "pk": run.id,
        "url": url_for("ImportView.show", pk=run.id),
        "cells": [{"key": key, "label": label, "value": value} for key, (label, value) in cells.items()],
    }
