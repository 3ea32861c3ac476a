"""The verb of whoever unsubscribes: consent to marketing ends, and bills, other letters and tickets carry on."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.ask import ensure
from app.access.table import Operation
from app.contacts import consent as contacts
from app.core import audit
from app.core.actor import Actor
from app.core.audit import Touch, Verb
from app.core.errors import NotFound
from app.core.reach import Reach, lessened
from app.core.words import say
from app.customers import consent as customers
from app.lookups.rules import CorrespondenceClass
from app.mailer.bounces.verp import Purpose, message_named
from app.mailer.models import Message
from app.mailer.planning.plan_model import DocumentKind, Road


def marketing_message(session: Session, actor: Actor, *, token: str, secret: str) -> Message:
    """Return the marketing letter's message that a signed token names. Raises Forbidden, NotFound.

    What is no token of ours, a purged message and a mail of another kind are all the same to whoever asks.
    """
    ensure(actor, Operation.READ, "message")
    number = message_named(token, secret=secret, purpose=Purpose.UNSUBSCRIBE)
    found: Message | None = None
    if number is not None:
        found = session.scalar(
            select(Message).where(
                Message.id == number,
                Message.document_kind == DocumentKind.CORRESPONDENCE.value,
                Message.document_class == CorrespondenceClass.MARKETING.value,
                Message.deleted_at.is_(None),
                Message.purged_at.is_(None),
            )
        )
    if found is None:
        raise NotFound(say("There is nothing here. Make sure that the whole link stands in the address."))
    return found


def unsubscribe(session: Session, actor: Actor, *, token: str, secret: str) -> list[Touch]:
    """End the consent to marketing behind a letter's message, and cancel what waits for nothing else.

    It ends for the customer and contacts by whom the message came, whatever address they have by now, and for every
    living contact and customer (by its main address) at the message's address. Return what was touched; once more
    changes nothing. Raises Forbidden, NotFound.
    """
    message = marketing_message(session, actor, token=token, secret=secret)
    address = message.address_normalised
    by_customer = [message.customer_id] if any(one["road"] == Road.CUSTOMER for one in message.reasons) else []
    by_contacts = [one["contact_id"] for one in message.reasons if one["contact_id"]]
    touched = customers.end_consent(session, actor, ids=by_customer, address=address)
    touched += contacts.end_consent(session, actor, ids=by_contacts, address=address)
    if touched:
        for reach in _reaches(touched, address, by_customer=by_customer, by_contacts=by_contacts):
            touched += lessened(session, reach)
        if ("message", message.id) not in {(one.resource, one.record_id) for one in touched}:
            touched.append(Touch("message", message.id, message.label))
        audit.record(session, actor, verb=Verb.MESSAGE_UNSUBSCRIBED, touched=touched)
    return touched


def _reaches(
    touched: Sequence[Touch], address: str, *, by_customer: Collection[int], by_contacts: Collection[int]
) -> list[Reach]:
    """Return whose copies have become fewer: all at the address, and those of who is reached at another by now."""
    customer_ids = [one.record_id for one in touched if one.resource == "customer" and one.record_id in by_customer]
    contact_ids = [one.record_id for one in touched if one.resource == "contact" and one.record_id in by_contacts]
    return [
        Reach(address=address),
        *(Reach(customer_id=one) for one in customer_ids),
        *(Reach(contact_id=one) for one in contact_ids),
    ]
