"""What a customer's fields accept, and what must hold for a customer as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.core.bill_format import BillFormat
from app.core.codes import country, currency, language
from app.core.errors import FieldErrors
from app.core.fields import (
    Choice,
    Code,
    EmailList,
    Field,
    Fields,
    Flag,
    Moment,
    Reference,
    Text,
    WebAddress,
)
from app.core.phones import Phone, read_phone
from app.core.words import say

# The fields of section 2 that customers and contacts share, in the order of the page.
NAME_FIELDS: Fields = {
    "title": Reference(resource="title", column="title_id"),
    "first_name": Text(limit=80),
    "last_name": Text(limit=80),
    "company_name": Text(limit=160),
}
ADDRESS_FIELDS: Fields = {
    **{f"address_line_{line}": Text(limit=120) for line in range(1, 6)},
    "postcode": Text(limit=20),
    "country": country(),
}
PHONES = tuple(f"number_{number}" for number in range(1, 5))
NUMBER_FIELDS: Fields = {
    name: field
    for number in range(1, 5)
    for name, field in (
        (f"number_{number}", Text(limit=40)),
        (f"number_{number}_type", Reference(resource="number_type", column=f"number_{number}_type_id")),
    )
}
DEALER_CODE: Field = Code(source="dealer")
CONSENT_FIELDS: Fields = {
    "marketing_consent_at": Moment(),
    "marketing_consent_source": Text(limit=200),
}

CUSTOMER_FIELDS: Fields = {
    "account_number": Text(limit=40, required=True, once=True),
    "crm_reference": Text(limit=80),
    **NAME_FIELDS,
    **ADDRESS_FIELDS,
    **NUMBER_FIELDS,
    "email": EmailList(),
    "website": WebAddress(),
    "status": Reference(resource="customer_status", column="status_id"),
    "email_billing": Flag(),
    "email_bill_type": Choice(options=BillFormat),
    "invoice_usage_report": Reference(resource="usage_report_profile", column="invoice_usage_report_id"),
    "dealer_code": DEALER_CODE,
    "currency": currency(),
    "language": language(),
    **CONSENT_FIELDS,
}


# What decides which copies a customer gets, and where: a change of it may take some away.
DECIDE_COPIES = frozenset({"email", "email_billing", "email_bill_type", "status", "marketing_consent_at"})


def customer_errors(values: Mapping[str, Any], *, now: datetime) -> FieldErrors:
    """Return what keeps a customer from being saved, by field."""
    return name_errors(values, say("A customer needs a last name or a company name.")) | consent_errors(values, now=now)


def name_errors(values: Mapping[str, Any], text: str) -> FieldErrors:
    """Say `text` at both fields when there is neither a last name nor a company name."""
    if values.get("last_name") or values.get("company_name"):
        return {}
    return {"last_name": [text], "company_name": [text]}


def consent_errors(values: Mapping[str, Any], *, now: datetime) -> FieldErrors:
    """Return what is wrong with marketing consent: it has a source, and was given before `now`."""
    given, source = values.get("marketing_consent_at"), values.get("marketing_consent_source")
    if given is not None and not source:
        return {"marketing_consent_source": [say("Say where the consent came from, such as a form or a call.")]}
    if given is not None and given > now:
        return {"marketing_consent_at": [say("Consent can't be given in the future.")]}
    return {}


def settled_consent(
    given: Mapping[str, object], *, before: tuple[datetime | None, str | None], now: datetime
) -> dict[str, object]:
    """Return what is given with its marketing consent as a pair; `before` is what the record holds.

    A source without a time is consent given `now`; taking away either of the two withdraws it. What can't be read is
    left for the fields to refuse.
    """
    settled = dict(given)
    try:
        pair = {name: CONSENT_FIELDS[name].clean(given[name]) for name in CONSENT_FIELDS if name in given}
    except ValueError:
        return settled
    at, source = (pair.get(name, old) for name, old in zip(CONSENT_FIELDS, before, strict=True))
    if not pair or (at is None) == (source is None):
        return settled
    was_given = None not in before
    if at is None:
        withdrawn = was_given and source == before[1]
        settled |= {"marketing_consent_source": None} if withdrawn else {"marketing_consent_at": now}
    elif was_given and at == before[0]:
        settled["marketing_consent_at"] = None
    return settled


def phone_of(record: Any, name: str, *, default_country: str) -> Phone | None:  # noqa: ANN401  any party
    """Return a number of a customer or contact as their country writes it."""
    number = getattr(record, name)
    return read_phone(number, country=record.country or default_country) if number else None


def number_warnings(record: Any, *, default_country: str) -> FieldErrors:  # noqa: ANN401  any party
    """Return what speaks against the phone numbers of a customer or contact, by field; nothing refuses them."""
    phones = {name: phone_of(record, name, default_country=default_country) for name in PHONES}
    return {name: [phone.warning] for name, phone in phones.items() if phone and phone.warning}
