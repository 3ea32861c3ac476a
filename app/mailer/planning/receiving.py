"""What a contact receives, customer by customer: read from the database, and told in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session, joinedload, raiseload

from app.contacts import queries as contacts
from app.contacts.labels import CONTACT_LABELS
from app.contacts.models import Contact
from app.core.actor import Actor
from app.core.words import Words, say
from app.customers.models import Customer
from app.customers.usage_reports import customers_without
from app.lookups.rules import CorrespondenceClass
from app.mailer.planning.facts import contact_of, customer_of, suppressed_among
from app.mailer.planning.plan_model import Circumstances
from app.mailer.planning.reasons import Reason
from app.mailer.planning.receives import (
    USAGE_REPORT_UNAVAILABLE,
    LetterType,
    Obstacle,
    Receives,
    receives,
)
from app.mailer.planning.rules import explain


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What a contact receives of one customer."""

    customer: Customer
    receives: Receives


def received(
    session: Session, actor: Actor, contact: Contact, *, first: int, count: int, usage_module: bool
) -> list[Received]:
    """Return what a contact receives of its customers in sight, by account number, a page of them."""
    statement = contacts.customers_in_sight(actor, contact).options(joinedload(Customer.status), raiseload("*"))
    customers = session.scalars(statement.offset(first).limit(count)).all()
    person = contact_of(contact, language="")
    letters = [
        LetterType(one.id, one.correspondence_class == CorrespondenceClass.MARKETING)
        for one in contact.copy_correspondence
    ]
    suppressed = suppressed_among(session, [contact.email] if contact.email else [])
    report = contact.invoice_usage_report_id if usage_module else None
    without = customers_without(session, report, customers)
    return [
        Received(
            customer=one,
            receives=receives(
                person,
                customer_of(one, language=""),
                letters=letters,
                circumstances=Circumstances(
                    suppressed=suppressed,
                    unavailable_reports=frozenset({report or 0} if one.id in without else ()),
                    usage_module=usage_module,
                ),
            ),
        )
        for one in customers
    ]


def as_dict(one: Received, *, usage_module: bool) -> dict[str, Any]:
    """Return what REST gives; with the usage module off, nothing of usage reports."""
    what = one.receives
    report = {"invoice_usage_report": what.invoice_usage_report} if usage_module else {}
    return {
        "customer_id": one.customer.id,
        "account_number": one.customer.account_number,
        "name": one.customer.name,
        "email_bill_type": what.email_bill_type.value,
        **report,
        "copy_correspondence": list(what.copy_correspondence),
        "copy_ticket_updates": list(what.copy_ticket_updates),
        "obstacles": [
            {
                "concerns": obstacle.concerns,
                "types": list(obstacle.types),
                "reason": obstacle.reason,
                "detail": obstacle.detail,
            }
            for obstacle in what.obstacles
        ],
    }


def sentences(contact: Contact, obstacles: Sequence[Obstacle]) -> list[Words]:
    """Say what stands in the way: of everything in one sentence, where it is the same for all that is chosen."""
    reasons = {obstacle.reason for obstacle in obstacles}
    whole = reasons & {Reason.NO_ADDRESS.value, Reason.SUPPRESSED.value, Reason.STATUS_FORBIDS.value}
    said = [explained(obstacle) for obstacle in obstacles if obstacle.reason in whole][:1]
    for obstacle in obstacles:
        if obstacle.reason in whole:
            continue
        what: str = CONTACT_LABELS[obstacle.concerns]
        if obstacle.types:
            what = ", ".join(row.name for row in getattr(contact, obstacle.concerns) if row.id in obstacle.types)
        said.append(say("{what}: {why}", what=what, why=explained(obstacle)))
    return said


def explained(obstacle: Obstacle) -> Words:
    """Return the sentence of a reason, with what is known beside it."""
    if obstacle.reason == USAGE_REPORT_UNAVAILABLE:
        return say("The usage report is not available to this customer.")
    why = explain(Reason(obstacle.reason))
    return say("{why} {detail}", why=why, detail=obstacle.detail) if obstacle.detail else say("{why}", why=why)
