"""Which part of the audit trail an actor may read: each kind of record says which of its ids are in their sight."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, true

from app.access.ask import may
from app.access.table import TABLE, Operation, Role
from app.core.actor import SYSTEM_ROLE, Actor
from app.core.audit import Verb
from app.core.models import AuditEntry, AuditRecord

Rows = Callable[[Actor], Select[Any]]


@dataclass(frozen=True, slots=True)
class Sight:
    """Which records of a kind an actor may see: living ones, and deleted ones if they may see that kind's trash."""

    key: ColumnElement[int] | Any
    rows: Rows
    trash: Rows | None = None


_sights: dict[str, Sight] = {}


def register_sight(resource: str, sight: Sight) -> None:
    """Let entries about a kind of record be read by those who may read it, as far as they see it."""
    _sights[resource] = sight


def reads_all(actor: Actor) -> bool:
    """Tell whether the whole trail is in sight: the program's and an administrator's, unless a dealer's."""
    return actor.dealer_code is None and not actor.roles.isdisjoint({SYSTEM_ROLE, Role.ADMIN})


def records_in_sight(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on AuditRecord that the record it is about is in the actor's sight.

    It probes primary keys, row by row, so that it costs the same however many records there are.
    """
    if reads_all(actor):
        return true()
    readable = [name for name in _sights if may(actor, Operation.READ, name)]
    if Role.AUDITOR in actor.roles and actor.dealer_code is None:
        return AuditRecord.resource.in_(readable)
    return or_(false(), *(and_(AuditRecord.resource == name, _is_in_sight(actor, name)) for name in readable))


def entries_in_sight(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on AuditEntry that its act is of a kind that the actor may know of.

    An act on an invoice also names the customer, whom somebody may see who may see no invoice.
    """
    hidden = hidden_verbs(actor)
    return AuditEntry.verb.not_in(hidden) if hidden else true()


def hidden_verbs(actor: Actor) -> list[str]:
    """Return the verbs about resources that the actor may not read."""
    return [] if reads_all(actor) else [verb.value for verb in Verb if not _may_know_of(actor, verb)]


def readable_resources(actor: Actor) -> Iterable[str]:
    """Return the kinds of record whose entries the actor may read, in the order of their registration."""
    return [name for name in _sights if may(actor, Operation.READ, name)]


def _may_know_of(actor: Actor, verb: str) -> bool:
    resource = verb.partition(":")[0]
    return resource not in TABLE or may(actor, Operation.READ, resource)


def _is_in_sight(actor: Actor, resource: str) -> ColumnElement[bool]:
    sight = _sights[resource]
    offered = [sight.rows]
    if sight.trash is not None and may(actor, Operation.TRASH, resource):
        offered.append(sight.trash)
    return or_(
        *(
            rows(actor)
            .with_only_columns(sight.key)
            .order_by(None)
            .where(sight.key == AuditRecord.record_id)
            .correlate(AuditRecord)
            .exists()
            for rows in offered
        )
    )
