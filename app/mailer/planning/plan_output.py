"""A plan as REST tells it, and the difference between two plans as a screen tells it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from app.core.words import Words, in_a_row, say
from app.mailer.planning.plan_model import Made, Message, Plan, Recipient, Road, Skip
from app.mailer.planning.reasons import explain

_ROAD_NAMES = {
    Road.CUSTOMER: say("the customer"),
    Road.REQUESTER: say("the ticket's requester"),
    Road.TYPED_IN: say("an address typed in"),
}


class Change(NamedTuple):
    """What became different at one address (or, where there is none, for one person), in plain sentences."""

    address: str
    what: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How one plan differs from an earlier one: who gets a mail besides, who no longer does, and what else changed.

    Two plans of one document have the same fingerprint exactly when their difference is empty.
    """

    document_changed: bool = False
    added: tuple[Change, ...] = ()
    removed: tuple[Change, ...] = ()
    changed: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether anything differs."""
        return bool(self.document_changed or self.added or self.removed or self.changed)


def as_dict(plan: Plan) -> dict[str, Any]:
    """Return a plan as the value of "result" in the REST contract: plain dicts, lists, strings, numbers and None."""
    document = plan.document
    return {
        "document": {"kind": str(document.kind), "id": document.id, "number": document.number},
        "fingerprint": plan.fingerprint,
        "reaches_nobody": plan.reaches_nobody,
        "messages": [_message_as_dict(message) for message in plan.messages],
        "skipped": [_skip_as_dict(skip) for skip in plan.skipped],
    }


def with_messages(plan: Plan, made: Mapping[str, Made]) -> Plan:
    """Return the plan with the outbox's ids and states filled in, by normalised address."""
    messages = tuple(
        replace(message, message_id=row.message_id, state=row.state) if (row := made.get(message.key)) else message
        for message in plan.messages
    )
    return replace(plan, messages=messages)


def difference(before: Plan, after: Plan) -> Difference:
    """Return what changed from one plan of a document to a later one, address by address, for people to read."""
    old = {message.key: message for message in before.messages}
    new = {message.key: message for message in after.messages}
    skipped_before = {_skip_identity(skip): skip for skip in before.skipped}
    skipped_after = {_skip_identity(skip): skip for skip in after.skipped}
    changed: dict[str, list[Words]] = {}
    for key in old.keys() & new.keys():
        for sentence in _message_changes(old[key], new[key]):
            changed.setdefault(new[key].address, []).append(sentence)
    # A skip at an address that was added or removed is part of what is said there.
    told = old.keys() ^ new.keys()
    for identity, skip in sorted((skipped_before | skipped_after).items()):
        told_of_skip = _skip_change(skipped_before.get(identity), skipped_after.get(identity))
        if told_of_skip and skip.key not in told:
            changed.setdefault(skip.address or skip.name, []).append(told_of_skip)
    return Difference(
        document_changed=_revision(before) != _revision(after),
        added=tuple(Change(new[key].address, _why_added(new[key])) for key in new if key not in old),
        removed=tuple(Change(old[key].address, _why_removed(key, after)) for key in old if key not in new),
        changed=tuple(Change(address, in_a_row(changed[address])) for address in sorted(changed)),
    )


def _message_as_dict(message: Message) -> dict[str, Any]:
    return {
        "address": message.address,
        "format": _text(message.format),
        "usage_reports": list(message.usage_reports),
        "recipients": [_recipient_as_dict(recipient) for recipient in message.recipients],
        "message_id": message.message_id,
        "state": _text(message.state),
        # Said only where there is something to say.
        **({"withheld_reports": list(message.withheld_reports)} if message.withheld_reports else {}),
    }


def _recipient_as_dict(recipient: Recipient) -> dict[str, Any]:
    return {
        "road": str(recipient.road),
        "contact_id": recipient.contact_id,
        "link": _text(recipient.link),
        "name": recipient.name,
        "format": _text(recipient.format),
        "reason": str(recipient.reason),
    }


def _skip_as_dict(skip: Skip) -> dict[str, Any]:
    return {
        "address": skip.address,
        "road": str(skip.road),
        "contact_id": skip.contact_id,
        "link": _text(skip.link),
        "name": skip.name,
        "reason": str(skip.reason),
        "detail": skip.detail,
    }


def _text(value: str | None) -> str | None:
    return None if value is None else str(value)


def _revision(plan: Plan) -> tuple[str, int, int]:
    return plan.document.kind, plan.document.id, plan.document.version


def _skip_identity(skip: Skip) -> tuple[str, str, int]:
    return skip.key, skip.road, skip.contact_id or 0


def _ways(message: Message) -> dict[tuple[str, int, str], Recipient]:
    return {(way.road, way.contact_id or 0, way.reason): way for way in message.recipients}


def _message_changes(old: Message, new: Message) -> list[Words]:
    """Return a sentence for each thing of a message's outcome that changed."""
    sentences = []
    if old.format != new.format:
        sentences.append(say("Bill format {after} instead of {before}.", after=_form(new), before=_form(old)))
    if old.usage_reports != new.usage_reports:
        sentences.append(say("Other usage reports."))
    old_ways, new_ways = _ways(old), _ways(new)
    sentences += [say("Also for {who}.", who=_who(new_ways[way])) for way in new_ways if way not in old_ways]
    sentences += [say("No longer for {who}.", who=_who(old_ways[way])) for way in old_ways if way not in new_ways]
    return sentences


def _skip_change(old: Skip | None, new: Skip | None) -> Words | None:
    """Return a sentence for how one skipped road changed, None if it did not."""
    if new is None:
        return say("No longer listed as skipped: {who}.", who=_who(old)) if old else None
    if old is None or old.reason != new.reason:
        return say("Skipped for {who}: {reason}", who=_who(new), reason=explain(new.reason))
    return None


def _form(message: Message) -> Words:
    return message.format.words if message.format else say("plain")


def _why_added(message: Message) -> Words:
    return in_a_row(dict.fromkeys(explain(recipient.reason) for recipient in message.recipients))


def _why_removed(key: str, after: Plan) -> Words:
    """Return why an address no longer gets it: the reasons of its skipped roads, or that no road is left."""
    sentences = dict.fromkeys(explain(skip.reason) for skip in after.skipped if skip.key == key)
    return in_a_row(sentences) if sentences else say("No road leads to this address any more.")


def _who(way: Recipient | Skip) -> Words:
    return say("the contact {name}", name=way.name) if way.contact_id is not None else _ROAD_NAMES[way.road]
