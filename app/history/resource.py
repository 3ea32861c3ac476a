"""What REST says of the audit trail: the names that it gives, and by what its entries are filtered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.models import AuditEntry, AuditRecord
from app.core.words import say
from app.history import queries
from app.history.queries import SeenEntry
from app.web.resource import Resource, plain


class TrailResource(Resource):
    """The resource of the trail: nobody writes it, and its entries have no times or versions of their own."""

    def readable(self, *, in_list: bool = False) -> list[str]:  # noqa: ARG002  it gives the same everywhere
        """Return the names that REST gives."""
        return list(self.read_only)


def _records(seen: SeenEntry) -> list[Mapping[str, Any]]:
    return [
        {"resource": one.resource, "id": one.record_id, "label": one.label, "changes": one.changes}
        for one in seen.records
    ]


# Filters on an entry that an index serves in the order of the ids.
INDEXED = {("id", "eq"), ("id", "lt"), ("id", "gt"), ("verb", "eq"), ("user", "eq")}
# Filters on the records of an entry: those of one question must hold for one and the same record.
ON_RECORDS: Mapping[str, Any] = {
    "resource": AuditRecord.resource,
    "record_id": AuditRecord.record_id,
    "label": AuditRecord.label,
}

AUDIT = TrailResource(
    name="audit",
    label=say("Entry of the audit trail"),
    plural=say("Audit trail"),
    model=AuditEntry,
    fields={},
    rows=queries.entries,
    get=lambda session, actor, number: queries.entry(session, actor, entry_id=number),
    orders={"id": AuditEntry.id},
    default_order="-id",
    filters={
        "id": AuditEntry.id,
        "created_at": AuditEntry.at,
        "user": AuditEntry.username,
        "door": AuditEntry.door,
        "verb": AuditEntry.verb,
        "reason": AuditEntry.reason,
        **ON_RECORDS,
    },
    read_only={
        "id": lambda seen: seen.entry.id,
        "created_at": lambda seen: plain(seen.entry.at),
        "user": lambda seen: seen.entry.username,
        "door": lambda seen: seen.entry.door,
        "verb": lambda seen: seen.entry.verb,
        "reason": lambda seen: seen.entry.reason,
        "records": _records,
        "records_in_sight": lambda seen: seen.in_sight,
        "records_out_of_sight": lambda seen: seen.out_of_sight,
    },
)
