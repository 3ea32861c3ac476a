"""AdminView: a FAB ModelView whose reads stay in the actor's sight, and whose writes are a service's verbs.

Flask-AppBuilder's own steps of saving commit by themselves and lose what was typed when a rule refuses it; here they
are replaced, once, for every screen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from flask import abort, flash, redirect, request, url_for
from flask_appbuilder import ModelView, expose
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_appbuilder.security.decorators import has_access
from werkzeug.wrappers import Response

from app.access.ask import may, settable
from app.access.table import Operation
from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.records import Record
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.web import panels
from app.web.current import current_actor
from app.web.display import shown
from app.web.forms import PickerField, RecordForm, drop_fields, form_class, form_data
from app.web.listing import MAX_SEARCH, PAGE_SIZES, Page, list_page, searched
from app.web.pickers import chosen_options
from app.web.request_filters import RequestFiltersMixin, SafeActionsMixin, id_or_404
from app.web.resource import Resource

Answer = str | Response | tuple[str, int]

METHOD_PERMISSIONS = {
    "list": "read",
    "show": "read",
    "add": "create",
    "edit": "update",
    "delete": "delete",
    "action": "update",
    "action_post": "update",
}


class AdminView(RequestFiltersMixin, SafeActionsMixin, ModelView):
    """The screens of one resource: a subclass names its columns and sections, the rest is done here."""

    resource: ClassVar[Resource]
    list_columns: ClassVar[list[str]] = ["id"]
    sections: ClassVar[Sequence[tuple[str, Sequence[str]]]] = ()
    show_extra: ClassVar[Sequence[tuple[str, Sequence[str]]]] = ()
    label_columns: dict[str, str] = {}
    method_permission_name: dict[str, str] | None = None
    description_columns: ClassVar[dict[str, str]] = {}
    search_hint: ClassVar[str] = ""
    empty_text: ClassVar[str] = ""
    exclude_route_methods = {"download", "action", "action_post"}
    include_route_methods = None

    def __init__(self) -> None:
        self.datamodel = SQLAInterface(self.resource.model, session=db.session)
        self.class_permission_name = self.resource.name
        self.method_permission_name = METHOD_PERMISSIONS | (self.method_permission_name or {})
        # Flask-AppBuilder generates labels, titles and forms from these; nothing else is exposed.
        self.list_title = self.resource.plural
        self.search_columns = ["id"]
        self.order_columns = list(self.resource.orders)
        self.show_columns = self.add_columns = self.edit_columns = ["id"]
        self.label_columns = dict(self.label_columns)
        super().__init__()
        self._gen_labels_columns([*self.resource.fields, *self.list_columns, *self.resource.read_only])
        self._form_class = form_class(self.resource.fields, labels=self.label_columns, hints=self.description_columns)

    # What subclasses may say of their own.

    def cell(self, record: Any, name: str) -> Any:
        """Return what a list or a page shows for a column."""
        return shown(self.resource, record, name)

    def record_title(self, record: Any) -> str:
        """Return how the page of a record is headed."""
        return str(record)

    def subtitle(self, _actor: Actor, _record: Any) -> str:
        """Return the line below the heading."""
        return ""

    def badges(self, _record: Any) -> list[Any]:
        """Return the marks beside the heading, as markup."""
        return []

    def notice(self, _actor: Actor, _record: Any) -> Any:
        """Return what the form says above its fields, for instance whom a change touches."""
        return None

    def touches(self, _actor: Actor, _record: Any) -> list[str]:
        """Return what deleting a record takes along, line by line."""
        return []

    def preset(self) -> dict[str, object]:
        """Return the values of a new record that the address sets, and that the form can't change."""
        return {}

    def starting_values(self) -> dict[str, object]:
        """Return what the form of a new record starts with, beside the fields' own defaults."""
        return {}

    def narrowed(self, statement: Any) -> Any:
        """Return the rows of the list, narrowed by the named filters of the address."""
        return statement

    def list_filters(self) -> Sequence[Mapping[str, Any]]:
        """Return the named filters that the list offers."""
        return ()

    def extra_given(self, _form: RecordForm) -> dict[str, object]:
        """Return what a form of several rows adds to the given values."""
        return {}

    def extra_context(self, _record: Any, _given: Mapping[str, object] | None) -> dict[str, Any]:
        """Return what the form's extra template gets."""
        return {}

    # The pages.

    @expose("/list/")
    @has_access
    def list(self) -> Answer:
        """Show a page of the list."""
        actor = current_actor()
        text = " ".join(request.args.get("q", "").replace("\x00", "").split())[:MAX_SEARCH]
        order, descending = self._order()
        page = list_page(
            db.session(),
            self.narrowed(searched(actor, self.resource, text)),
            resource=self.resource,
            order=order,
            descending=descending,
            page=_number("page", limit=10_000),
            page_size=self._page_size(),
        )
        return self.render_template("web/list.html", **self._list_context(actor, page, text, order, descending))

    @expose("/show/<pk>")
    @has_access
    def show(self, pk: str) -> Answer:
        """Show one record, with its tabs."""
        actor = current_actor()
        session = db.session()
        record = self.resource.get(session, actor, id_or_404(pk))
        offered = panels.tabs(actor, self.resource.name)
        chosen = next((tab for tab in offered if tab.key == request.args.get("tab")), offered[0] if offered else None)
        return self.render_template(
            "web/show.html",
            title=self.record_title(record),
            subtitle=self.subtitle(actor, record),
            badges=self.badges(record),
            sections=self._facts(record),
            tabs=[
                {
                    "key": tab.key,
                    "label": tab.label,
                    "count": tab.count(session, actor, record),
                    "url": f"{request.path}?tab={tab.key}",
                    "active": tab is chosen,
                }
                for tab in offered
            ],
            tab_template=chosen.template if chosen else None,
            tab=chosen.context(session, actor, record) if chosen else {},
            record=record,
            add_menu=panels.add_menu(actor, self.resource.name, record),
            actions_menu=self._actions_menu(actor, record),
        )

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> Answer:
        """Make a record with the verb; a refusal comes back in the same form."""
        if self.resource.create is None:
            abort(404)
        actor = current_actor()
        preset = self.preset()
        form = self._form(actor, None, preset)
        if request.method == "POST":
            given = {**form.given(), **preset, **self.extra_given(form)}
            try:
                with unit_of_work(db.session) as session:
                    record = self.resource.create(session, actor, given)
                    done = (record.id, self.record_title(record))
            except DomainError as error:
                return self._form_page(actor, form, None, preset=preset, error=error, given=given)
            flash(f"{self.resource.label} {done[1]} was added.", "success")
            return redirect(self.after_saving(done[0]))
        return self._form_page(actor, form, None, preset=preset)

    @expose("/edit/<pk>", methods=["GET", "POST"])
    @has_access
    def edit(self, pk: str) -> Answer:
        """Change a record with the verb; a refusal comes back in the same form, with what was typed."""
        if self.resource.update is None:
            abort(404)
        actor = current_actor()
        number = id_or_404(pk)
        record = self.resource.get(db.session(), actor, number)
        form = self._form(actor, record, {})
        if request.method == "POST":
            given = {**form.given(), **self.extra_given(form)}
            try:
                version = form.opened_version()
                if version is None:
                    abort(400)
                with unit_of_work(db.session) as session:
                    self.resource.update(session, actor, number, given, version)
            except DomainError as error:
                record = self.resource.get(db.session(), actor, number)
                return self._form_page(actor, form, record, error=error, given=given)
            flash("Saved.", "success")
            return redirect(self.after_saving(number))
        return self._form_page(actor, form, record)

    @expose("/delete/<pk>", methods=["GET", "POST"])
    @has_access
    def delete(self, pk: str) -> Answer:
        """Ask first, saying what goes along; delete on POST alone."""
        verb = self.resource.delete
        if verb is None:
            abort(404)
        actor = current_actor()
        number = id_or_404(pk)
        record = self.resource.get(db.session(), actor, number)
        name = self.record_title(record)

        return self.confirmed(
            title=f"Delete {name}",
            text=f"Delete {name}? It can be restored from the trash.",
            submit_label="Delete",
            record=record,
            run=lambda session, version: verb(session, actor, number, version),
            done=f"{self.resource.label} {name} was deleted.",
            after=url_for(f"{self.endpoint}.list"),
            touches=self.touches(actor, record),
            danger=True,
        )

    def confirmed(  # noqa: PLR0913  a page has this many words
        self,
        *,
        title: str,
        text: str,
        submit_label: str,
        record: Record,
        run: Callable[[Any, int | None], object],
        done: str,
        after: str,
        touches: Sequence[str] = (),
        danger: bool = False,
    ) -> Answer:
        """Show a page that asks, and run the verb when it is answered by POST."""
        form = RecordForm(data={"version": record.version})
        cancel_url = self.show_url(record.id)
        error = None
        if request.method == "POST":
            version = form.opened_version()
            if version is None and form.version.data:
                abort(400)
            try:
                with unit_of_work(db.session) as session:
                    run(session, version)
            except DomainError as refusal:
                error = refusal
            else:
                flash(done, "success")
                return redirect(after)
        page = self.render_template(
            "web/confirm.html",
            title=title,
            text=text,
            touches=touches,
            submit_label=submit_label,
            danger=danger,
            cancel_url=cancel_url,
            form=form,
            error=error.message if error else None,
        )
        return page if error is None else (page, error.status)

    def show_url(self, record_id: int) -> str:
        """Return the address of a record's page."""
        return url_for(f"{self.endpoint}.show", pk=record_id)

    def after_saving(self, record_id: int) -> str:
        """Return where saving leads: to the record's page."""
        return self.show_url(record_id)

    # How the pages are put together.

    def _init_forms(self) -> None:
        """Make no Flask-AppBuilder form: theirs load every related row."""

    def _form(self, actor: Actor, record: Record | None, preset: Mapping[str, object]) -> RecordForm:
        form: RecordForm = self._form_class(
            data=form_data(self.resource.fields, record, preset if record else {**self.starting_values(), **preset})
        )
        if record is not None and request.method == "GET":
            form.version.data = record.version
        fixed = {name for name, kind in self.resource.fields.items() if kind.once and record is not None}
        allowed = settable(actor, self.resource.name, self.resource.fields)
        drop_fields(form, (set(self.resource.fields) - allowed) | fixed | set(preset))
        for field in form._fields.values():
            if isinstance(field, PickerField):
                field.texts = chosen_options(db.session(), actor, field.source, field.values())
        return form

    def _form_page(
        self,
        actor: Actor,
        form: RecordForm,
        record: Any,
        *,
        preset: Mapping[str, object] | None = None,
        error: DomainError | None = None,
        given: Mapping[str, object] | None = None,
    ) -> Answer:
        elsewhere = form.show_errors(error) if error else {}
        message = error.message if error else None
        others = [text for name, texts in elsewhere.items() if not name.startswith("lines") for text in texts]
        if message and others:
            message = f"{message} {' '.join(others)}"
        page = self.render_template(
            "web/form.html",
            title=f"Edit {self.record_title(record)}" if record else self.add_title_of(preset or {}),
            form=form,
            sections=self._form_sections(form, record, preset or {}),
            submit_label="Save",
            cancel_url=self.show_url(record.id) if record else self.cancel_url(preset or {}),
            notice=self.notice(actor, record) if record else None,
            error=message,
            line_errors={name: texts for name, texts in elsewhere.items() if name.startswith("lines")},
            **self.extra_context(record, given),
        )
        return page if error is None else (page, error.status)

    def add_title_of(self, _preset: Mapping[str, object]) -> str:
        """Return the heading of the form for a new record."""
        return f"Add {self.resource.label.lower()}"

    def cancel_url(self, _preset: Mapping[str, object]) -> str:
        """Return where cancelling a new record leads."""
        return url_for(f"{self.endpoint}.list")

    def _form_sections(
        self,
        form: RecordForm,
        record: Any,
        preset: Mapping[str, object],
    ) -> Sequence[dict[str, Any]]:
        sections = []
        for label, names in self.sections:
            fixed = []
            for name in names:
                if name not in form and name in self.resource.fields:
                    value = self.cell(record, name) if record is not None else preset.get(name)
                    if record is not None or name in preset:
                        fixed.append({"label": self.label_columns[name], "value": self.preset_text(name, value)})
            sections.append({"label": label, "fields": list(names), "fixed": fixed})
        return sections

    def preset_text(self, _name: str, value: Any) -> Any:
        """Return how a value that the form can't change is shown."""
        return value

    def _facts(self, record: Any) -> Sequence[dict[str, Any]]:
        return [
            {
                "label": label,
                "fields": [
                    {"label": self.label_columns.get(name, name), "value": self.cell(record, name)} for name in names
                ],
            }
            for label, names in (*self.sections, *self.show_extra)
        ]

    def _actions_menu(self, actor: Actor, record: Any) -> Sequence[dict[str, Any]]:
        name = self.resource.name
        menu: Any = []
        if self.resource.update is not None and may(actor, Operation.UPDATE, name) and self.editable(record):
            menu.append({"label": "Edit", "url": url_for(f"{self.endpoint}.edit", pk=record.id), "icon": "edit"})
        menu += panels.actions_menu(actor, name, record)
        if self.resource.delete is not None and may(actor, Operation.DELETE, name) and self.editable(record):
            url = url_for(f"{self.endpoint}.delete", pk=record.id)
            menu.append({"label": "Delete", "url": url, "icon": "trash", "danger": True})
        return menu

    def editable(self, _record: Any) -> bool:
        """Tell whether a record's state lets it be changed and deleted at all."""
        return True

    def _order(self) -> tuple[str | None, bool]:
        name = request.args.get("order", "")
        if not name:
            return None, False
        if name not in self.resource.orders:
            abort(400)
        return name, request.args.get("direction") == "desc"

    def _page_size(self) -> int:
        size = _number("page_size", limit=1_000_000) or PAGE_SIZES[0]
        return min(size, PAGE_SIZES[-1])

    def _list_context(
        self,
        actor: Actor,
        page: Page,
        text: str,
        order: str | None,
        descending: bool,  # noqa: FBT001  its own call
    ) -> dict[str, Any]:
        name = self.resource.name
        may_add = self.resource.create is not None and may(actor, Operation.CREATE, name)
        add_url = url_for(f"{self.endpoint}.add") if may_add else None
        add_label = f"Add {self.resource.label.lower()}"
        first = page.page * page.page_size
        return {
            "title": self.resource.plural,
            "q": text,
            "search_hint": self.search_hint,
            "filters": self.list_filters(),
            "columns": [self._column(column, order, descending) for column in self.list_columns],
            "rows": [self._row(record) for record in page.rows],
            "count": page.count,
            "count_capped": page.count_capped,
            "pages": {
                "page": page.page,
                "previous_url": _address(page=page.page - 1) if page.page > 0 else None,
                "next_url": _address(page=page.page + 1) if page.has_next and page.rows else None,
                "first_row": first + 1 if page.rows else 0,
                "last_row": first + len(page.rows),
            },
            "add_url": add_url,
            "add_label": add_label,
            "empty": {
                "title": f"Nothing found for “{text}”" if text else f"No {self.resource.plural.lower()} yet",
                "text": "Try fewer letters, or another word." if text else self.empty_text,
                "action_url": None if text else add_url,
                "action_label": add_label,
            },
        }

    def _column(self, name: str, order: str | None, descending: bool) -> dict[str, Any]:  # noqa: FBT001  its own call
        direction = ("descending" if descending else "ascending") if name == order else None
        turned = "desc" if name == order and not descending else "asc"
        return {
            "key": name,
            "label": self.label_columns[name],
            "sortable": name in self.resource.orders,
            "sort_url": _address(order=name, direction=turned, page=0),
            "direction": direction,
        }

    def _row(self, record: Any) -> dict[str, Any]:
        cells = [
            {"key": name, "label": self.label_columns[name], "value": self.cell(record, name)}
            for name in self.list_columns
        ]
        return {"pk": record.id, "url": self.show_url(record.id), "cells": cells}


def _number(name: str, *, limit: int) -> int:
    """Return a number out of the address: 0 where there is none, 400 where it is none."""
    text = request.args.get(name, "")
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()) or int(text[:9]) > limit:
        abort(400)
    return int(text)


def _address(**changes: object) -> str:
    """Return this page's address with some of its parameters changed; lists of values are kept whole."""
    args: dict[str, Any] = {name: values for name, values in request.args.lists() if name not in changes}
    args |= {name: [str(value)] for name, value in changes.items() if value not in (None, 0, "")}
    return url_for(str(request.endpoint), **(request.view_args or {}), **args)
