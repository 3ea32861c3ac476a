"""What tickets take from the company that sends: its record, and what the settings say where records are silent."""

from __future__ import annotations

from app.invoices.queries import issuer
from app.invoices.resource import sending_defaults
from app.invoices.source import NO_SENDER

__all__ = ["NO_SENDER", "issuer", "sending_defaults"]
