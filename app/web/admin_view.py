"""AdminView: a FAB ModelView whose reads stay in the actor's sight, and whose writes are a service's verbs.

Flask-AppBuilder's own steps of saving commit by themselves and lose what was typed when a rule refuses it; here they
are replaced, once, for every screen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from flask import abort, redirect, request, url_for
from flask_appbuilder import ModelView, expose
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_appbuilder.security.decorators import has_access
from markupsafe import Markup

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.records import Record
from app.core.unit_of_work import unit_of_work
from app.core.words import say
from app.extensions import db
from app.web import panels
from app.web.current import current_actor
from app.web.display import shown
from app.web.export import ExportPages
from app.web.form_pages import Answer, FormPages
from app.web.forms import RecordForm, form_class
from app.web.list_pages import ListPages
from app.web.request_filters import RequestFiltersMixin, SafeActionsMixin, id_or_404
from app.web.resource import SYSTEM_LABELS, Resource
from app.web.undo import Undo, tell_undoable, undo_of_deletion
from app.web.words import translated

METHOD_PERMISSIONS = {
    "list": "read",
    "show": "read",
    "export": "read",
    "add": "create",
    "edit": "update",
    "delete": "delete",
    "action": "update",
    "action_post": "update",
}


class AdminView(RequestFiltersMixin, SafeActionsMixin, ListPages, ExportPages, FormPages, ModelView):
    """The screens of one resource: a subclass names its columns and sections, the rest is done here."""

    resource: ClassVar[Resource]
    list_columns: ClassVar[list[str]] = ["id"]
    sections: ClassVar[Sequence[tuple[str, Sequence[str]]]] = ()
    show_extra: ClassVar[Sequence[tuple[str, Sequence[str]]]] = ()
    label_columns: Any = {}
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
        self.label_columns = {**SYSTEM_LABELS, **self.resource.labels, **self.label_columns}
        super().__init__()
        listed = (*self.list_columns, *self.list_choices)
        self._gen_labels_columns([*self.resource.fields, *listed, *self.resource.read_only])
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

    def touches(self, _actor: Actor, _record: Any) -> list[str]:
        """Return what deleting a record takes along, line by line."""
        return []

    # The pages.

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
            sections=self.facts(record),
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
            title=say("Delete {name}", name=name),
            text=say("Delete {name}?", name=name),
            submit_label=say("Delete"),
            record=record,
            run=lambda session, version: verb(session, actor, number, version),
            done=say("{kind} {name} was deleted.", kind=self.resource.label, name=name),
            after=url_for(f"{self.endpoint}.list"),
            touches=self.touches(actor, record),
            danger=True,
            undo=lambda: undo_of_deletion(actor, self.resource, record),
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
        undo: Callable[[], Undo | None] = lambda: None,
    ) -> Answer:
        """Show a page that asks, and run the verb when it is answered by POST; `undo` gives the way back."""
        form = RecordForm(data={"version": record.version})
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
                tell_undoable(done, undo())
                return redirect(after)
        page = self.render_template(
            "web/confirm.html",
            title=title,
            text=text,
            touches=touches,
            submit_label=submit_label,
            danger=danger,
            cancel_url=self.show_url(record.id),
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

    def facts(self, record: Any) -> Sequence[dict[str, Any]]:
        """Return the sections of a record's page: what it holds."""
        return [
            {
                "label": label,
                "fields": [
                    {"label": self.label_columns.get(name, name), "value": self._with_notes(record, name)}
                    for name in names
                ],
            }
            for label, names in (*self.sections, *self.show_extra)
        ]

    def _with_notes(self, record: Any, name: str) -> Any:
        """Return what the page shows for a column, with what features above say of it below."""
        value = self.cell(record, name)
        notes = panels.notes(db.session(), current_actor(), self.resource.name, name, record)
        return Markup("<br>").join([translated(value), *notes]) if notes else value

    def _actions_menu(self, actor: Actor, record: Any) -> Sequence[dict[str, Any]]:
        name = self.resource.name
        menu: Any = []
        if self.resource.update is not None and may(actor, Operation.UPDATE, name) and self.changeable(record):
            menu.append({"label": say("Edit"), "url": url_for(f"{self.endpoint}.edit", pk=record.id), "icon": "edit"})
        menu += panels.actions_menu(actor, name, record)
        if self.resource.delete is not None and may(actor, Operation.DELETE, name) and self.editable(record):
            url = url_for(f"{self.endpoint}.delete", pk=record.id)
            menu.append({"label": say("Delete"), "url": url, "icon": "trash", "danger": True})
        return menu

    def editable(self, _record: Any) -> bool:
        """Tell whether a record's state lets it be changed and deleted at all."""
        return True

    def changeable(self, record: Any) -> bool:
        """Tell whether a record's state lets it be changed; it may be one that can be deleted alone."""
        return self.editable(record)
