"""The verbs of the lists: only administrators write them (see the access table)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.names import name_of
from app.access.table import Operation
from app.core import audit, purging, soft_delete
from app.core.actor import Actor
from app.core.audit import Touch, Verb
from app.core.errors import Conflict, FieldErrors
from app.core.reach import Reach, lessened
from app.core.records import check_version
from app.core.words import say
from app.lookups import queries
from app.lookups.editing import Rule, prepare_change, prepare_new
from app.lookups.models import LOOKUP_MODELS, Lookup
from app.lookups.rules import LOOKUP_FIELDS
from app.lookups.usage_reports.rules import profile_errors, settled_columns


def create_lookup(session: Session, actor: Actor, *, resource: str, values: Mapping[str, object]) -> Lookup:
    """Add a row to a list. Raises Forbidden, Invalid, Conflict (`duplicate`)."""
    ensure(actor, Operation.CREATE, resource)
    edit = prepare_new(
        session,
        actor,
        resource=resource,
        fields=LOOKUP_FIELDS[resource],
        given=_settled(resource, values),
        rule=_RULES.get(resource, _no_rule),
    )
    row = LOOKUP_MODELS[resource]()
    edit.apply(row)
    _refuse_duplicate(session, resource, row)
    session.add(row)
    session.flush()
    audit.record(session, actor, verb=Verb.LOOKUP_CREATED, touched=[Touch(resource, row.id, row.name, edit.trail())])
    return row


def update_lookup(
    session: Session,
    actor: Actor,
    *,
    resource: str,
    lookup_id: int,
    values: Mapping[str, object],
    version: int | None = None,
) -> Lookup:
    """Change a row of a list. Raises Forbidden, NotFound, Stale, Invalid, Conflict (`duplicate`)."""
    ensure(actor, Operation.UPDATE, resource)
    row = queries.row(session, actor, resource=resource, lookup_id=lookup_id, lock=True)
    check_version(row, version)
    edit = prepare_change(
        session,
        actor,
        resource=resource,
        fields=LOOKUP_FIELDS[resource],
        record=row,
        given=_settled(resource, values, row),
        rule=_RULES.get(resource, _no_rule),
    )
    if edit.changes:
        with session.no_autoflush:
            edit.apply(row)
            _refuse_duplicate(session, resource, row)
        touched = [Touch(resource, row.id, row.name, edit.trail())]
        if "allows_correspondence" in edit.changes:
            touched += lessened(session, Reach(status_id=row.id))
        audit.record(session, actor, verb=Verb.LOOKUP_UPDATED, touched=touched)
    return row


def delete_lookup(
    session: Session, actor: Actor, *, resource: str, lookup_id: int, version: int | None = None
) -> Lookup:
    """Delete a row of a list; where it is chosen it stays. Raises Forbidden, NotFound, Stale."""
    ensure(actor, Operation.DELETE, resource)
    row = queries.row(session, actor, resource=resource, lookup_id=lookup_id, lock=True)
    check_version(row, version)
    soft_delete.delete(session, actor, record=row, touch=Touch(resource, row.id, row.name), verb=Verb.LOOKUP_DELETED)
    return row


def restore_lookup(
    session: Session,
    actor: Actor,
    *,
    resource: str,
    lookup_id: int,
    version: int | None = None,
    act: int | None = None,
) -> Lookup:
    """Bring back a deleted row; with `act`, only after that very deletion.

    Raises Forbidden, NotFound, Stale, Conflict (`not_deleted`, `other_deletion`; `duplicate` when a living one has its
    name).
    """
    ensure(actor, Operation.RESTORE, resource)
    row = queries.deleted_row(session, resource=resource, lookup_id=lookup_id)
    _refuse_duplicate(session, resource, row)
    touch = Touch(resource, row.id, row.name)
    soft_delete.restore(session, actor, record=row, touch=touch, verb=Verb.LOOKUP_RESTORED, version=version, act=act)
    return row


def purge_lookup(
    session: Session, actor: Actor, *, resource: str, lookup_id: int, reason: object, version: int | None = None
) -> None:
    """Wipe a deleted row for good, unless something has it chosen; a dealer's code stays taken.

    Raises Forbidden, NotFound, Invalid, Stale, Conflict (`not_deleted`, `still_needed`).
    """
    ensure(actor, Operation.PURGE, resource)
    row = queries.deleted_row(session, resource=resource, lookup_id=lookup_id)
    purging.purge(session, actor, record=row, verb=Verb.LOOKUP_PURGED, reason=reason, version=version)


def _no_rule(_values: Mapping[str, Any]) -> FieldErrors:
    return {}


# What must hold for a row as a whole, in lists whose fields depend on one another.
_RULES: dict[str, Rule] = {"usage_report_profile": profile_errors}


def register_rule(resource: str, rule: Rule) -> None:
    """Have the rows of a list checked by a rule of a feature above, which knows what they are for."""
    _RULES[resource] = rule


def _settled(resource: str, values: Mapping[str, object], row: Lookup | None = None) -> Mapping[str, object]:
    """Return what is given, with what is usual where it says nothing."""
    if resource != "usage_report_profile":
        return values
    return settled_columns(values, report=getattr(row, "report", None))


def _refuse_duplicate(session: Session, resource: str, row: Lookup) -> None:
    """Raise Conflict when another living row has this name, or any other row has this dealer's code."""
    model = LOOKUP_MODELS[resource]
    others = select(model.id).where(model.id != (row.id or 0))
    if session.scalar(others.where(model.name == row.name, model.deleted_at.is_(None)).limit(1)) is not None:
        raise Conflict(
            say("There is a {kind} named {name} already.", kind=name_of(resource), name=row.name),
            code="duplicate",
            field="name",
        )
    code = getattr(row, "code", None)
    if code is not None and session.scalar(others.where(model.code == code).limit(1)) is not None:
        raise Conflict(
            say("The dealer code {code} is in use, or was once; codes are never used again.", code=code),
            code="duplicate",
            field="code",
        )
