"""The named filters of the contacts' list."""

from __future__ import annotations

from app.contacts import queries
from app.contacts.labels import CONTACT_LABELS
from app.contacts.models import Contact
from app.core.bill_format import BillFormat
from app.core.words import say
from app.lookups.queries import filter_rows
from app.web.list_filters import CasesFilter, ListFilter, LookupFilter, PickerFilter, choice

_KINDS = {
    "direct": (say("Direct"), lambda: Contact.customer_id.is_not(None)),
    "shared": (say("Shared"), lambda: Contact.customer_id.is_(None)),
}

CONTACT_FILTERS: tuple[ListFilter, ...] = (
    CasesFilter(name="kind", label=CONTACT_LABELS["kind"], cases=_KINDS),
    PickerFilter(
        name="customer_id",
        label=CONTACT_LABELS["customer_id"],
        source="customer",
        meets=lambda number: Contact.id.in_(queries.ids_of_customer(number)),
    ),
    LookupFilter(
        name="contact_regarding",
        label=CONTACT_LABELS["contact_regarding"],
        column=Contact.contact_regarding,
        rows=filter_rows("topic"),
    ),
    choice(
        "email_bill_type",
        CONTACT_LABELS["email_bill_type"],
        Contact.email_bill_type,
        {one.value: one.words for one in BillFormat},
    ),
    LookupFilter(
        name="contact_type",
        label=CONTACT_LABELS["contact_type"],
        column=Contact.contact_type_id,
        rows=filter_rows("contact_type"),
    ),
)
