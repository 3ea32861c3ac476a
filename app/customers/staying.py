"""What stays when an account is deleted, as the features above tell it."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.words import Words
from app.customers.models import Customer

Staying = Callable[[Session, Actor, Customer], Words | None]

_staying: dict[str, Staying] = {}


def register_staying(resource: str, told: Staying) -> None:
    """Have the page that deletes an account tell what of a kind stays; called by the feature that keeps it."""
    _staying[resource] = told


def what_stays(session: Session, actor: Actor, customer: Customer) -> list[str]:
    """Return a sentence for each kind of which something stays."""
    told = (one(session, actor, customer) for one in _staying.values())
    return [words for words in told if words is not None]
