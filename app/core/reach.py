"""Tell features above that a change may have taken copies from people: they follow it in the verb's own transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.core.audit import Touch


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whose copies may have become fewer; several names together mean all of them at once.

    A contact, everywhere or at one customer; a customer; the customers of a status; an address, normalised.
    """

    contact_id: int | None = None
    customer_id: int | None = None
    status_id: int | None = None
    address: str | None = None


Follower = Callable[[Session, Reach], list[Touch]]

_followers: list[Follower] = []
_HEARD = "counterpart_reach_heard"


def register_follower(follower: Follower) -> None:
    """Have a function called whenever somebody's copies may have become fewer; called by the wiring."""
    if follower not in _followers:
        _followers.append(follower)


def lessened(session: Session, reach: Reach) -> list[Touch]:
    """Tell it to all that follow, after the change was made; return what they touched, for the verb's audit entry."""
    session.flush()
    touched = [touch for follower in _followers for touch in follower(session, reach)]
    session.info.get(_HEARD, []).extend(touched)
    return touched


@contextmanager
def heard(session: Session) -> Iterator[list[Touch]]:
    """Collect what followers touch while a block runs a verb, for a page that tells people of it."""
    touched: list[Touch] = []
    session.info[_HEARD] = touched
    try:
        yield touched
    finally:
        del session.info[_HEARD]
