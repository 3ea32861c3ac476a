"""What screens and the command line ask of each kind of document that is sent: one description a kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.core.actor import Actor
from app.core.words import Words
from app.extensions import db
from app.mailer.planning.choices import Again, Choices
from app.mailer.planning.rules import Document, Plan
from app.mailer.why.asked import Answered, Question, checked
from app.mailer.why.asked import answer as answer_to


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What the doors ask of a kind of document; `resource` is whose permissions it takes.

    `load` returns one in sight by its id, `numbered` by its number; both raise NotFound. The others are the feature's
    own verbs, by the instance's settings; those that send take the version that was read, if any.
    """

    resource: str
    # Of one document, where it depends on its class.
    resource_of: Callable[[Any], str] | None = None
    title: Callable[[Any], Words]
    again_title: Callable[[Any], Words]
    load: Callable[[Any, Actor, int], Any]
    numbered: Callable[[Any, Actor, str], Any]
    document: Callable[[Any], Document]
    plan: Callable[[Any, Actor, Any, Choices], Plan]
    plan_again: Callable[[Any, Actor, Any, tuple[str, ...]], Plan]
    # Whether a sending takes files of its own.
    takes_files: bool = False
    send: Callable[[Any, Actor, int, Choices, str | None, int | None], Plan]
    send_again: Callable[[Any, Actor, int, Again, int | None], Plan]


def right_of(sending: Sending, record: Any) -> str:  # noqa: ANN401  of any kind
    """Return the resource whose permissions a document takes."""
    return sending.resource_of(record) if sending.resource_of else sending.resource


_kinds: dict[str, Sending] = {}


def register_sending(sending: Sending) -> None:
    """Let a kind of document be sent by the command line; called by the wiring."""
    _kinds[sending.resource] = sending


def sending_of(resource: str) -> Sending | None:
    """Return what is known of a kind of document, None where there is no such kind."""
    return _kinds.get(resource)


def sent_kinds() -> list[str]:
    """Return the kinds of documents that can be sent."""
    return sorted(_kinds)


def answer_about(sending: Sending, actor: Actor, record: Any, address: object) -> Answered:  # noqa: ANN401  of any kind
    """Say what an address has of a document, and why. Raises Invalid."""
    question = Question(
        document=sending.document(record),
        customer=record.customer,
        plan=sending.plan(db.session(), actor, record, Choices()),
        address=checked(address),
        resource=sending.resource,
    )
    return answer_to(db.session(), actor, question)
