"""What the trash holds and tells: deleted records, when and by whom they were deleted, and what went along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from app.access.ask import may
from app.access.table import Operation
from app.core import soft_delete
from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.models import AuditEntry, AuditRecord
from app.core.records import Record
from app.core.words import say
from app.web.resource import Resource

# By what a record in the trash is found; the search index holds living ones alone.
_SEARCHED = (
    "account_number",
    "crm_reference",
    "number",
    "first_name",
    "last_name",
    "company_name",
    "name",
    "code",
    "email",
    "address",
    "postcode",
)
MAX_WORDS = 10
_bins: dict[str, Resource] = {}


@dataclass(frozen=True, slots=True)
class Deletion:
    """The act that deleted a record: who did it, with which other record it went, or how many went with it."""

    act: int
    by: str
    went_with: AuditRecord | None
    took_along: int

    def as_dict(self) -> dict[str, Any]:
        """Return it as REST gives it."""
        root = self.went_with
        return {
            "deleted_by": self.by,
            "went_with": root and {"resource": root.resource, "id": root.record_id, "label": root.label},
            "took_along": self.took_along,
        }


def register_bin(resource: Resource) -> None:
    """Have the trash show the deleted records of a resource; called by the wiring."""
    _bins[resource.name] = resource


def bins(actor: Actor) -> list[Resource]:
    """Return the resources whose deleted records the actor may see."""
    return [one for one in _bins.values() if may(actor, Operation.TRASH, one.name) and one.is_on()]


def bin_of(name: str) -> Resource:
    """Return a resource that has a trash. Raises NotFound."""
    if name not in _bins or not _bins[name].is_on():
        raise NotFound(say("There is nothing here."))
    return _bins[name]


def as_trash(resource: Resource) -> Resource:
    """Return a resource whose lists can also be sorted and filtered by when their records were deleted; last first."""
    deleted = {"deleted_at": resource.model.deleted_at}
    return replace(
        resource,
        orders={**resource.orders, **deleted},
        filters={**resource.filters, **deleted},
        default_order="-deleted_at",
    )


def in_trash(actor: Actor, resource: Resource, text: str = "") -> Select[Any]:
    """Select the deleted records that the actor may see, and that hold each word of `text`. Raises Forbidden."""
    if resource.trash is None:
        raise NotFound(say("There is nothing here."))
    columns = [getattr(resource.model, name) for name in _SEARCHED if name in resource.model.__table__.c]
    conditions = [
        or_(*(column.icontains(word, autoescape=True) for column in columns)) for word in text.split()[:MAX_WORDS]
    ]
    return resource.trash(actor).where(and_(True, *conditions))


def trashed(session: Session, actor: Actor, resource: Resource, number: int) -> Any:
    """Return a deleted record that the actor may see. Raises NotFound, Forbidden."""
    found = session.scalar(in_trash(actor, resource).where(resource.model.id == number))
    if found is None:
        raise NotFound(say("There is no such record in the trash."))
    return found


def deletions(session: Session, records: Sequence[Record]) -> dict[int, Deletion]:
    """Return what the audit trail and the records tell of each deletion, by the record's id."""
    acts = {one.deletion_id for one in records if one.deletion_id is not None}
    people = dict(session.execute(select(AuditEntry.id, AuditEntry.username).where(AuditEntry.id.in_(acts))).all())
    firsts = select(func.min(AuditRecord.id)).where(AuditRecord.entry_id.in_(acts)).group_by(AuditRecord.entry_id)
    roots = {one.entry_id: one for one in session.scalars(select(AuditRecord).where(AuditRecord.id.in_(firsts)))}
    took = soft_delete.took_along(session, records)
    found = {}
    for one in records:
        act = one.deletion_id or 0
        root = roots.get(act)
        own = root is None or (root.resource, root.record_id) == (one.__tablename__, one.id)
        found[one.id] = Deletion(act, people.get(act, ""), None if own else root, took.get(one.id, 0))
    return found
