"""The forms of a resource: what is typed goes to a verb, and comes back with the verb's errors when it refuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from flask import abort, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from werkzeug.wrappers import Response

from app.access.ask import settable
from app.core import audit
from app.core.actor import Actor
from app.core.errors import DomainError, Stale
from app.core.fields import Field
from app.core.records import Record
from app.core.unit_of_work import unit_of_work
from app.core.words import in_a_row, say, say_count
from app.extensions import db
from app.web.current import current_actor
from app.web.forms import PickerField, RecordForm, drop_fields, form_data
from app.web.pickers import chosen_options
from app.web.request_filters import id_or_404
from app.web.resource import Resource
from app.web.words import tell

Answer = str | Response | tuple[str, int]


class FormPages:
    """The part of AdminView that makes and changes records."""

    resource: ClassVar[Resource]
    sections: ClassVar[Sequence[tuple[str, Sequence[str]]]]
    label_columns: dict[str, str]
    endpoint: str
    cell: Any
    record_title: Any
    show_url: Any
    after_saving: Any
    render_template: Any
    _form_class: type[RecordForm]

    def notice(self, _actor: Actor, _record: Any) -> Any:
        """Return what the form says above its fields, for instance whom a change touches."""
        return None

    def preset(self) -> dict[str, object]:
        """Return the values of a new record that the address sets, and that the form can't change."""
        return {}

    def starting_values(self) -> dict[str, object]:
        """Return what the form of a new record starts with, beside the fields' own defaults."""
        return {}

    def extra_given(self, _form: RecordForm) -> dict[str, object]:
        """Return what a form of several rows adds to the given values."""
        return {}

    def extra_context(self, _record: Any, _given: Mapping[str, object] | None) -> dict[str, Any]:
        """Return what the form's extra template gets."""
        return {}

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
            tell(say("{kind} {name} was added.", kind=self.resource.label, name=done[1]))
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
                if isinstance(error, Stale):
                    error = self._told_apart(error, form=form, record=record)
                return self._form_page(actor, form, record, error=error, given=given)
            tell(say("Saved."))
            return redirect(self.after_saving(number))
        return self._form_page(actor, form, record)

    def _told_apart(self, error: Stale, *, form: RecordForm, record: Any) -> DomainError:
        """Say at each field that somebody else has changed what it is by now; the form may be saved over that."""
        acts = record.version - (form.opened_version() or record.version)
        changed = audit.changed_fields(db.session(), resource=self.resource.name, record_id=record.id, acts=acts)
        form.version.data = record.version
        told = {
            name: [say("Somebody has set this meanwhile: {value}.", value=self._by_now(record, name))]
            for name in changed
            if name in self.resource.fields
        }
        advice = say("Saving once more keeps what stands in the form.")
        return Stale(in_a_row([error.message, advice]), errors=told)

    def _by_now(self, record: Any, name: str) -> Any:
        """Return what a field is by now, in a word or two."""
        value = self.resource.fields[name].current(record, name)
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return say_count(
                "{count} row, shown on the record's page", "{count} rows, shown on the record's page", len(value)
            )
        return self.cell(record, name) or say("nothing")

    def _form(self, actor: Actor, record: Record | None, preset: Mapping[str, object]) -> RecordForm:
        form: RecordForm = self._form_class(
            data=form_data(self._typed_fields(), record, preset if record else {**self.starting_values(), **preset})
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

    def _typed_fields(self) -> dict[str, Field]:
        """Return the fields that the form has, without those of several parts, which have a template of their own."""
        return {name: kind for name, kind in self.resource.fields.items() if hasattr(self._form_class, name)}

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
            message = in_a_row([message, *others])
        extra = self.extra_context(record, given)
        page = self.render_template(
            "web/form.html",
            title=say("Edit {name}", name=self.record_title(record)) if record else self.add_title_of(preset or {}),
            form=form,
            sections=self._form_sections(form, record, preset or {}),
            submit_label=extra.pop("submit_label", say("Save")),
            cancel_url=self.show_url(record.id) if record else self.cancel_url(preset or {}),
            notice=self.notice(actor, record) if record else None,
            error=message,
            line_errors={name: texts for name, texts in elsewhere.items() if name.startswith("lines")},
            **extra,
        )
        return page if error is None else (page, error.status)

    def add_title_of(self, _preset: Mapping[str, object]) -> str:
        """Return the heading of the form for a new record."""
        return self.resource.add_label

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
