"""A form's field for some of a fixed set of words in an order: a row of selects, one for each place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask_babel import gettext
from markupsafe import Markup
from wtforms import Field as FormField
from wtforms.widgets import html_params

from app.web.words import translated


class OrderedWidget:
    """Draws the selects of an OrderedField as a numbered list."""

    input_type = None

    def __call__(self, field: OrderedField, **attributes: Any) -> Markup:
        """Render the selects; each says at which place it is."""
        decided = Markup(html_params(data_decided_by=field.decided_by)) if field.decided_by else ""  # noqa: S704  escaped
        return Markup('<ol class="ordered-choices" {}>{}</ol>').format(
            decided,
            Markup().join(
                Markup("<li>{}</li>").format(_select(field, place, chosen, attributes))
                for place, chosen in enumerate(field.at_places(), start=1)
            ),
        )


class OrderedField(FormField):
    """Words in an order; `data` is a list of them, `options` says what people read for each.

    Where another field of the form decides which of them there are, `decided_by` names it; `of` says with which of its
    values each word goes, and `key_of` for which it is the one that can't be missing.
    """

    widget = OrderedWidget()

    def __init__(self, label: str = "", *, options: Sequence[tuple[str, str]], places: int, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.options = options
        self.places = places
        self.decided_by = ""
        self.of: Mapping[str, Sequence[str]] = {}
        self.key_of: Mapping[str, str] = {}

    def parameters(self, value: str) -> dict[str, str]:
        """Return what the page's script asks of an option."""
        told = {"data_of": " ".join(self.of.get(value, ())), "data_key_of": self.key_of.get(value, "")}
        return {name: text for name, text in told.items() if text}

    def at_places(self) -> Iterator[str]:
        """Give what is chosen at each place, empty where nothing is."""
        chosen = [str(one) for one in self.data or []]
        yield from chosen
        yield from [""] * (self.places - len(chosen))

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was posted, in its order; places that were left empty close up."""
        self.data = [value for value in valuelist if value]

    def process_data(self, value: Any) -> None:
        """Take what the record holds."""
        self.data = list(value or [])


def _select(field: OrderedField, place: int, chosen: str, attributes: dict[str, Any]) -> Markup:
    named = {"id": field.id if place == 1 else f"{field.id}-{place}", "name": field.name}
    label = gettext("%(what)s: place %(place)s", what=translated(field.label.text), place=place)
    options = Markup().join(
        Markup("<option {}>{}</option>").format(
            # The parameters are escaped by WTForms.
            Markup(html_params(value=value, selected=value == chosen, **field.parameters(value))),  # noqa: S704
            translated(text),
        )
        for value, text in (("", "—"), *field.options)
    )
    parameters = Markup(html_params(**{**attributes, **named, "aria_label": label}))  # noqa: S704  the same
    return Markup("<select {}>{}</select>").format(parameters, options)
