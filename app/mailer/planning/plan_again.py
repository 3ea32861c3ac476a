"""The rule of sending again: the plan for chosen addresses that have had a document, as if they had not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from app.core.bill_format import BillFormat
from app.mailer.planning.plan_model import Circumstances, Contact, Customer, Document, Message, Plan, Skip
from app.mailer.planning.rules import fingerprint, plan


def plan_again(
    document: Document,
    customer: Customer,
    contacts: Iterable[Contact],
    circumstances: Circumstances,
    had: Mapping[str, tuple[str, BillFormat]],
) -> Plan:
    """Return the plan of sending a document again to addresses that have had it.

    `had` names each by its normalised form: the spelling, and the format that it had. Where roads lead there, the
    settings of the day decide. Where none does any more, the address counts as typed in, in the format that it had.
    What stands in the way of an address is among the skipped.
    """
    people = list(contacts)
    others = {key: made for key, made in circumstances.already_made.items() if key not in had}
    as_new = replace(circumstances, already_made=others, unticked=frozenset(), typed_in=())
    by_roads = {message.key: message for message in plan(document, customer, people, as_new).messages}
    messages: list[Message] = []
    skipped: list[Skip] = []
    for key, (address, had_format) in had.items():
        if key in by_roads:
            messages.append(by_roads[key])
            continue
        typed = plan(document, customer, (), replace(as_new, typed_in=(address,), typed_in_format=had_format))
        messages += typed.messages
        skipped += typed.skipped
    return Plan(
        document=document,
        messages=tuple(messages),
        skipped=tuple(skipped),
        reaches_nobody=False,
        fingerprint=fingerprint(document, messages, skipped),
    )
