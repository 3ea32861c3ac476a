"""The named filters of the letters' list."""

from __future__ import annotations

from app.correspondence.fields import LETTER_LABELS
from app.correspondence.models import Correspondence
from app.correspondence.rules import LetterStatus
from app.lookups.queries import filter_rows
from app.lookups.rules import CorrespondenceClass
from app.web.list_filters import ListFilter, LookupFilter, PickerFilter, choice

LETTER_FILTERS: tuple[ListFilter, ...] = (
    choice("status", LETTER_LABELS["status"], Correspondence.status, {one.value: one.words for one in LetterStatus}),
    choice(
        "correspondence_class",
        LETTER_LABELS["correspondence_class"],
        Correspondence.correspondence_class,
        {one.value: one.words for one in CorrespondenceClass},
    ),
    LookupFilter(
        name="correspondence_type",
        label=LETTER_LABELS["correspondence_type"],
        column=Correspondence.correspondence_type_id,
        rows=filter_rows("correspondence_type"),
    ),
    PickerFilter(
        name="customer_id",
        label=LETTER_LABELS["customer_id"],
        source="customer",
        meets=lambda number: Correspondence.customer_id == number,
    ),
)
