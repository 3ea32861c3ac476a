"""Why somebody gets a document, or why not: the codes, and a sentence for each."""

from enum import StrEnum
from types import MappingProxyType


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

EXPLANATIONS = MappingProxyType(
    {
        Reason.CUSTOMER_EMAIL: "The address is one of the customer's own.",
        Reason.COPY_EMAIL_BILL: "A bill format is chosen under the contact's Copy Email Bill.",
        Reason.COPY_CORRESPONDENCE: "This correspondence type is selected for the contact.",
        Reason.COPY_TICKET_UPDATES: "This ticket type is selected for the contact.",
        Reason.REQUESTER: "The ticket was raised from this address.",
        Reason.TYPED_IN: "The address was typed in when the document was sent.",
        Reason.CUSTOMER_DELETED: "The customer is deleted.",
        Reason.STATUS_FORBIDS: "The customer's status does not allow correspondence.",
        Reason.INTERNAL: "The ticket update is an internal note.",
        Reason.EMAIL_BILLING_OFF: "Email billing is off for the customer.",
        Reason.FORMAT_NONE: "The bill format is none.",
        Reason.BILLS_ONLY: "The customer's further addresses are for bills only.",
        Reason.TYPE_NOT_SELECTED: "This type is not selected for the contact.",
        Reason.NO_MARKETING_CONSENT: "There is no consent to marketing.",
        Reason.AUTHOR: "They wrote the update themselves.",
        Reason.NO_ADDRESS: "There is no email address.",
        Reason.SUPPRESSED: "The address is suppressed.",
        Reason.ALREADY_SENT: "The address has had this document already.",
        Reason.UNTICKED: "The address was unticked when the document was sent.",
    }
)


def explain(reason: str) -> str:
    """Return the sentence for a reason code.

    Raises:
        ValueError: when there is no such code.

    """
    return EXPLANATIONS[Reason(reason)]
