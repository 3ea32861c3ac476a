"""The question "why did this address not get it?", answered for any address and any kind of document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.addresses import check_address, normalise
from app.core.errors import Invalid
from app.core.words import Words, in_a_row, said, say
from app.customers.models import Customer
from app.mailer import queries
from app.mailer.message_states import MessageState
from app.mailer.models import Message, SkippedRoad
from app.mailer.planning.facts import latest_messages
from app.mailer.planning.plan_model import Document, Plan, Skip
from app.mailer.planning.plan_model import Message as Planned
from app.mailer.planning.reasons import Reason, Unplanned, explain
from app.mailer.screens import who_got
from app.mailer.why.acts import sent_document
from app.mailer.why.chain import Step, chain_of, road_steps
from app.mailer.why.clauses import set_by_words
from app.mailer.why.elsewhere import Elsewhere, elsewhere, where_words
from app.mailer.why.roads import KnownRoad, Told, known_roads


class Outcome(StrEnum):
    """What an address has of a document."""

    GOT = "got"
    ON_ITS_WAY = "on_its_way"
    NOT_DELIVERED = "not_delivered"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    NOT_PLANNED = "not_planned"
    NOT_SENT_YET = "not_sent_yet"
    NO_ROAD = "no_road"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What became of a document at one address, and why.

    `as_of` is when the roads were looked at: when it was sent, or None for this moment. `message` is the one that the
    document made for the address, `steps` the chain. `places` are people in sight who have it where no road led to it.
    """

    address: str
    outcome: Outcome
    sentence: Words
    message: Message | None = None
    roads: Sequence[KnownRoad] = ()
    as_of: datetime | None = None
    places: Sequence[Elsewhere] = ()
    steps: Sequence[Step] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What an answer is made of: a document in the reader's sight, its customer, its plan of this moment, an address.

    `resource` is whose verbs the trail names when the document is sent.
    """

    document: Document
    customer: Customer
    plan: Plan
    address: str
    resource: str

    @property
    def key(self) -> str:
        """Return the address as addresses are compared."""
        return normalise(self.address)


_WOULD = say("Sent at this moment, it would reach the address.")
_FROM_STATE = {
    MessageState.SENT: Outcome.GOT,
    MessageState.FAILED: Outcome.NOT_DELIVERED,
    MessageState.BOUNCED: Outcome.NOT_DELIVERED,
    MessageState.CANCELLED: Outcome.CANCELLED,
}


def checked(address: object) -> str:
    """Return the address that is asked about. Raises Invalid."""
    try:
        return check_address(address if isinstance(address, str) else "")
    except ValueError as error:
        raise Invalid(said(error), field="address") from error


def answer(session: Session, actor: Actor, question: Question) -> Answered:
    """Say what an address has of a document, and why.

    First what the document made for it, then what its sending had against it, then what its plan says at this moment.
    """
    made = latest_messages(session, question.document).get(question.key)
    if made is not None:
        return _made(session, actor, question, queries.message(session, actor, message_id=made.id))
    kept = _kept(session, actor, question)
    if kept:
        return _skipped(session, actor, question, kept)
    planned = next((one for one in question.plan.messages if one.key == question.key), None)
    if planned is not None:
        return _planned(session, actor, question, planned)
    skips = [one for one in question.plan.skipped if one.key == question.key]
    if skips:
        return _skipped_today(session, actor, question, skips)
    return _no_road(session, actor, question)


def _made(session: Session, actor: Actor, question: Question, message: Message) -> Answered:
    chain = chain_of(session, actor, message)
    texts: list[str] = [chain.sentence]
    if message.state == MessageState.CANCELLED and any(one.key == question.key for one in question.plan.messages):
        texts.append(_WOULD)
    return Answered(
        address=question.address,
        outcome=_FROM_STATE.get(MessageState(message.state), Outcome.ON_ITS_WAY),
        sentence=in_a_row(texts),
        message=message,
        steps=chain.steps,
    )


def _kept(session: Session, actor: Actor, question: Question) -> list[SkippedRoad]:
    """Return the roads to the address that were skipped when the document was sent, as they were then."""
    statement = who_got.skipped(actor).where(
        SkippedRoad.document_kind == question.document.kind.value, SkippedRoad.document_id == question.document.id
    )
    rows = session.scalars(statement.order_by(SkippedRoad.id.desc()))
    return who_got.latest(row for row in rows if normalise(row.address or "") == question.key)


def _skipped(session: Session, actor: Actor, question: Question, kept: Sequence[SkippedRoad]) -> Answered:
    told = [
        Told(
            road=row.road,
            contact_id=row.contact_id,
            link=row.link,
            name=row.name,
            reason=row.reason,
            detail=row.detail,
            address=row.address,
        )
        for row in kept
    ]
    sent = sent_document(session, actor, resource=question.resource, document_id=question.document.id)
    roads = _known(session, actor, question, told, until=sent.entry_id if sent else None)
    by_whom = sent.who if sent and any(one.reason == Reason.UNTICKED for one in told) else None
    texts = [_skip_words(road, by_whom) for road in roads]
    if any(one.key == question.key for one in question.plan.messages):
        texts.append(_WOULD)
    return Answered(
        address=question.address,
        outcome=Outcome.SKIPPED,
        sentence=in_a_row([say("{address} did not get it.", address=question.address), *texts]),
        roads=roads,
        steps=_steps(roads),
        as_of=kept[0].created_at,
    )


def _skipped_today(session: Session, actor: Actor, question: Question, skips: Sequence[Skip]) -> Answered:
    """Answer by the plan of this moment, where no sending has kept anything about the address."""
    told = [_told(one) for one in skips]
    roads = _known(session, actor, question, told, until=None)
    texts = [_skip_words(road, None) for road in roads]
    passed = _passed_by(session, question, told)
    opening = (
        [say("{address} did not get it.", address=question.address), explain(passed), say("Nor would it get it today:")]
        if passed
        else [say("It was not sent yet, and {address} would not get it.", address=question.address)]
    )
    return Answered(
        address=question.address,
        outcome=Outcome.SKIPPED,
        sentence=in_a_row([*opening, *texts]),
        roads=roads,
        steps=_steps(roads),
    )


def _planned(session: Session, actor: Actor, question: Question, planned: Planned) -> Answered:
    """Answer for an address that the plan of this moment reaches, though nothing was sent to it."""
    told = [
        Told(
            road=way.road,
            contact_id=way.contact_id,
            link=way.link,
            name=way.name,
            reason=way.reason,
            format=way.format,
            address=planned.address,
        )
        for way in planned.recipients
    ]
    roads = _known(session, actor, question, told, until=None)
    passed = _passed_by(session, question, told)
    if passed is None:
        text = say("It was not sent yet; {address} is to get it.", address=question.address)
        return Answered(
            address=question.address, outcome=Outcome.NOT_SENT_YET, sentence=text, roads=roads, steps=_steps(roads)
        )
    texts = [
        say("{address} did not get it.", address=question.address),
        explain(passed),
        _WOULD,
    ]
    return Answered(
        address=question.address,
        outcome=Outcome.NOT_PLANNED,
        sentence=in_a_row(texts),
        roads=roads,
        steps=_steps(roads),
    )


def _no_road(session: Session, actor: Actor, question: Question) -> Answered:
    places = elsewhere(session, actor, customer=question.customer, key=question.key, address=question.address)
    texts = [
        say(
            "No road leads to {address}: it is none of the addresses of {customer}, nor of their contacts.",
            address=question.address,
            customer=question.customer.label,
        ),
        *(where_words(one) for one in places),
    ]
    return Answered(address=question.address, outcome=Outcome.NO_ROAD, sentence=in_a_row(texts), places=places)


def _known(
    session: Session, actor: Actor, question: Question, told: Sequence[Told], *, until: int | None
) -> list[KnownRoad]:
    return known_roads(
        session,
        actor,
        told=told,
        kind=question.document.kind,
        customer_id=question.customer.id,
        until=until,
    )


def _told(skip: Skip) -> Told:
    return Told(
        road=skip.road,
        contact_id=skip.contact_id,
        link=skip.link,
        name=skip.name,
        reason=skip.reason,
        detail=skip.detail,
        address=skip.address,
    )


def _skip_words(road: KnownRoad, by_whom: Any) -> Words:  # noqa: ANN401  a name, or words for one
    """Say why one road was skipped: whose it is, the reason, and who had set it so."""
    told = road.told
    setter = set_by_words(road.settings[0] if road.settings else None)
    texts: list[str] = [say("{name}: {reason}", name=told.name, reason=road.sentence)]
    texts += [say("({setter})", setter=setter)] if setter else []
    texts += [told.detail] if told.detail else []
    texts += [say("It was {who} who sent it.", who=by_whom)] if by_whom and told.reason == Reason.UNTICKED else []
    return in_a_row(texts)


def _passed_by(session: Session, question: Question, told: Sequence[Told]) -> Unplanned | None:
    """Return why an address was in no plan when the document was sent; None where it was not sent."""
    rows = queries.messages_of_document(session, kind=question.document.kind.value, document_id=question.document.id)
    if not rows:
        return None
    return who_got.unplanned_reason(
        sent_at=rows[0].created_at,
        only_typed_in=all(reason["road"] == "typed_in" for row in rows for reason in row.reasons),
        since=_since(session, question.customer, told),
    )


def _since(session: Session, customer: Customer, told: Sequence[Told]) -> datetime:
    """Return since when the first of some people has been a contact of the customer; the customer's own, always."""
    ids = {one.contact_id for one in told if one.contact_id is not None}
    return who_got.contacts_since(session, customer=customer, ids=ids) if ids else customer.created_at


def _steps(roads: Sequence[KnownRoad]) -> list[Step]:
    return [step for road in roads for step in road_steps(road)]
