"""What is left of a billing run that is purged: that there was one, when, and how many invoices it took."""

from __future__ import annotations

from app.invoices.billing_runs.kind import KIND
from app.runs.purging import register_runs


def register() -> None:
    """Put it in place."""
    register_runs(KIND)
