"""The kinds of record that the trail is about: what people call them and their fields, and where their pages are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import current_app, url_for
from flask_appbuilder import BaseView
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.core.fields import Field, Fields
from app.core.models import AuditRecord
from app.history.sight import Rows, Sight, register_sight
from app.web.admin_view import AdminView
from app.web.resource import Resource

Names = Mapping[tuple[str, int], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A kind of record in the trail. `view` shows its pages; `rows` and `trash` select those in an actor's sight.

    `is_list` is set for the lists that an administrator edits: their rows' names are no secret, deleted or not. A kind
    whose module is off (`is_on`) is known to nobody.
    """

    name: str
    label: str
    plural: str
    model: Any
    view: type[BaseView]
    rows: Rows
    trash: Rows | None = None
    fields: Fields = field(default_factory=dict)
    is_list: bool = False
    is_on: Callable[[], bool] = lambda: True

    @classmethod
    def of(cls, resource: Resource, view: type[AdminView], *, is_list: bool = False) -> Subject:
        """Return the subject of a resource and its screens."""
        return cls(
            name=resource.name,
            label=resource.label,
            plural=resource.plural,
            model=resource.model,
            view=view,
            rows=resource.rows,
            trash=resource.trash,
            fields=resource.fields,
            is_list=is_list,
            is_on=resource.is_on,
        )

    def label_of(self, name: str) -> str:
        """Return what people call a field, on its screens as in the trail."""
        labels = getattr(self._own_view(), "label_columns", {})
        return labels.get(name) or name.replace("_", " ").capitalize()

    def url(self, record_id: int) -> str:
        """Return the address of a record's page."""
        return url_for(f"{self._own_view().endpoint}.show", pk=record_id)

    def _own_view(self) -> BaseView:
        views = current_app.appbuilder.baseviews  # type: ignore[attr-defined]  # FAB sets it
        found: BaseView = next(one for one in views if isinstance(one, self.view))
        return found


_subjects: dict[str, Subject] = {}


def register_subject(subject: Subject) -> None:
    """Have the trail know a kind of record; called by the wiring."""
    _subjects[subject.name] = subject
    register_sight(subject.name, Sight(subject.model.id, subject.rows, subject.trash))


def subject_of(resource: str) -> Subject | None:
    """Return what is known of a kind of record; None for one that no feature knows, or whose module is off."""
    found = _subjects.get(resource)
    return found if found is not None and found.is_on() else None


def subjects_read_by(actor: Actor) -> list[Subject]:
    """Return the kinds of record whose entries an actor may read."""
    return [one for one in _subjects.values() if may(actor, Operation.READ, one.name) and one.is_on()]


def field_of(record: AuditRecord, name: str) -> Field | None:
    """Return the type of a field that an entry names; None for one that isn't set by people, or is gone."""
    subject = subject_of(record.resource)
    return subject.fields.get(name) if subject else None


def names_of(session: Session, actor: Actor, wanted: Iterable[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """Return how people know records that entries refer to by id, as far as they are in sight; a statement a kind."""
    found: dict[tuple[str, int], str] = {}
    for resource, ids in _by_resource(wanted).items():
        subject = subject_of(resource)
        if subject is None or not may(actor, Operation.READ, resource):
            continue
        for row in session.scalars(_by_id(actor, subject, ids)):
            found[resource, row.id] = getattr(row, "label", None) or str(row)
    return found


def living(session: Session, actor: Actor, records: Sequence[AuditRecord]) -> set[tuple[str, int]]:
    """Return which of some records have a page that the actor can open; a statement a kind."""
    found: set[tuple[str, int]] = set()
    for resource, ids in _by_resource((one.resource, one.record_id) for one in records).items():
        subject = subject_of(resource)
        if subject is not None and may(actor, Operation.READ, resource):
            key = subject.model.id
            statement = subject.rows(actor).with_only_columns(key).order_by(None).where(key.in_(ids))
            found |= {(resource, number) for number in session.scalars(statement)}
    return found


def _by_id(actor: Actor, subject: Subject, ids: Collection[int]) -> Select[Any]:
    key = subject.model.id
    statement = select(subject.model).where(key.in_(ids))
    if subject.is_list:
        return statement
    offered = [subject.rows]
    if subject.trash is not None and may(actor, Operation.TRASH, subject.name):
        offered.append(subject.trash)
    in_sight = (key.in_(rows(actor).with_only_columns(key).order_by(None).where(key.in_(ids))) for rows in offered)
    return statement.where(or_(*in_sight))


def _by_resource(wanted: Iterable[tuple[str, int]]) -> dict[str, set[int]]:
    ids: dict[str, set[int]] = defaultdict(set)
    for resource, number in wanted:
        ids[resource].add(number)
    return ids
