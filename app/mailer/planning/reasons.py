"""Why somebody gets a document, or why not: the codes, and a sentence for each."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from app.core.words import Words, say


class Reason(StrEnum):
    """A reason, as the outbox stores it and REST names it."""

    CUSTOMER_EMAIL = "customer_email"
    COPY_EMAIL_BILL = "copy_email_bill"
    COPY_CORRESPONDENCE = "copy_correspondence"
    COPY_TICKET_UPDATES = "copy_ticket_updates"
    REQUESTER = "requester"
    TYPED_IN = "typed_in"

    CUSTOMER_DELETED = "customer_deleted"
    STATUS_FORBIDS = "status_forbids"
    INTERNAL = "internal"

    EMAIL_BILLING_OFF = "email_billing_off"
    FORMAT_NONE = "format_none"
    BILLS_ONLY = "bills_only"
    TYPE_NOT_SELECTED = "type_not_selected"
    NO_MARKETING_CONSENT = "no_marketing_consent"
    AUTHOR = "author"
    NO_ADDRESS = "no_address"
    SUPPRESSED = "suppressed"
    ALREADY_SENT = "already_sent"
    UNTICKED = "unticked"


class Lost(StrEnum):
    """What else becomes of a reason after the document was sent, where no reason for not getting it says so."""

    CONTACT_DELETED = "contact_deleted"
    UNLINKED = "unlinked"
    ADDRESS_CHANGED = "address_changed"


class Unplanned(StrEnum):
    """Why somebody was in no plan of a document at all."""

    JOINED_LATER = "joined_later"
    ONLY_TYPED_IN = "only_typed_in"
    NOT_RECORDED = "not_recorded"


# The reasons for getting a document; every other one is a reason for not getting it.
FOR_GETTING = frozenset(
    {
        Reason.CUSTOMER_EMAIL,
        Reason.COPY_EMAIL_BILL,
        Reason.COPY_CORRESPONDENCE,
        Reason.COPY_TICKET_UPDATES,
        Reason.REQUESTER,
        Reason.TYPED_IN,
    }
)

EXPLANATIONS: Mapping[StrEnum, Words] = MappingProxyType(
    {
        Reason.CUSTOMER_EMAIL: say("The address is one of the customer's own."),
        Reason.COPY_EMAIL_BILL: say("A bill format is chosen under the contact's Copy Email Bill."),
        Reason.COPY_CORRESPONDENCE: say("This correspondence type is selected for the contact."),
        Reason.COPY_TICKET_UPDATES: say("This ticket type is selected for the contact."),
        Reason.REQUESTER: say("The ticket was raised from this address."),
        Reason.TYPED_IN: say("Staff typed the address in."),
        Reason.CUSTOMER_DELETED: say("The customer is deleted."),
        Reason.STATUS_FORBIDS: say("The customer's status does not allow correspondence."),
        Reason.INTERNAL: say("The ticket update is an internal note."),
        Reason.EMAIL_BILLING_OFF: say("Email billing is off for the customer."),
        Reason.FORMAT_NONE: say("The bill format is none."),
        Reason.BILLS_ONLY: say("The customer's further addresses are for bills only."),
        Reason.TYPE_NOT_SELECTED: say("This type is not selected for the contact."),
        Reason.NO_MARKETING_CONSENT: say("There is no consent to marketing."),
        Reason.AUTHOR: say("They wrote the update themselves."),
        Reason.NO_ADDRESS: say("There is no email address."),
        Reason.SUPPRESSED: say("The address is suppressed."),
        Reason.ALREADY_SENT: say("The address has had this document already."),
        Reason.UNTICKED: say("Staff unticked the address."),
        Lost.CONTACT_DELETED: say("The contact is deleted."),
        Lost.UNLINKED: say("The contact is no longer linked to this customer."),
        Lost.ADDRESS_CHANGED: say("The address has changed."),
        Unplanned.JOINED_LATER: say("They were no contact of this customer yet when it was sent."),
        Unplanned.ONLY_TYPED_IN: say("It was sent to addresses that were typed in, and to nobody else."),
        Unplanned.NOT_RECORDED: say("No reason was recorded when it was sent."),
    }
)

_BY_CODE = {str(reason): words for reason, words in EXPLANATIONS.items()}


def explain(reason: str) -> Words:
    """Return the sentence for a reason code.

    Raises:
        ValueError: when there is no such code.

    """
    if reason not in _BY_CODE:
        raise ValueError(f"there is no reason {reason}")
    return _BY_CODE[reason]
