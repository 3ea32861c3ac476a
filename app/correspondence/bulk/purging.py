"""What is left of bulk letters that are purged: that there were some, when, of which class, and to how many."""

from __future__ import annotations

from app.correspondence.bulk.kind import KIND
from app.runs.purging import register_runs

KEPT = ("correspondence_type_id", "correspondence_class", "send", "link_invoices")


def register() -> None:
    """Put it in place."""
    register_runs(KIND, keep=KEPT, instead={"subject": "", "body": ""})
