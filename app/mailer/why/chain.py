"""The chain of a message, link by link: document, customer, contact, link, setting, sending, attempts, acts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.words import Words, in_a_row, say
from app.mailer.documents import noun_of, pages_of
from app.mailer.message_states import STATE_LABELS, MessageState
from app.mailer.models import Message
from app.mailer.planning.plan_model import LINK_WORDS, ROAD_WORDS, Link, Road
from app.mailer.planning.reasons import explain
from app.mailer.why.acts import Act, on_message, that_sent
from app.mailer.why.clauses import (
    change_sentence,
    link_sentence,
    message_sentence,
    sending_sentence,
    setting_sentence,
)
from app.mailer.why.roads import KnownRoad, Told, known_roads
from app.mailer.why.settings import Setting

# The attempts have entries of their own in the chain; the trail's say the same once more.
_TOLD_BY_ATTEMPTS = frozenset({"message:attempted", "message:claimed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A link of the chain: what it is, a sentence, when and by whom; `facts` is what REST says beside that."""

    kind: str
    label: Words | str
    text: Words | str
    at: datetime | None = None
    by: Words | str | None = None
    door: str | None = None
    url: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Why a message is there, in a sentence and link by link."""

    sentence: Words
    steps: Sequence[Step]


def chain_of(session: Session, actor: Actor, message: Message) -> Chain:
    """Return the chain of a message in sight, as far as its links are in sight too."""
    acts = on_message(session, message.id)
    sending = that_sent(acts)
    roads = known_roads(
        session,
        actor,
        told=[Told.of(reason) for reason in message.reasons],
        kind=message.document_kind,
        customer_id=message.customer_id,
        until=sending.entry_id if sending else None,
    )
    lost: Sequence[str | None] = message.lost_reasons or [None for _ in roads]
    steps = [*_what(session, actor, message, roads)]
    for road, became in zip(roads, lost, strict=True):
        steps += road_steps(road, became=became)
    if sending:
        steps.append(_sending_step(session, sending, message))
    steps += [*_attempts(message), *(_act(one) for one in acts if _is_told(one, sending))]
    steps[_fixed(steps) :] = sorted(steps[_fixed(steps) :], key=lambda one: one.at.timestamp() if one.at else 0)
    return Chain(sentence=message_sentence(message, roads, sending), steps=steps)


def as_dict(chain: Chain) -> dict[str, Any]:
    """Return a chain as REST gives it."""
    return {"sentence": chain.sentence, "chain": [step_as_dict(step) for step in chain.steps]}


def step_as_dict(step: Step) -> dict[str, Any]:
    """Return a link of a chain as REST gives it."""
    return {
        "link": step.kind,
        "label": step.label,
        "text": step.text,
        "at": step.at,
        "by": step.by,
        "door": step.door,
        **step.facts,
    }


def road_steps(road: KnownRoad, *, became: str | None = None) -> Iterator[Step]:
    """Give the links that one road adds: whose it is and why, how they hang on the customer, and each setting."""
    told = road.told
    way = LINK_WORDS[Link(told.link)] if told.link else ROAD_WORDS[Road(told.road)]
    texts: list[str] = [say("{name} ({way}): {reason}", name=told.name, way=way, reason=road.sentence)]
    texts += [told.detail] if told.detail else []
    texts += [say("No longer: {what}", what=explain(became))] if became else []
    yield Step(
        kind="road",
        label=say("Reason"),
        text=in_a_row(texts),
        url=url_for("ContactView.show", pk=told.contact_id) if road.contact is not None else None,
        facts={
            "road": told.road,
            "contact_id": told.contact_id,
            "name": told.name,
            "reason": told.reason,
            "format": told.format,
            "lost_reason": became,
        },
    )
    if road.link is not None and (text := link_sentence(road, road.link)):
        yield Step(
            kind="link",
            label=say("Link"),
            text=text,
            at=road.link.tied_at,
            by=road.link.tied_by,
            door=road.link.tied.door if road.link.tied else None,
            facts={
                "kind": road.link.kind,
                "removed_at": road.link.untied.at if road.link.untied else None,
                "removed_by": road.link.untied.who if road.link.untied else None,
            },
        )
    for setting in road.settings:
        yield setting_step(setting)


def setting_step(setting: Setting) -> Step:
    """Return the link of a chain that is a setting."""
    change = change_sentence(setting)
    act = setting.set_by
    return Step(
        kind="setting",
        label=setting.label,
        text=in_a_row([setting_sentence(setting), *([change] if change else [])]),
        at=act.at if act else None,
        by=act.who if act else None,
        door=act.door if act else None,
        facts={
            "resource": setting.resource,
            "id": setting.record_id,
            "field": setting.field,
            "value": setting.value,
            "value_now": setting.value_now,
            "changed_at": setting.changed_by.at if setting.has_changed and setting.changed_by else None,
            "changed_by": setting.changed_by.who if setting.has_changed and setting.changed_by else None,
        },
    )


def _what(session: Session, actor: Actor, message: Message, roads: Sequence[KnownRoad]) -> Iterator[Step]:
    key = (message.document_kind, message.document_id)
    yield Step(
        kind="document",
        label=say("Document"),
        text=message.document_number,
        url=pages_of(session, actor, [key])[key],
        facts={"kind": message.document_kind, "id": message.document_id, "number": message.document_number},
    )
    customer = roads[0].customer if roads else None
    yield Step(
        kind="customer",
        label=say("Customer"),
        text=message.customer.label,
        url=url_for("CustomerView.show", pk=message.customer_id) if customer is not None else None,
        facts={"id": message.customer_id},
    )


def _fixed(steps: Sequence[Step]) -> int:
    """Return how many links come first: what it is about and why, before what happened in the order of time."""
    return next((at for at, one in enumerate(steps) if one.kind in {"plan", "attempt", "act"}), len(steps))


def _sending_step(session: Session, act: Act, message: Message) -> Step:
    return Step(
        kind="plan",
        label=say("Sending"),
        text=sending_sentence(act, noun_of(session, kind=message.document_kind, document_id=message.document_id)),
        at=act.at,
        by=act.who,
        door=act.door,
        facts={"verb": act.verb, "reason": act.reason, "revision": message.revision},
    )


def _attempts(message: Message) -> Iterator[Step]:
    for one in message.attempts:
        label = STATE_LABELS[MessageState(one.outcome)]
        yield Step(
            kind="attempt",
            label=say("Attempt"),
            text=say("{outcome}: {answer}", outcome=label, answer=one.answer) if one.answer else label,
            at=one.started_at,
            facts={"outcome": one.outcome, "answer": one.answer, "finished_at": one.finished_at},
        )


def _is_told(act: Act, sending: Act | None) -> bool:
    """Tell whether an act has a place of its own in the chain."""
    return act is not sending and act.verb not in _TOLD_BY_ATTEMPTS


def _act(act: Act) -> Step:
    what = say("{what} by {who} ({door})", what=act.what, who=act.who, door=act.door_words)
    reason = [say("Reason: {reason}", reason=act.reason)] if act.reason else []
    return Step(
        kind="act",
        label=say("Act"),
        text=in_a_row([what, *reason]),
        at=act.at,
        by=act.who,
        door=act.door,
        facts={"verb": act.verb, "reason": act.reason},
    )
