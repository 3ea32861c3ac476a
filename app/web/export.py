"""Export of what a list shows: the same rows, columns and order, as a file, with an entry in the audit trail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from flask import request, send_file, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from markupsafe import Markup
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.access.ask import ensure
from app.access.table import Operation
from app.core import audit, clock
from app.core.actor import Actor
from app.core.audit import Touch, Verb
from app.core.errors import DomainError, Invalid
from app.core.fields import References, Secret
from app.core.unit_of_work import unit_of_work
from app.core.words import say, say_count
from app.extensions import db
from app.web import keyset
from app.web.bulk import (
    BulkAction,
    ListLink,
    Selection,
    register_bulk_action,
    register_list_link,
    selection_of,
)
from app.web.current import current_actor
from app.web.export_files import CSV_TYPE, XLSX_TYPE, write_csv, write_xlsx
from app.web.keyset import Cursor
from app.web.listing import sort_of
from app.web.resource import Resource
from app.web.words import translated

MAX_ROWS = 100_000
BATCH = 500
FORMATS = {"csv": (write_csv, CSV_TYPE), "xlsx": (write_xlsx, XLSX_TYPE)}


class ExportPages:
    """The part of AdminView that exports lists."""

    resource: ClassVar[Resource]
    label_columns: Any
    endpoint: str
    cell: Any
    columns_shown: Any
    list_url: Any
    render_template: Any

    def offer_export(self) -> None:
        """Put the export above the list, and among what can be done with the chosen rows."""
        name, label = self.resource.name, say("Export")
        url = f"{self.endpoint}.export"
        register_list_link(
            name,
            ListLink(
                label=label,
                resource=name,
                operation=Operation.READ,
                url=lambda query: f"{url_for(url)}?{query}" if query else url_for(url),
                icon="download",
            ),
        )
        register_bulk_action(
            name,
            BulkAction(
                name="export",
                label=label,
                resource=name,
                operation=Operation.READ,
                url=lambda: url_for(url),
                icon="download",
            ),
        )

    @expose("/export", methods=["GET", "POST"])
    @has_access
    def export(self) -> Any:
        """Ask for the kind of file, saying what will be in it; give the file on POST alone."""
        actor = current_actor()
        posted = request.method == "POST"
        query = request.query_string.decode("utf-8", "replace")
        form = request.form if posted else MultiDict({"state": query, "everything": "1"})
        session = db.session()
        selection = selection_of(self.resource, actor, form)
        columns = self.columns_shown(session, actor, selection.state)
        kind = form.get("format", "")
        error: DomainError | None = None
        if posted and kind:
            try:
                return self._file(session, actor, selection, columns, kind)
            except DomainError as refusal:
                error = refusal
        count = _count(session, selection)
        page = self.render_template(
            "web/export.html",
            title=say("Export: {kind}", kind=self.resource.plural),
            rows=say_count("{count} row", "{count} rows", min(count, MAX_ROWS)),
            too_many=_too_many() if count > MAX_ROWS else None,
            columns=[self.label_columns[name] for name in columns],
            fields=selection.fields(),
            cancel_url=self.list_url(selection.state.query()),
            error=error.message if error and count <= MAX_ROWS else None,
        )
        return (page, error.status) if error else page

    def _file(self, session: Session, actor: Actor, selection: Selection, columns: Sequence[str], kind: str) -> Any:
        """Write the file, note the export, and give it. Raises Invalid."""
        ensure(actor, Operation.READ, self.resource.name)
        if kind not in FORMATS:
            raise Invalid(say("Choose CSV or XLSX."), field="format")
        if _count(session, selection) > MAX_ROWS:
            raise Invalid(_too_many(), code="too_many_rows")
        write, mimetype = FORMATS[kind]
        rows = _Counted(self._rows(session, selection, columns))
        file = write([translated(self.label_columns[name]) for name in columns], rows)
        with unit_of_work(db.session) as work:
            _note(work, actor, selection, columns, kind, rows.count)
        name = f"{self.resource.name}-{clock.now():%Y-%m-%d}.{kind}"
        answer = send_file(file, mimetype=mimetype, as_attachment=True, download_name=name, max_age=0)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _rows(self, session: Session, selection: Selection, columns: Sequence[str]) -> Iterator[list[Any]]:
        """Give the rows in the list's order, some at a time."""
        sort = sort_of(self.resource, selection.state.order, descending=selection.state.descending)
        statement = selection.rows(session).options(*self.resource.load)
        after: Cursor | None = None
        while True:
            found = keyset.rows_from(session, statement, sort, after=after, limit=BATCH)
            for record, _ in found:
                yield [self._exported(record, name) for name in columns]
            if len(found) < BATCH:
                return
            after = Cursor(found[-1][1], None)

    def _exported(self, record: Any, name: str) -> Any:
        """Return what stands in a cell: dates and amounts as such, all else as the list shows it."""
        kind = self.resource.fields.get(name)
        if isinstance(kind, Secret):
            return None
        value = None if isinstance(kind, References) else getattr(record, name, None)
        if isinstance(value, Decimal) and name in self.resource.read_only:
            # As REST gives it: with the places of its currency, and not those that the database keeps.
            return Decimal(self.resource.value(record, name))
        if isinstance(value, datetime | date | Decimal):
            return value
        seen = translated(self.cell(record, name))
        return str(Markup(seen).striptags()) if isinstance(seen, Markup) else seen  # noqa: S704  it is markup already


class _Counted:
    """Rows that are counted as they pass."""

    def __init__(self, rows: Iterator[list[Any]]) -> None:
        self.rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[list[Any]]:
        for row in self.rows:
            self.count += 1
            yield row


def _count(session: Session, selection: Selection) -> int:
    """Count the rows of a selection, up to one more than may be exported."""
    key = selection.state.resource.model.id
    some = selection.rows(session).with_only_columns(key).order_by(None).limit(MAX_ROWS + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def _too_many() -> str:
    return say("An export holds {most} rows at most. Narrow the list by its search and filters.", most=f"{MAX_ROWS:,}")


def _note(session: Session, actor: Actor, selection: Selection, columns: Sequence[str], kind: str, count: int) -> None:
    """Write into the audit trail who exported what; the list stands for its records, which may be too many to name."""
    resource = selection.state.resource
    what = {
        "format": (None, kind),
        "rows": (None, count),
        "columns": (None, list(columns)),
        "list": (None, selection.state.query()),
        "ids": (None, list(selection.ids) if selection.ids is not None else None),
    }
    label = f"{resource.plural}: {count:,} rows as {kind.upper()}"
    audit.record(session, actor, verb=Verb.LIST_EXPORTED, touched=[Touch(resource.name, 0, label, what)])
