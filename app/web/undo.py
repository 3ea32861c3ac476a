"""A message with an Undo button: a form of its own, that takes back what was just done by another verb."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import flash, url_for

from app.access.ask import may
from app.access.table import Operation
from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.records import Record
from app.core.words import said, say
from app.web.resource import Resource
from app.web.words import tell, translated


@dataclass(frozen=True, slots=True)
class Undo:
    """Where an Undo button posts to, and what it posts."""

    url: str
    fields: Mapping[str, str]


def tell_undoable(message: str, undo: Undo | None) -> None:
    """Show a message on the next page, with an Undo button where there is a way back."""
    if undo is None:
        tell(message)
    else:
        shown: Any = {"text": translated(message), "undo_url": undo.url, "undo_fields": dict(undo.fields)}
        flash(shown, "success")


def undo_of_deletion(actor: Actor, resource: Resource, record: Record) -> Undo | None:
    """Return the way back from deleting a record: restoring what that very act took, for those who may."""
    if resource.restore is None or not may(actor, Operation.RESTORE, resource.name):
        return None
    url = url_for("TrashView.restore", kind=resource.name, pk=record.id)
    return Undo(url, {"act": str(record.deletion_id)})


def tell_too_late(error: DomainError) -> None:
    """Say that something can't be undone any more, and why."""
    tell(say("This can't be undone any more. {why}", why=said(error)), "danger")
