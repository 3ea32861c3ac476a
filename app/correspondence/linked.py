"""The records of other features that letters are about: each feature says which of them an actor may see."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.runs.choosing import Choosing

Rows = Callable[[Actor], Select[Any]]
_kinds: dict[str, tuple[Any, Rows]] = {}


def register_linked(resource: str, model: Any, rows: Rows) -> None:  # noqa: ANN401  a model of a feature beside
    """Let letters be about records of a kind; called by the wiring."""
    _kinds[resource] = (model, rows)


def linked_rows(session: Session, actor: Actor, *, resource: str, ids: Collection[int]) -> dict[int, Any]:
    """Return those of some records that are there and in the actor's sight, by id. Raises Forbidden."""
    if not ids:
        return {}
    model, rows = _kinds[resource]
    return {row.id: row for row in session.scalars(rows(actor).where(model.id.in_(ids)))}


_choosing: dict[str, Choosing] = {}


def register_choosing(name: str, choosing: Choosing) -> None:
    """Let bulk letters choose customers by what they have of a feature; called by the wiring. `name` is in REST."""
    _choosing[name] = choosing


def choosings() -> Mapping[str, Choosing]:
    """Return by what customers may be chosen beside their own fields, by the name of each group of filters."""
    return _choosing
