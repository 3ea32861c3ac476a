"""The named filters of lists: each is declared in a line, reads its part of the address, and offers its choices."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core.actor import Actor
from app.core.errors import NotFound, Unreadable
from app.core.whole_numbers import MAX_ID, is_whole
from app.core.words import say
from app.web.pickers import Option, picked

Condition = ColumnElement[bool]
Given = Mapping[str, str]
Rows = Callable[[Session, Actor], Iterable[tuple[str, str]]]

MAX_DATE = date(2200, 1, 1)
MIN_DATE = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on: the parameter that holds it, its label, and what it is set to."""

    parameter: str
    label: str
    text: Any


@dataclass(frozen=True, slots=True)
class Reading:
    """What a filter makes of the address: the condition (None where it is off), its chips, and what may be chosen."""

    condition: Condition | None = None
    chips: Sequence[Chip] = ()
    options: Sequence[Option] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFilter(ABC):
    """A filter of a list. `name` is its parameter in the address; `offered` says who gets it at all."""

    control: ClassVar[str] = "select"
    name: str
    label: str
    offered: Callable[[Actor], bool] = lambda _actor: True

    @property
    def parameters(self) -> tuple[str, ...]:
        """Return the parameters of the address that the filter reads."""
        return (self.name,)

    @abstractmethod
    def read(self, session: Session, actor: Actor, given: Given) -> Reading:
        """Read the filter's parameters. Raises Unreadable, and NotFound for what is out of sight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CasesFilter(ListFilter):
    """One of a few cases, each with its label and its condition: a choice, yes or no, or a condition of its own."""

    cases: Mapping[str, tuple[str, Callable[[], Condition]]]

    def read(self, _session: Session, _actor: Actor, given: Given) -> Reading:
        """Read which case is chosen."""
        options = [Option(value, label) for value, (label, _) in self.cases.items()]
        value = given.get(self.name)
        if value is None:
            return Reading(options=options)
        if value not in self.cases:
            known = ", ".join(self.cases)
            raise Unreadable(say("The filter {name} can be: {values}.", name=self.name, values=known), field=self.name)
        label, condition = self.cases[value]
        return Reading(condition(), [Chip(self.name, self.label, label)], options)


def choice(name: str, label: str, column: Any, words: Mapping[str, str]) -> CasesFilter:
    """Return the filter of a column that holds one of a few words, each with its label."""
    return CasesFilter(
        name=name, label=label, cases={value: (text, _equals(column, value)) for value, text in words.items()}
    )


def yes_no(name: str, label: str, column: Any) -> CasesFilter:
    """Return the filter of a column that holds yes or no."""
    cases = {"yes": (say("Yes"), _equals(column, value=True)), "no": (say("No"), _equals(column, value=False))}
    return CasesFilter(name=name, label=label, cases=cases)


def _equals(column: Any, value: object) -> Callable[[], Condition]:
    return lambda: column == value


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupFilter(ListFilter):
    """One row of a list: `column` is a foreign key, a string that holds a code, or a collection of such rows."""

    column: Any
    rows: Rows

    def read(self, session: Session, actor: Actor, given: Given) -> Reading:
        """Read which row is chosen."""
        options = [Option(value, text) for value, text in self.rows(session, actor)]
        value = given.get(self.name)
        if value is None:
            return Reading(options=options)
        chosen = next((one for one in options if one.value == value), None)
        if chosen is None:
            raise NotFound(say("There is nothing like this to filter by: {label}.", label=self.label))
        return Reading(self._condition(chosen.value), [Chip(self.name, self.label, chosen.text)], options)

    def _condition(self, value: str) -> Condition:
        if isinstance(self.column, InstrumentedAttribute) and hasattr(self.column.property, "mapper"):
            return self.column.any(id=int(value))
        found: Condition = self.column == (int(value) if self.column.type.python_type is int else value)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class PickerFilter(ListFilter):
    """A record that is searched for: `source` is its picker, `meets` the condition for an id that is in sight."""

    control: ClassVar[str] = "picker"
    source: str
    meets: Callable[[Any], Condition]
    numbered: bool = True

    def read(self, session: Session, actor: Actor, given: Given) -> Reading:
        """Read which record is chosen; it alone is among the options, as the others are searched for."""
        value = given.get(self.name)
        if value is None:
            return Reading()
        readable = not self.numbered or (is_whole(value, digits=10) and 1 <= int(value) <= MAX_ID)
        chosen = picked(session, actor, self.source, value) if readable else None
        if chosen is None:
            raise NotFound(say("There is nothing like this to filter by: {label}.", label=self.label))
        condition = self.meets(int(value) if self.numbered else value)
        return Reading(condition, [Chip(self.name, self.label, chosen.text)], [chosen])


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenFilter(ListFilter):
    """A text that a column holds, which a link sets and nobody chooses: there may be any number of them."""

    control: ClassVar[str] = "given"
    column: Any

    def read(self, _session: Session, _actor: Actor, given: Given) -> Reading:
        """Read the text."""
        value = given.get(self.name)
        return Reading() if value is None else Reading(self.column == value, [Chip(self.name, self.label, value)])


@dataclass(frozen=True, slots=True, kw_only=True)
class DatesFilter(ListFilter):
    """Dates from and to, both included: two parameters, `<name>_from` and `<name>_to`, YYYY-MM-DD."""

    control: ClassVar[str] = "dates"
    column: Any

    @property
    def parameters(self) -> tuple[str, ...]:
        """Return the two parameters."""
        return (f"{self.name}_from", f"{self.name}_to")

    def read(self, _session: Session, _actor: Actor, given: Given) -> Reading:
        """Read each end that is given."""
        first, last = self.parameters
        conditions: list[Condition] = []
        chips = []
        if first in given:
            start = _date(given, first)
            conditions.append(self._since(start))
            chips.append(Chip(first, say("{label} from", label=self.label), start))
        if last in given:
            end = _date(given, last)
            conditions.append(self._until(end))
            chips.append(Chip(last, say("{label} to", label=self.label), end))
        return Reading(and_(*conditions) if conditions else None, chips)

    def _since(self, day: date) -> Condition:
        found: Condition = self.column >= day
        return found

    def _until(self, day: date) -> Condition:
        found: Condition = self.column <= day
        return found


def _date(given: Given, name: str) -> date:
    try:
        found = date.fromisoformat(given[name])
    except ValueError:
        found = MIN_DATE.replace(year=1)
    if not MIN_DATE <= found <= MAX_DATE:
        raise Unreadable(say("Give {name} as YYYY-MM-DD, between 1900 and 2200.", name=name), field=name)
    return found


_registered: dict[str, dict[str, ListFilter]] = {}


def register_list_filter(resource: str, one: ListFilter) -> None:
    """Add a filter to a resource's list from a feature above it."""
    _registered.setdefault(resource, {})[one.name] = one


def registered_filters(resource: str) -> Sequence[ListFilter]:
    """Return the filters that features above have added to a resource's list."""
    return tuple(_registered.get(resource, {}).values())
