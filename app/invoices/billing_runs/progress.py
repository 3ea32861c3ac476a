"""How a billing run's plan sums up, and how far the run is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import partial

from sqlalchemy.orm import Session

from app.invoices.billing_runs.kind import KIND
from app.invoices.billing_runs.models import BillingRun
from app.invoices.billing_runs.rules import RowState
from app.runs import progress as shared

taken = partial(shared.taken, KIND)
states = partial(shared.states, KIND, known=[one.value for one in RowState])
reasons = partial(shared.reasons, KIND)
message_states = partial(shared.message_states, KIND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums(shared.Sums):
    """A billing run's plan summed up: its rows are invoices."""

    @property
    def invoices(self) -> int:
        """Return how many invoices it takes."""
        return self.rows

    @property
    def invoices_by_reason(self) -> Mapping[str, int]:
        """Return in how many invoices' plans each reason stands."""
        return self.rows_by_reason


def sums(session: Session, run: BillingRun) -> Sums:
    """Return a run's plan summed up as it was looked at; of one that waits for its start, what will leave."""
    found = shared.sums(KIND, session, run)
    return Sums(**{one.name: getattr(found, one.name) for one in fields(found)})
