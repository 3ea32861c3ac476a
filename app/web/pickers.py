"""Ajax pickers: every relation in a form is chosen by searching on the server, twenty rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, jsonify, request
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.words import say
from app.extensions import db
from app.web.current import current_actor
from app.web.formats import code_name, code_names
from app.web.listing import MAX_SEARCH
from app.web.words import translated

PICKER_ROWS = 20


@dataclass(frozen=True, slots=True)
class Option:
    """A row to choose: what is sent, what is read, and a hint beside it."""

    value: str
    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Picker:
    """A source of options. `search` gives at most twenty that match; `chosen` gives those of some values."""

    search: Callable[[Session, Actor, str, Mapping[str, str]], Iterable[Option]]
    chosen: Callable[[Session, Actor, list[str]], Iterable[Option]]


_pickers: dict[str, Picker] = {}


def register_picker(source: str, picker: Picker) -> None:
    """Offer a source of options under `/pickers/<source>`."""
    _pickers[source] = picker


def chosen_options(session: Session, actor: Actor, source: str, values: list[str]) -> dict[str, str]:
    """Return the text of each chosen value; one that can't be found, or isn't in sight, shows itself."""
    found = {option.value: option.text for option in _pickers[source].chosen(session, actor, values)} if values else {}
    return {value: found.get(value, value) for value in values}


def picked(session: Session, actor: Actor, source: str, value: str) -> Option | None:
    """Return the option of one value, or None where it can't be found, or isn't in sight."""
    return next((one for one in _pickers[source].chosen(session, actor, [value]) if one.value == value), None)


def listed(source: str) -> Picker:
    """Return a picker over the codes of the world, country, currency or language, by the reader's names for them."""

    def search(_session: Session, _actor: Actor, text: str, _args: Mapping[str, str]) -> Iterable[Option]:
        options = code_names(source)
        wanted = text.casefold()
        exact = [code for code in options if code.casefold() == wanted]
        rest = [code for code, name in options.items() if wanted in name.casefold() and code not in exact]
        return [Option(code, options[code], code) for code in (*exact, *rest)[:PICKER_ROWS]]

    def chosen(_session: Session, _actor: Actor, values: list[str]) -> Iterable[Option]:
        return [Option(value, code_name(source, value), value) for value in values]

    return Picker(search, chosen)


class PickerView(BaseView):
    """The address that the pickers' searches go to."""

    route_base = "/pickers"
    class_permission_name = "home"
    method_permission_name = {"search": "read"}

    @expose("/<source>")
    @has_access
    def search(self, source: str) -> Response:
        """Return at most twenty options that match `q`, as JSON."""
        picker = _pickers.get(source)
        if picker is None:
            raise NotFound(say("There is no such list to choose from."))
        args: dict[str, Any] = request.args.to_dict()
        text = " ".join(args.pop("q", "").replace("\x00", "").split())[:MAX_SEARCH]
        options = picker.search(db.session(), current_actor(), text, args)
        return jsonify(
            results=[{"id": one.value, "text": translated(one.text), "hint": translated(one.hint)} for one in options]
        )
