"""Answers what every verb and every query asks: may this actor do this to that."""

from __future__ import annotations

from collections.abc import Iterable

from app.access.names import name_of, name_of_operation
from app.access.table import (
    DOCUMENT_CLASSES,
    DOCUMENT_RESOURCES,
    NOT_SETTABLE,
    ONLY_SETTABLE,
    TABLE,
    Operation,
    Role,
    document_resource,
)
from app.core.actor import SYSTEM_ROLE, Actor
from app.core.errors import Forbidden
from app.core.words import say


def allows(roles: Iterable[str], operation: Operation, resource: str) -> bool:
    """Tell whether one of `roles` may do `operation` on `resource`; an unknown resource is nobody's."""
    row = TABLE.get(resource, {})
    return any(
        role == SYSTEM_ROLE or (role in Role._value2member_map_ and operation in row.get(Role(role), ()))
        for role in roles
    )


def may(actor: Actor, operation: Operation, resource: str) -> bool:
    """Tell whether the actor may do `operation` on `resource`."""
    if actor.read_only and operation not in (Operation.READ, Operation.TRASH):
        return False
    return allows(actor.roles, operation, resource)


def ensure(actor: Actor, operation: Operation, resource: str) -> None:
    """Raise Forbidden unless the actor may do `operation` on `resource`."""
    if not may(actor, operation, resource):
        raise Forbidden(
            say(
                "Your role may not {operation} this ({resource}).",
                operation=name_of_operation(operation),
                resource=name_of(resource),
            )
        )


def settable(actor: Actor, resource: str, names: Iterable[str]) -> frozenset[str]:
    """Return those of `names` that the actor may set; one role that may is enough."""
    wanted = frozenset(names)
    if SYSTEM_ROLE in actor.roles:
        return wanted
    if actor.read_only:
        return frozenset()
    found: frozenset[str] = frozenset()
    for role in actor.roles & Role._value2member_map_.keys():
        key = (resource, Role(role))
        operations = TABLE.get(resource, {}).get(Role(role), frozenset())
        if operations & {Operation.CREATE, Operation.UPDATE}:
            found |= (wanted & ONLY_SETTABLE.get(key, wanted)) - NOT_SETTABLE.get(key, frozenset())
    return found


def ensure_settable(actor: Actor, resource: str, names: Iterable[str]) -> None:
    """Raise Forbidden, naming each field, unless the actor may set all of `names`."""
    refused = sorted(set(names) - settable(actor, resource, names))
    if refused:
        raise Forbidden(
            say("Your role may not change: {fields}.", fields=", ".join(refused)),
            code="field_forbidden",
            errors={name: [say("Your role may not change this.")] for name in refused},
        )


def document_kinds_in_sight(actor: Actor) -> list[str]:
    """Return the kinds of document of which the actor may see all, and so the messages about them."""
    return [
        kind
        for kind in DOCUMENT_RESOURCES
        if all(may(actor, Operation.READ, document_resource(kind, one)) for one in DOCUMENT_CLASSES.get(kind, ("",)))
    ]


def document_classes_in_sight(actor: Actor) -> dict[str, list[str]]:
    """Return the classes that the actor may see of those kinds of document of which it may not see all."""
    found = {
        kind: [one for one in classes if may(actor, Operation.READ, document_resource(kind, one))]
        for kind, classes in DOCUMENT_CLASSES.items()
    }
    return {kind: seen for kind, seen in found.items() if seen and len(seen) < len(DOCUMENT_CLASSES[kind])}
