"""Forms made from a record's fields: what is typed goes to the verb as it is, and comes back with the verb's errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import gettext
from flask_wtf import FlaskForm
from markupsafe import Markup
from wtforms import BooleanField, HiddenField, MultipleFileField, PasswordField, SelectField, StringField, TextAreaField
from wtforms import Field as FormField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import DateTimeLocalInput, html_params

from app.core.errors import DomainError
from app.core.fields import (
    Choice,
    Code,
    Date,
    Email,
    Field,
    Fields,
    Flag,
    Moment,
    Ordered,
    Reference,
    References,
    Secret,
    Text,
    Whole,
)
from app.core.words import say
from app.web.display import choice_words, option_words
from app.web.ordered_field import OrderedField
from app.web.words import translated


class PickerWidget:
    """A select with the chosen options alone; the page's script searches the rest on the server."""

    multiple = False
    input_type = None

    def __call__(self, field: PickerField, **attributes: Any) -> Markup:
        """Render the select."""
        attributes = {
            "id": field.id,
            "name": field.name,
            "data-picker-url": field.url,
            "data-placeholder": gettext("Type to search"),
            "multiple": field.multiple,
            "required": bool(field.flags.required),
            **attributes,
        }
        blank = "" if field.multiple else '<option value=""></option>'
        options = "".join(
            f"<option {html_params(value=value, selected=True)}>{Markup.escape(translated(text))}</option>"
            for value, text in ((value, field.texts.get(value, value)) for value in field.values())
        )
        return Markup(f"<select {html_params(**attributes)}>{blank}{options}</select>")  # noqa: S704  parts escaped


class PickerField(FormField):
    """One or several values chosen from a picker; `data` is a text, or a list of texts."""

    widget = PickerWidget()

    def __init__(self, label: str = "", *, source: str, multiple: bool = False, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.source = source
        self.multiple = multiple
        self.url = f"/pickers/{source}"
        self.texts: Mapping[str, str] = {}

    def values(self) -> list[str]:
        """Return what is chosen, as texts."""
        if self.multiple:
            return [str(value) for value in self.data or []]
        return [str(self.data)] if self.data not in (None, "") else []

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was posted."""
        self.data = valuelist if self.multiple else (valuelist[0] if valuelist else "")

    def process_data(self, value: Any) -> None:
        """Take what the record holds."""
        self.data = list(value or []) if self.multiple else value


class MomentField(StringField):
    """A time of the configured zone; `data` is ISO 8601 with its zone, or what was typed where it can't be read."""

    widget = DateTimeLocalInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was posted; what still stands there as it was shown is the very time that was held."""
        text = valuelist[0].strip() if valuelist else ""
        self.data = self.object_data if text == _local(self.object_data) else _with_zone(text)

    def _value(self) -> str:
        return self.raw_data[0] if self.raw_data else _local(self.data)


def _zone() -> ZoneInfo:
    return ZoneInfo(current_app.config["SETTINGS"].timezone)


def _local(value: str | None) -> str:
    """Return a time of a record as a browser's field for times takes it."""
    if not value:
        return ""
    return datetime.fromisoformat(value).astimezone(_zone()).replace(tzinfo=None).isoformat(timespec="seconds")


def _with_zone(text: str) -> str:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=_zone()).isoformat()
    except ValueError:
        return text


class WordsSelect(SelectField):
    """A select whose options are read in the reader's language."""

    def iter_choices(self) -> Iterator[Any]:
        """Give each option, with its text translated."""
        return (one._replace(label=translated(one.label)) for one in super().iter_choices())


class Needed:
    """Marks a field as required on the page; the verb is what checks it."""

    field_flags = {"required": True}

    def __call__(self, form: FlaskForm, field: FormField) -> None:
        """Refuse nothing."""


