"""The named filters of the messages' list, and the one that the mailer adds to the contacts'."""

from __future__ import annotations

from sqlalchemy import and_, exists, or_, select, union_all
from sqlalchemy.sql import ColumnElement

from app.contacts.models import Contact
from app.core.bill_format import BillFormat
from app.core.words import say
from app.mailer.message_states import MessageState
from app.mailer.models import Message, message_contact
from app.mailer.planning.plan_model import DocumentKind
from app.mailer.suppressions.models import Suppression
from app.web.list_filters import CasesFilter, GivenFilter, ListFilter, PickerFilter, choice

_STATES = {
    MessageState.HELD: say("Held"),
    MessageState.QUEUED: say("Queued"),
    MessageState.SENDING: say("Sending"),
    MessageState.WAITING: say("Waiting"),
    MessageState.UNCERTAIN: say("Uncertain"),
    MessageState.SENT: say("Sent"),
    MessageState.FAILED: say("Failed"),
    MessageState.BOUNCED: say("Bounced"),
    MessageState.CANCELLED: say("Cancelled"),
}
_KINDS = {
    DocumentKind.INVOICE: say("Invoice"),
    DocumentKind.CORRESPONDENCE: say("Correspondence"),
    DocumentKind.TICKET_UPDATE: say("Ticket update"),
}


def _of_contact(number: int) -> ColumnElement[bool]:
    """Return the condition that a message was for a contact, or to its address."""
    named = select(message_contact.c.message_id).where(message_contact.c.contact_id == number)
    address = select(Contact.email_normalised).where(Contact.id == number, Contact.email_normalised.is_not(None))
    here = select(Message.id).where(Message.address_normalised.in_(address))
    return Message.id.in_(union_all(named, here))


MESSAGE_FILTERS: tuple[ListFilter, ...] = (
    choice("state", say("State"), Message.state, {one.value: words for one, words in _STATES.items()}),
    choice("document_kind", say("Document kind"), Message.document_kind, {k.value: w for k, w in _KINDS.items()}),
    PickerFilter(
        name="customer_id",
        label=say("Customer"),
        source="customer",
        meets=lambda number: Message.customer_id == number,
    ),
    GivenFilter(name="cause", label=say("Cause"), column=Message.failure_cause),
    PickerFilter(name="contact_id", label=say("Contact"), source="contact", meets=_of_contact),
)


def not_reached() -> ColumnElement[bool]:
    """Return the condition that a contact wants copies, and has no address or a suppressed one."""
    wants = or_(
        Contact.email_bill_type != BillFormat.NONE.value,
        Contact.copy_correspondence.any(),
        Contact.copy_ticket_updates.any(),
    )
    suppressed = exists().where(
        Suppression.address_normalised == Contact.email_normalised, Suppression.deleted_at.is_(None)
    )
    return and_(wants, or_(Contact.email_normalised.is_(None), suppressed))


NOT_REACHED = CasesFilter(
    name="not_reached",
    label=say("Copies"),
    cases={"yes": (say("Gets copies and has no working address"), not_reached)},
)
