"""How the plan of bulk letters sums up, and how far they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy.orm import Session

from app.correspondence.bulk.kind import KIND
from app.correspondence.bulk.models import BulkLetter
from app.correspondence.bulk.rules import NO_LETTER, RowState
from app.runs import progress as shared

taken = partial(shared.taken, KIND)
states = partial(shared.states, KIND, known=[one.value for one in RowState])
reasons = partial(shared.reasons, KIND)
message_states = partial(shared.message_states, KIND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums(shared.Sums):
    """A plan of bulk letters summed up: its rows are customers, of whom some get no letter, by reason."""

    no_letter: Mapping[str, int] = field(default_factory=dict)

    @property
    def letters(self) -> int:
        """Return how many letters are made."""
        return self.rows - sum(self.no_letter.values())


def sums(session: Session, run: BulkLetter) -> Sums:
    """Return the plan summed up as it was looked at; of letters that wait for their start, what will be made."""
    found = shared.sums(KIND, session, run)
    none = {name.removeprefix(NO_LETTER): n for name, n in found.rows_by_reason.items() if name.startswith(NO_LETTER)}
    roads = {name: number for name, number in found.by_reason.items() if not name.startswith(NO_LETTER)}
    return Sums(
        rows=found.rows,
        unticked=found.unticked,
        copies=found.copies,
        reaching_nobody=found.reaching_nobody,
        by_format=found.by_format,
        by_reason=roads,
        rows_by_reason={name: found.rows_by_reason[name] for name in roads},
        no_letter=none,
    )
