"""The sentences that say why: one for the person on the phone, and those of the links of the chain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import current_app

from app.core.bill_format import BillFormat
from app.core.words import Words, in_a_row, say
from app.mailer.holding import because as held_because
from app.mailer.message_states import MessageState
from app.mailer.models import Message
from app.mailer.planning.plan_model import DocumentKind, Link
from app.mailer.planning.reasons import Reason, explain
from app.mailer.why.acts import Act
from app.mailer.why.roads import KnownLink, KnownRoad
from app.mailer.why.settings import Setting, value_words
from app.web.formats import date_text, moment_text


def message_sentence(message: Message, roads: Sequence[KnownRoad], sending: Act | None) -> Words:
    """Say in a sentence or two why somebody got a copy, or what became of it instead."""
    if message.purged_at is not None:
        return say("This message was purged: whom it was for is not kept any more.")
    who = message.recipient_name or message.address
    because = [_because(road, message.document_kind, sending) for road in roads]
    texts: list[str] = [_opening(message, who, because[0])] if because else []
    texts += [say("Also because {because}.", because=one) for one in because[1:]]
    texts += [tie for road in roads[:1] if road.link and (tie := link_sentence(road, road.link))]
    texts += [text for road in roads[:1] for one in road.settings[:1] if (text := change_sentence(one))]
    return in_a_row([*texts, *_outcome(message)])


def change_sentence(setting: Setting) -> Words | None:
    """Say what a setting has become since, None where it is the same."""
    act = setting.changed_by
    if act is None or not setting.has_changed:
        return None
    return say(
        "{label} is {value} since: {who} changed it on {date}.",
        label=setting.label,
        value=value_words(setting, now=True),
        who=act.who,
        date=day(act.at),
    )


def link_sentence(road: KnownRoad, link: KnownLink) -> Words | None:
    """Say how a contact hung on the customer when the document was sent, and whether they still do."""
    if road.customer is None:
        return None
    names = {"name": road.told.name, "customer": road.customer.label}
    if link.kind == Link.DIRECT:
        text = say("{name} is a direct contact of {customer}.", **names)
    elif link.tied_at is None:
        text = say("{name} is a shared contact that was linked to {customer}.", **names)
    else:
        text = say(
            "{name} is a shared contact, linked to {customer} by {who} on {date}.",
            **names,
            who=link.tied_by,
            date=day(link.tied_at),
        )
    if link.untied is None:
        return text
    gone = say("{who} took the link off on {date}.", who=link.untied.who, date=day(link.untied.at))
    return in_a_row([text, gone])


def setting_sentence(setting: Setting) -> Words:
    """Say what a setting was, and who had set it."""
    act = setting.set_by
    values = {"label": setting.label, "value": value_words(setting)}
    if act is None:
        return say("{label}: {value}.", **values)
    return say("{label}: {value}, set by {who} on {date}.", **values, who=act.who, date=day(act.at))


def sending_sentence(act: Act, noun: str) -> Words:
    """Say who sent the document, when, and by which door; sent again, with the reason."""
    values = {"who": act.who, "moment": moment_text(act.at), "door": act.door_words}
    if act.reason:
        return say(
            "{who} sent it again on {moment} ({door}), because: {reason}",
            **values,
            reason=act.reason,
        )
    return say("{who} sent the {noun} on {moment} ({door}).", **values, noun=noun)


def day(at: datetime) -> str:
    """Return the day of a time in the configured zone."""
    return date_text(at.astimezone(ZoneInfo(current_app.config["SETTINGS"].timezone)).date())


def set_by_words(setting: Setting | None) -> Words | None:
    """Return who had set a setting, and when, as the end of a sentence's clause."""
    act = setting.set_by if setting else None
    return say("set by {who} on {date}", who=act.who, date=day(act.at)) if act else None


def _because(road: KnownRoad, kind: str, sending: Act | None) -> Words:
    """Return why a road led to a copy, as a clause that follows "because"."""
    told = road.told
    clause = _clause(road, kind)
    if told.reason == Reason.TYPED_IN:
        return say("{who} typed the address in when sending it", who=sending.who) if sending else clause
    setter = set_by_words(road.settings[0] if road.settings else None)
    return say("{clause}, {setter}", clause=clause, setter=setter) if setter else clause


def _clause(road: KnownRoad, kind: str) -> Words:
    told = road.told
    value = value_words(road.settings[0]) if road.settings else None
    if told.reason == Reason.COPY_EMAIL_BILL:
        words = say(
            "Copy Email Bill is {value} on the contact {name}", value=_format(told.format, value), name=told.name
        )
    elif told.reason == Reason.COPY_CORRESPONDENCE:
        words = say("its type is chosen under Copy Correspondence of the contact {name}", name=told.name)
    elif told.reason == Reason.COPY_TICKET_UPDATES:
        words = say("its type is chosen under Copy Ticket Updates of the contact {name}", name=told.name)
    elif told.reason == Reason.REQUESTER:
        words = say("the ticket was raised from this address")
    elif told.reason == Reason.TYPED_IN:
        words = say("the address was typed in when it was sent")
    elif kind == DocumentKind.INVOICE:
        words = say(
            "it is one of the customer's own addresses, and their Email bill type is {value}",
            value=_format(told.format, value),
        )
    else:
        words = say("it is the customer's main address")
    return words


def _format(code: str | None, otherwise: Words | str | None) -> Words | str:
    return BillFormat(code).words if code else otherwise or ""


def _opening(message: Message, who: str, because: Words) -> Words:
    values = {"who": who, "because": because}
    if message.state in (MessageState.SENT, MessageState.BOUNCED):
        return say("{who} got it because {because}.", **values)
    if message.state in (MessageState.FAILED, MessageState.CANCELLED):
        return say("{who} was to get it because {because}.", **values)
    return say("{who} is to get it because {because}.", **values)


def _outcome(message: Message) -> list[str]:
    """Say what became of a copy that isn't simply on its way."""
    answer = next((one.answer for one in reversed(message.attempts) if one.answer), None)
    said = say("The mail server said: {answer}", answer=answer) if answer else None
    if message.state == MessageState.SENT and message.sent_at:
        return [say("The mail server took it on {moment}.", moment=moment_text(message.sent_at))]
    if message.state == MessageState.HELD:
        return [say("It is held."), *([held_because(message)] if held_because(message) else [])]
    if message.state == MessageState.CANCELLED:
        lost = [explain(one) for one in dict.fromkeys(message.lost_reasons or ())]
        return [say("It was cancelled before it left."), *lost]
    texts = {
        MessageState.FAILED: say("It could not be delivered."),
        MessageState.BOUNCED: say("It came back."),
        MessageState.WAITING: say("It was tried, and waits for the next try."),
        MessageState.UNCERTAIN: say("Whether it arrived is not certain: a worker stopped in the middle of it."),
        MessageState.SENDING: say("It is being sent."),
        MessageState.QUEUED: say("It waits for its turn."),
    }
    own: list[str] = [texts[MessageState(message.state)]] if message.state in texts else []
    tried = message.state in (MessageState.FAILED, MessageState.BOUNCED, MessageState.WAITING)
    return [*own, said] if said and tried else own
