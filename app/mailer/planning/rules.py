"""The one rule of who gets a copy: `plan` decides it for the preview, the sending, REST and every explanation."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace

from app.core.addresses import normalise
from app.core.bill_format import fullest
from app.core.words import say
from app.mailer.message_states import FINAL, INITIAL, LOST, STATE_NAMES, STATES, MessageState, may_follow
from app.mailer.planning.plan_model import (
    Circumstances,
    Contact,
    Customer,
    Document,
    DocumentKind,
    Link,
    Made,
    Message,
    Plan,
    Recipient,
    Road,
    Skip,
)
from app.mailer.planning.plan_output import Change, Difference, as_dict, difference, with_messages
from app.mailer.planning.reasons import EXPLANATIONS, FOR_GETTING, Reason, explain
from app.mailer.planning.roads import Way, closed_gate, roads

__all__ = [
    "EXPLANATIONS",
    "FINAL",
    "FOR_GETTING",
    "INITIAL",
    "LOST",
    "STATES",
    "Change",
    "Circumstances",
    "Contact",
    "Customer",
    "Difference",
    "Document",
    "DocumentKind",
    "Link",
    "Made",
    "Message",
    "MessageState",
    "Plan",
    "Reason",
    "Recipient",
    "Road",
    "Skip",
    "about",
    "as_dict",
    "difference",
    "explain",
    "fingerprint",
    "may_follow",
    "plan",
    "with_messages",
]


def plan(document: Document, customer: Customer, contacts: Iterable[Contact], circumstances: Circumstances) -> Plan:
    """Decide who gets a document, in which format, and why; who does not, and why not.

    `contacts` are the customer's direct ones and the shared ones linked to it, in any order; deleted ones are left
    out. When a gate is closed nobody gets anything, and every road is skipped for the gate's reason. Does no I/O, and
    gives the same answer to the same question.
    """
    gate = closed_gate(document, customer)
    unticked = {normalise(address) for address in circumstances.unticked}
    open_roads: dict[str, list[Way]] = {}
    skipped = []
    for way in roads(document, customer, contacts, circumstances):
        reason = gate or way.obstacle or _obstacle_at_address(way.key, circumstances, unticked)
        if reason is None:
            open_roads.setdefault(way.key, []).append(way)
        else:
            skipped.append(_skip(way, reason, circumstances))
    messages = tuple(_message(ways, customer, circumstances) for ways in open_roads.values())
    return Plan(
        document=document,
        messages=messages,
        skipped=tuple(skipped),
        reaches_nobody=_reaches_nobody(document, messages, circumstances),
        fingerprint=fingerprint(document, messages, tuple(skipped)),
    )


def fingerprint(document: Document, messages: Iterable[Message], skipped: Iterable[Skip]) -> str:
    """Return 64 hexadecimal digits (SHA-256) that change when the document or the outcome of its plan does.

    The outcome is who gets a mail (normalised address, format, usage reports, the roads to it and their reasons), and
    which roads are skipped for which reason. Names, spellings, details and the order of things are no part of it.
    """
    outcome = {
        "document": [document.kind, document.id, document.version],
        "messages": sorted(
            [
                message.key,
                message.format or "",
                list(message.usage_reports),
                sorted([way.road, way.contact_id or 0, way.reason] for way in message.recipients),
            ]
            for message in messages
        ),
        "skipped": sorted([skip.key, skip.road, skip.contact_id or 0, skip.reason] for skip in skipped),
    }
    return hashlib.sha256(json.dumps(outcome, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def about(document: Document, of_another: Plan) -> Plan:
    """Return the same outcome as the plan of another document: of what was looked at before it was written."""
    if of_another.document == document:
        return of_another
    told = fingerprint(document, of_another.messages, of_another.skipped)
    return replace(of_another, document=document, fingerprint=told)


def _obstacle_at_address(key: str, circumstances: Circumstances, unticked: set[str]) -> Reason | None:
    """Return what stands in the way at an address, whichever road led to it."""
    if not key:
        return Reason.NO_ADDRESS
    if key in circumstances.suppressed:
        return Reason.SUPPRESSED
    made = circumstances.already_made.get(key)
    # A cancelled message never left, and never will by itself: its address has not had the document.
    if made is not None and made.state != MessageState.CANCELLED:
        return Reason.ALREADY_SENT
    return Reason.UNTICKED if key in unticked else None


def _message(ways: list[Way], customer: Customer, circumstances: Circumstances) -> Message:
    """Make the one message of all the roads to one address; contacts come in the order of their ids."""
    first = next((way for way in ways if way.contact), ways[0])
    contact = first.contact
    # A contact's own format beats the account's.
    formats = [way.format for way in ways if way.format and (way.contact or not contact)]
    reports = (
        {way.usage_report for way in ways if way.usage_report is not None} if circumstances.usage_module else set()
    )
    return Message(
        address=first.address or "",
        name=first.name,
        language=contact.language if contact else customer.language,
        contact_id=contact.id if contact else None,
        format=fullest(formats) if formats else None,
        usage_reports=tuple(sorted(reports - circumstances.unavailable_reports)),
        withheld_reports=tuple(sorted(reports & circumstances.unavailable_reports)),
        recipients=tuple(_recipient(way) for way in ways),
    )


def _recipient(way: Way) -> Recipient:
    return Recipient(
        road=way.road,
        contact_id=way.contact.id if way.contact else None,
        link=way.contact.link if way.contact else None,
        name=way.name,
        format=way.format,
        reason=way.reason,
    )


def _skip(way: Way, reason: Reason, circumstances: Circumstances) -> Skip:
    detail = ""
    if reason == Reason.SUPPRESSED:
        detail = circumstances.suppressed[way.key]
    elif reason == Reason.ALREADY_SENT:
        made = circumstances.already_made[way.key]
        detail = say("Message {message_id} ({state}).", message_id=made.message_id, state=STATE_NAMES[made.state])
    return Skip(
        address=way.address,
        road=way.road,
        contact_id=way.contact.id if way.contact else None,
        link=way.contact.link if way.contact else None,
        name=way.name,
        reason=reason,
        detail=detail,
    )


def _reaches_nobody(document: Document, messages: tuple[Message, ...], circumstances: Circumstances) -> bool:
    """Tell whether an invoice leaves everybody without it, counting what was made before and is not lost."""
    if document.kind != DocumentKind.INVOICE or messages:
        return False
    return all(made.state in LOST for made in circumstances.already_made.values())
