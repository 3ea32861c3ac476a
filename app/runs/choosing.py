"""How customers are chosen by what they have of another feature: a feature offers it, and the wiring hands it on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select

from app.core.actor import Actor
from app.core.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Choosing:
    """Filters of records of `resource`: customers who have at least one that meets all of them are chosen.

    `clean` checks an object of filters, told of at the place given (PartErrors), `kept` turns checked ones into JSON.
    `rows` selects customer_id and id of those in an actor's sight that meet filters, the latest first; it raises
    Forbidden. `fields` are the fields of a form, by filter, and `typed` gives what was typed into them as REST would.
    `lines` says in words what was chosen by.
    """

    resource: str
    schema: Mapping[str, Any]
    clean: Callable[[object, str], dict[str, Any]]
    kept: Callable[[Mapping[str, Any]], dict[str, Any]]
    rows: Callable[[Actor, Mapping[str, Any]], Select[Any]]
    fields: Callable[[], Mapping[str, Any]]
    typed: Callable[[Mapping[str, object]], dict[str, object]]
    lines: Callable[[Mapping[str, Any]], Sequence[Any]]
    label: Words
    hint: Words
