"""The named filters of the customers' list."""

from __future__ import annotations

from app.core.bill_format import BillFormat
from app.customers.labels import CUSTOMER_LABELS
from app.customers.models import Customer
from app.lookups.queries import filter_dealers, filter_rows
from app.web.list_filters import ListFilter, LookupFilter, PickerFilter, choice, yes_no

CUSTOMER_FILTERS: tuple[ListFilter, ...] = (
    LookupFilter(
        name="status",
        label=CUSTOMER_LABELS["status"],
        column=Customer.status_id,
        rows=filter_rows("customer_status"),
    ),
    LookupFilter(
        name="dealer_code",
        label=CUSTOMER_LABELS["dealer_code"],
        column=Customer.dealer_code,
        rows=filter_dealers,
        # A dealer's own staff have nobody else's customers to tell theirs from.
        offered=lambda actor: actor.dealer_code is None,
    ),
    choice(
        "email_bill_type",
        CUSTOMER_LABELS["email_bill_type"],
        Customer.email_bill_type,
        {one.value: one.words for one in BillFormat},
    ),
    yes_no("email_billing", CUSTOMER_LABELS["email_billing"], Customer.email_billing),
    PickerFilter(
        name="country",
        label=CUSTOMER_LABELS["country"],
        source="country",
        meets=lambda code: Customer.country == code,
        numbered=False,
    ),
)