class RecordForm(FlaskForm):
    """A form of a record: the version that it was opened with, and the fields that the actor may set."""

    version = HiddenField()

    def given(self) -> dict[str, object]:
        """Return what was typed, by field, for a verb to check."""
        return {name: _raw(field) for name, field in self._fields.items() if name not in ("version", "csrf_token")}

    def opened_version(self) -> int | None:
        """Return the version that the form was opened with, or None."""
        text = str(self.version.data or "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None  # noqa: PLR2004  an int's digits

    def show_errors(self, error: DomainError) -> dict[str, list[str]]:
        """Put a refusal's errors at their fields; return those that have no field here.

        Secrets and files are what a page doesn't give back, so their fields say that they are needed again.
        """
        elsewhere: dict[str, list[str]] = {}
        for name, texts in error.errors.items():
            if name in self._fields:
                self._fields[name].errors = [*self._fields[name].errors, *texts]
            else:
                elsewhere[name] = texts
        for field in self._fields.values():
            if isinstance(field, PasswordField) and field.data:
                field.errors = [*field.errors, say("Type it again: a page never gives back what is secret.")]
            if isinstance(field, MultipleFileField):
                self.tell_of_files(field)
        return elsewhere

    def tell_of_files(self, field: MultipleFileField) -> None:
        """Say at a field for files that those chosen are needed again: no browser lets a page give them back."""
        if any(getattr(one, "filename", "") for one in field.data or []):
            field.errors = [*field.errors, say("Choose the files again: a page can't give them back.")]


def form_class(fields: Fields, *, labels: Mapping[str, str], hints: Mapping[str, str]) -> type[RecordForm]:
    """Return the form of a record with these fields."""
    made = {name: _form_field(name, kind, labels=labels, hints=hints) for name, kind in fields.items()}
    attributes = {name: field for name, field in made.items() if field is not None}
    return type("GeneratedForm", (RecordForm,), attributes)


def form_data(fields: Fields, record: object | None, preset: Mapping[str, object]) -> dict[str, object]:
    """Return what the form of a record starts with: what it holds, or what a new one starts from."""
    data: dict[str, object] = {}
    for name, kind in fields.items():
        value = kind.current(record, name) if record is not None else kind.clean(None)
        data[name] = value.isoformat() if isinstance(value, date) else value
    return {name: value for name, value in data.items() if not isinstance(fields[name], Secret)} | dict(preset)


def drop_fields(form: RecordForm, names: Iterable[str]) -> None:
    """Take fields off a form: those that its reader may not set."""
    for name in names:
        if name in form._fields:
            del form[name]


def _form_field(name: str, kind: Field, *, labels: Mapping[str, str], hints: Mapping[str, str]) -> Any:
    common: dict[str, Any] = {"label": labels.get(name, name), "description": hints.get(name, "")}
    keywords: dict[str, Any] = {}
    if kind.required:
        common["validators"] = [Needed()]
    if isinstance(kind, Flag):
        return BooleanField(**common)
    if isinstance(kind, Choice | Ordered):
        return _words_field(kind, common)
    if isinstance(kind, Secret):
        return PasswordField(render_kw={"autocomplete": "new-password"}, **common)
    if isinstance(kind, Code):
        return PickerField(source=kind.source, **common)
    if isinstance(kind, Reference | References):
        source = getattr(kind, "source", "") or kind.resource
        return PickerField(source=source, multiple=isinstance(kind, References), **common)
    if isinstance(kind, Text):
        keywords |= {"maxlength": kind.limit}
        if isinstance(kind, Email):
            keywords |= {"inputmode": "email", "autocomplete": "off"}
        return (TextAreaField if kind.multiline else StringField)(render_kw=keywords, **common)
    if isinstance(kind, Moment):
        keywords |= {"step": "1"}
    elif isinstance(kind, Date):
        keywords |= {"type": "date"}
    elif isinstance(kind, Whole):
        keywords |= {"inputmode": "numeric"}
    else:
        # A field of several parts has a template of its own.
        return None
    return (MomentField if isinstance(kind, Moment) else StringField)(render_kw=keywords, **common)


def _words_field(kind: Choice | Ordered, common: dict[str, Any]) -> FormField:
    """Return the field of one word out of a fixed set, or of some in an order."""
    if isinstance(kind, Ordered):
        options = [(option.value, option_words(option)) for option in kind.options]
        return OrderedField(options=options, places=kind.places, **common)
    choices = [SelectChoice(option.value, choice_words(kind, option.value)) for option in kind.options]
    return WordsSelect(choices=choices, validate_choice=False, **common)


def _raw(field: FormField) -> object:
    return "" if field.data is None and not isinstance(field, PickerField) else field.data
