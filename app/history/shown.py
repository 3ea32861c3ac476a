"""Entries of the trail as pages show them: what happened, who, by which door, which records, and what changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.models import AuditEntry, AuditRecord
from app.core.words import say, say_count
from app.history.changes import Change, referred_to, shown_changes
from app.history.queries import SeenEntry
from app.history.subjects import living, names_of, subject_of
from app.history.wording import door_name, what_happened


def shown_entries(
    session: Session,
    actor: Actor,
    entries: Sequence[SeenEntry],
    *,
    of: tuple[str, int] | None = None,
    with_changes: bool = True,
) -> list[dict[str, Any]]:
    """Return what a page shows of some entries, `with_changes` or without.

    On the page of one record, `of`, that record comes first and unnamed, as the page is its own; of others, only what
    they are is told.
    """
    records = [record for entry in entries for record in entry.records]
    told = [one for one in records if with_changes and of in (None, (one.resource, one.record_id))]
    names = names_of(session, actor, referred_to(told))
    changes = {record.id: shown_changes(record, names) for record in told}
    reachable = living(session, actor, [one for one in records if (one.resource, one.record_id) != of])
    return [
        {
            **_head(seen.entry),
            "records": [
                _record(record, reachable, of, changes=changes.get(record.id, ()))
                for record in _sorted(seen.records, of)
            ],
            "others": others(seen),
        }
        for seen in entries
    ]


def others(seen: SeenEntry) -> list[str]:
    """Say how many records of an entry are not named, and how many of them are out of the reader's sight."""
    told: list[str] = []
    if seen.unnamed:
        told.append(say_count("and {count} other", "and {count} others", seen.unnamed))
    if seen.out_of_sight:
        told.append(
            say_count("and {count} other out of your sight", "and {count} others out of your sight", seen.out_of_sight)
        )
    return told


def _head(entry: AuditEntry) -> dict[str, Any]:
    by_itself = entry.user_id is None and entry.username == entry.door
    return {
        "id": entry.id,
        "url": url_for("AuditView.show", pk=entry.id),
        "what": what_happened(entry.verb),
        "who": say("Counterpart itself") if by_itself else entry.username,
        "at": entry.at,
        "door": door_name(entry.door),
        "reason": entry.reason,
    }


def _sorted(records: Sequence[AuditRecord], of: tuple[str, int] | None) -> list[AuditRecord]:
    return sorted(records, key=lambda one: (one.resource, one.record_id) != of)


def _record(
    record: AuditRecord, reachable: set[tuple[str, int]], of: tuple[str, int] | None, *, changes: Sequence[Change]
) -> dict[str, Any]:
    subject = subject_of(record.resource)
    key = (record.resource, record.record_id)
    return {
        "is_own": key == of,
        "kind": subject.label if subject else record.resource.replace("_", " ").capitalize(),
        "label": record.label,
        "url": subject.url(record.record_id) if subject and key in reachable else None,
        "changes": changes,
    }
