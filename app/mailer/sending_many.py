"""Sending many documents at once, each by the plan that was looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from app.core.audit import Touch
from app.mailer.outbox import log_sending, put_all_into_outbox
from app.mailer.planning.facts import Defaults
from app.mailer.planning.many import Facts, Wanted, facts_of_many, lock_contacts
from app.mailer.planning.rules import Document, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class ToSend:
    """A document to send by the plan that was looked at: its fingerprint, the version that the document had by then.

    `seen_until` is the highest id of a message by then, 0 where no address had it.
    """

    document: Document
    customer_id: int
    fingerprint: str
    seen_version: int
    seen_until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """What came of a document that was to be sent by the plan that was looked at.

    `plan` is the one of today, and `touched` what the trail says of its messages: none, where it is not the same any
    more. `only_sent` says that nothing differs but copies that have been made meanwhile.
    """

    plan: Plan
    touched: list[Touch]
    is_same: bool
    only_sent: bool


def send_documents(session: Session, *, wanted: Sequence[ToSend], defaults: Defaults) -> list[Executed]:
    """Execute the plans of many bills, each only if it is still the one that was looked at; in their order.

    The caller holds the documents, and before them `lock_customers`.
    """
    lock_contacts(session, {one.customer_id for one in wanted})
    facts = facts_of_many(session, [Wanted(one.document, one.customer_id) for one in wanted], defaults=defaults)
    pairs = [(one, facts.plan(one.document, one.customer_id)) for one in wanted]
    go = [(now, one.customer_id) for one, now in pairs if now.fingerprint == one.fingerprint and now.messages]
    put = {done.document.id: (done, touched) for done, touched in execute_plans(session, go, defaults=defaults)}
    executed = []
    for one, now in pairs:
        done, touched = put.get(one.document.id, (now, []))
        is_same = now.fingerprint == one.fingerprint
        only_sent = not is_same and _as_it_was(facts, one).fingerprint == one.fingerprint
        executed.append(Executed(plan=done, touched=touched, is_same=is_same, only_sent=only_sent))
    return executed


def plans_to_execute(session: Session, *, wanted: Sequence[Wanted], defaults: Defaults) -> list[Plan]:
    """Return the plans of many documents that are about to be written, as things are now, and keep them so.

    The caller holds `lock_customers`, and hands to `execute_plans` those that it agrees to.
    """
    lock_contacts(session, {one.customer_id for one in wanted})
    facts = facts_of_many(session, wanted, defaults=defaults)
    return [facts.plan(one.document, one.customer_id) for one in wanted]


def execute_plans(
    session: Session, chosen: Sequence[tuple[Plan, int]], *, defaults: Defaults
) -> list[tuple[Plan, list[Touch]]]:
    """Put the messages of many plans of one kind of document into the outbox, each plan with its customer's id.

    Returns what `send_document` returns, of each. The caller has made the plans under the locks that it holds.
    """
    done = put_all_into_outbox(session, chosen, defaults=defaults)
    for executed, touched in done:
        if touched:
            log_sending(executed)
    return done


def _as_it_was(facts: Facts, one: ToSend) -> Plan:
    """Return the plan of a document without the messages that were made since it was looked at.

    Sending raises a document's version, so that is taken as it was, too.
    """
    document = replace(one.document, version=one.seen_version)
    return facts.plan(document, one.customer_id, made_until=one.seen_until)
