"""Who does something, and by which door they came in: passed to every verb and every query."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Door(StrEnum):
    """By which way a request came in, as the audit trail names it."""

    SCREEN = "screen"
    API = "api"
    IMPORT = "import"
    CLI = "cli"
    WORKER = "worker"
    INBOUND = "inbound"
    PUBLIC = "public"


SYSTEM_ROLE = "System"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or a program that acts.

    `dealer_code` narrows what the actor sees to that dealer's customers; None sees all. `roles` are the names of the
    four roles of the product, or `System` for the program itself. One that is `read_only` changes nothing, whatever its
    roles may do.
    """

    door: Door
    roles: frozenset[str]
    user_id: int | None = None
    username: str = ""
    dealer_code: str | None = None
    read_only: bool = False

    @classmethod
    def system(cls, door: Door) -> Actor:
        """Return the program itself, at work by `door`."""
        return cls(door=door, roles=frozenset({SYSTEM_ROLE}), username=door.value)
