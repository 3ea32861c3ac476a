"""What a contact's fields accept, what must hold for a contact as a whole, and which links are possible."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.core.bill_format import BillFormat
from app.core.codes import language
from app.core.errors import Conflict, FieldErrors, Invalid, NotFound
from app.core.fields import Choice, Email, Fields, Reference, References, Secret, Text, WebAddress
from app.core.words import say
from app.customers.rules import (
    ADDRESS_FIELDS,
    CONSENT_FIELDS,
    DEALER_CODE,
    NAME_FIELDS,
    NUMBER_FIELDS,
    consent_errors,
    name_errors,
)

CONTACT_DETAILS: Fields = {
    "customer_id": Reference(resource="customer", once=True),
    "contact_type": Reference(resource="contact_type", column="contact_type_id"),
    **NAME_FIELDS,
    **ADDRESS_FIELDS,
    **NUMBER_FIELDS,
    "email": Email(),
    "website": WebAddress(),
    "account_password": Secret(column="account_password_hash"),
    "position": Text(limit=120),
    "dealer_code": DEALER_CODE,
    "language": language(),
}
COMMUNICATION_DETAILS: Fields = {
    "contact_regarding": References(resource="topic"),
    "email_bill_type": Choice(options=BillFormat),
    "invoice_usage_report": Reference(resource="usage_report_profile", column="invoice_usage_report_id"),
    "copy_correspondence": References(resource="correspondence_type"),
    "copy_ticket_updates": References(resource="ticket_type"),
    **CONSENT_FIELDS,
}
CONTACT_FIELDS: Fields = {**CONTACT_DETAILS, **COMMUNICATION_DETAILS}


# What name_key is made of.
NAMING = frozenset({"first_name", "last_name", "company_name"})
# What decides which copies a contact gets, and where: a change of it may take some away.
DECIDE_COPIES = frozenset(
    {"email", "email_bill_type", "copy_correspondence", "copy_ticket_updates", "marketing_consent_at"}
)


def contact_errors(values: Mapping[str, Any], *, now: datetime) -> FieldErrors:
    """Return what keeps a contact from being saved, by field."""
    errors = name_errors(values, say("A contact needs a last name or a company name.")) | consent_errors(
        values, now=now
    )
    if wants_copies(values) and not values.get("email"):
        errors["email"] = [say("Copies are ticked below, so an email address is needed to send them to.")]
    return errors


def name_key(*, first_name: str | None, last_name: str | None, company_name: str | None) -> str | None:
    """Return by what two contacts of one name and company are found equal (SHA-256), or None without a company.

    Case, width and space make no difference. A bare name says too little: there are many Smiths.
    """
    if not company_name:
        return None
    parts = (f"{first_name or ''} {last_name or ''}", company_name)
    folded = (" ".join(unicodedata.normalize("NFKC", part).casefold().split()) for part in parts)
    return hashlib.sha256("\n".join(folded).encode()).hexdigest()


def wants_copies(values: Mapping[str, Any]) -> bool:
    """Tell whether the contact is set to get anything."""
    bill = values.get("email_bill_type") or BillFormat.NONE.value
    return bool(bill != BillFormat.NONE.value or values.get("copy_correspondence") or values.get("copy_ticket_updates"))


def dealer_code_errors(own: str | None, *, before: str | None, after: str | None, is_shared: bool) -> FieldErrors:
    """Return what keeps somebody with the dealer code `own` (None: of no dealer) from giving a contact another code.

    They neither hand it to another dealer nor take it from one. A shared contact needs their code to stay in their
    sight; a direct one is seen by its customer's, and may have none.
    """
    if own is None:
        return {}
    if before not in (None, own):
        return {"dealer_code": [say("This contact has the code of another dealer, which you can't change.")]}
    if after == own or (after is None and not is_shared):
        return {}
    if is_shared:
        return {"dealer_code": [say("You work for the dealer {code}; choose that one.", code=own)]}
    return {"dealer_code": [say("You work for the dealer {code}; choose that one, or none.", code=own)]}


def ensure_linkable(*, is_shared: bool, is_linked: bool) -> None:
    """Raise Invalid (`not_shared`) for a direct contact, Conflict (`already_linked`) for one that is linked."""
    if not is_shared:
        raise Invalid(
            say("This is a direct contact of one customer. Convert it to a shared contact first, then add it here."),
            code="not_shared",
            field="contact_id",
        )
    if is_linked:
        raise Conflict(
            say("This shared contact is linked to the customer already."), code="already_linked", field="contact_id"
        )


def ensure_unlinkable(*, is_linked: bool) -> None:
    """Raise NotFound (`not_linked`) for a contact that isn't linked to the customer."""
    if not is_linked:
        raise NotFound(say("This contact is not linked to the customer."), code="not_linked")


def ensure_convertible(*, is_shared: bool) -> None:
    """Raise Conflict (`already_shared`) for a contact that is shared already."""
    if is_shared:
        raise Conflict(say("This contact is a shared contact already; nothing was changed."), code="already_shared")
