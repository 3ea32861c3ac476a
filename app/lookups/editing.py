"""What creating and changing any record have in common: check, compare, ask, write, and say what changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from app.access.ask import ensure_settable
from app.access.names import name_of
from app.core import clock
from app.core.actor import Actor
from app.core.cleaning import clean_values, missing_values
from app.core.errors import FieldErrors, Invalid
from app.core.fields import Code, Field, Fields, Reference, References
from app.core.records import Record
from app.core.words import say
from app.lookups.models import LOOKUP_MODELS, Lookup
from app.lookups.queries import dealer_by_code, rows_by_id
from app.lookups.referring import referred_rows

Rule = Callable[[Mapping[str, Any]], FieldErrors]


@dataclass(frozen=True, slots=True)
class Edit:
    """A checked change of one record: what differs from what it holds, and the rows that its lists refer to."""

    fields: Fields
    changes: dict[str, tuple[Any, Any]]
    rows: Mapping[str, Sequence[Record]] = field(default_factory=dict)

    def apply(self, record: Record) -> None:
        """Put the change on the record, and count it as one, also where only a list has changed."""
        for name, (_, new) in self.changes.items():
            if name in self.rows:
                setattr(record, self.fields[name].column or name, list(self.rows[name]))
            else:
                self.fields[name].assign(record, name, new)
        if self.changes:
            record.last_modified_at = clock.now()

    def trail(self) -> dict[str, tuple[Any, Any]]:
        """Return the changes as the audit trail may show them."""
        return {
            name: (self.fields[name].shown_in_trail(old), self.fields[name].shown_in_trail(new))
            for name, (old, new) in self.changes.items()
        }


def prepare_new(
    session: Session, actor: Actor, *, resource: str, fields: Fields, given: Mapping[str, object], rule: Rule
) -> Edit:
    """Check what a new record is made from.

    Raises Invalid with the errors of every field at once, and Forbidden for a field that the actor may not set.
    """
    values, errors = clean_values(fields, given)
    errors = missing_values(fields, given) | errors
    defaults = {name: field.clean(None) for name, field in fields.items()}
    _ensure_settable(
        actor, resource, fields, changed=[name for name in given if values.get(name) != defaults.get(name)]
    )
    referred = referred_rows(session, actor, fields, values, errors)
    rows = {**_chosen_rows(session, fields, values, errors, current={}), **referred}
    values = defaults | values
    _raise_if(_with_rule(errors, rule(values)))
    return Edit(fields, {name: (None, value) for name, value in values.items() if value not in (None, [])}, rows)


def prepare_change(
    session: Session,
    actor: Actor,
    *,
    resource: str,
    fields: Fields,
    record: Record,
    given: Mapping[str, object],
    rule: Rule,
) -> Edit:
    """Check a change of `record`. What is given as it is already is no change, whoever gives it.

    Raises Invalid with the errors of every field at once, and Forbidden for a field that the actor may not set.
    """
    values, errors = clean_values(fields, given)
    referred = referred_rows(session, actor, fields, values, errors, record=record)
    current = {name: field.current(record, name) for name, field in fields.items()}
    changes = {name: (current[name], value) for name, value in values.items() if value != current[name]}
    _ensure_settable(actor, resource, fields, changed=[*changes, *errors])
    for name in changes:
        if fields[name].once:
            errors[name] = [say("This is set once, when the record is made, and can't be changed here.")]
    chosen = _chosen_rows(session, fields, {name: new for name, (_, new) in changes.items()}, errors, current=current)
    _raise_if(_with_rule(errors, rule(current | values)))
    return Edit(fields, changes, {**chosen, **referred})


def _ensure_settable(actor: Actor, resource: str, fields: Fields, *, changed: list[str]) -> None:
    ensure_settable(actor, resource, [name for name in changed if name in fields])


def _with_rule(errors: FieldErrors, broken: FieldErrors) -> FieldErrors:
    """Add what the record as a whole breaks to the fields' own errors.

    What a rule says at several fields is left out when one of them was given and can't be read: whether the rule is
    broken isn't known.
    """
    unsure = {text for name in errors for text in broken.get(name, ())}
    told = {
        name: [text for text in texts if text not in unsure] for name, texts in broken.items() if name not in errors
    }
    return errors | {name: texts for name, texts in told.items() if texts}


def _raise_if(errors: FieldErrors) -> None:
    if errors:
        raise Invalid(say("Some of this can't be saved as it is; see the fields that are marked."), errors=errors)


def _chosen_rows(
    session: Session, fields: Fields, values: Mapping[str, Any], errors: FieldErrors, *, current: Mapping[str, Any]
) -> dict[str, list[Lookup]]:
    """Look up what the values refer to; one that doesn't exist, or is not active and was not chosen, is an error."""
    rows: dict[str, list[Lookup]] = {}
    for name, value in values.items():
        kind = fields[name]
        if name in errors or value in (None, []):
            if isinstance(kind, References):
                rows[name] = []
            continue
        if isinstance(kind, Reference | References) and kind.resource in LOOKUP_MODELS:
            rows |= _checked_rows(session, name, kind, value, errors, before=current.get(name))
        elif isinstance(kind, Code) and kind.source == "dealer":
            dealer = dealer_by_code(session, value)
            if dealer is None or (not dealer.active and current.get(name) != value):
                errors[name] = [say("There is no active dealer with the code {code}.", code=value)]
    return rows


def _checked_rows(
    session: Session, name: str, kind: Field, value: int | list[int], errors: FieldErrors, *, before: object
) -> dict[str, list[Lookup]]:
    resource = getattr(kind, "resource", "")
    ids = value if isinstance(value, list) else [value]
    chosen_before = set(before) if isinstance(before, list) else {before} if isinstance(before, int) else set()
    found = rows_by_id(session, resource=resource, ids=ids, kept=chosen_before)
    kind_name = name_of(resource)
    texts: list[str] = [
        say("There is no {kind} with the id {id}.", kind=kind_name, id=missing)
        for missing in ids
        if missing not in found
    ]
    texts += [
        say("{name} is no longer active and can't be newly chosen.", name=row.name)
        for row in found.values()
        if not row.active and row.id not in chosen_before
    ]
    if texts:
        errors[name] = texts
        return {}
    return {name: [found[one] for one in ids]} if isinstance(kind, References) else {}
