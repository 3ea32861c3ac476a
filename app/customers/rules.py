"""What a customer's fields accept, and what must hold for a customer as a whole."""

from __future__ import annotations

from collections.abc import Mapping
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
    Reference,
    Text,
    WebAddress,
)

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
NUMBER_FIELDS: Fields = {
    name: field
    for number in range(1, 5)
    for name, field in (
        (f"number_{number}", Text(limit=40)),
        (f"number_{number}_type", Reference(resource="number_type", column=f"number_{number}_type_id")),
    )
}
DEALER_CODE: Field = Code(source="dealer")

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
}


def customer_errors(values: Mapping[str, Any]) -> FieldErrors:
    """Return what keeps a customer from being saved, by field."""
    return name_errors(values, "A customer")


def name_errors(values: Mapping[str, Any], who: str) -> FieldErrors:
    """Say at both fields that a name is needed, when there is neither a last name nor a company name."""
    if values.get("last_name") or values.get("company_name"):
        return {}
    text = f"{who} needs a last name or a company name."
    return {"last_name": [text], "company_name": [text]}
